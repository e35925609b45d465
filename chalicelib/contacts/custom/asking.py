"""Which custom fields conditions ask about; apart from naming.py, which writers of records load without conditions."""

from collections.abc import Iterable

from chalicelib.conditions.dependencies import clauses
from chalicelib.conditions.schemas import AttributeClause, Condition
from chalicelib.contacts.custom.naming import asked
from chalicelib.definitions.lifecycle import Reference


def named_by(conditions: Iterable[Condition]) -> list[Reference]:
    """Return the custom fields that conditions ask about, each once."""
    found = [clause for condition in conditions for clause in clauses(condition)]
    return asked(clause.field for clause in found if isinstance(clause, AttributeClause))
