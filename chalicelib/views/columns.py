"""What a view may show of each type of record, as a cell or as JSON; pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.clock import as_text
from chalicelib.consent.rules import Preferences
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.schemas import AccountView, ContactView
from chalicelib.csvs import Cell
from chalicelib.leads.schemas import LeadView

OF_CONSENT = ("bulk_email", "email_allowed", "tracking", "consent_level", "is_child")
"""What a contact allows: whoever writes to people outside of here must be able to leave out who does not want it."""
APART = {"identities", "process_id", "process_version", "custom", "lacking"}
"""Fields of records that are not one value, or are found elsewhere; custom fields are columns of their own."""

COLUMNS: Mapping[RecordType, Sequence[str]] = {
    RecordType.CONTACT: [*(name for name in ContactView.model_fields if name not in APART), *OF_CONSENT],
    RecordType.ACCOUNT: [name for name in AccountView.model_fields if name not in APART],
    RecordType.LEAD: [name for name in LeadView.model_fields if name not in APART],
}

SHOWN: Mapping[RecordType, Sequence[str]] = {
    RecordType.CONTACT: ("id", "first_name", "last_name", "email", "phone", "company_name", "job_title", "created_at"),
    RecordType.ACCOUNT: ("id", "name", "website", "city", "country", "industry", "created_at"),
    RecordType.LEAD: ("id", "topic", "first_name", "last_name", "company_name", "stage", "state", "created_at"),
}
"""What is shown where a view does not say which columns."""


def known(record_type: RecordType, own: Iterable[str]) -> list[str]:
    """Return every column there is; `own` are the custom fields of the record type."""
    return [*COLUMNS[record_type], *sorted(own)]


def values(record: Any, columns: Sequence[str], allowed: Preferences | None) -> dict[str, Any]:
    """Return the columns of a record; what it allows is needed where a column asks for it."""
    return {name: _value(record, name, allowed) for name in columns}


def _value(record: Any, name: str, allowed: Preferences | None) -> Any:
    if name == "id":
        return record.pk.partition("#")[2]
    if name in OF_CONSENT and allowed is not None:
        return getattr(allowed, "email" if name == "email_allowed" else name)
    return getattr(record, name)


def cell(value: Any) -> Cell:
    """Return a value as a file has it: instants as text, yes and no as words, numbers as numbers."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return as_text(value)
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return value if value is None or isinstance(value, int | Decimal) else str(value)
