"""What the imports table holds of a person: which row became which record. Files are looked through in the bucket."""

from chalicelib.holdings import Held, Holding, Nobody, Person
from chalicelib.imports.models import Import, ImportsItem, Page, RowResult, Walk


def _whose(person: Person, row: RowResult) -> bool:
    return row.record_id is not None and row.record_id in person.contacts | person.leads


HOLDING = Holding(
    ImportsItem,
    (
        Held(RowResult, _whose),
        Nobody(Import, "What becomes of a file's columns, which options came of it; where people agreed."),
        Nobody(Page, "Where pages begin; words that are to become options of a field, fifty at most."),
        Nobody(Walk, "Sums, and which rows failed for what."),
    ),
)
