"""What a saved view says: records of one type, found by a segment or by one of the indexed searches (decision 45)."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.definitions import service as definitions
from chalicelib.errors import Invalid, NotFound, Problem, Unprocessable
from chalicelib.http import Schema
from chalicelib.segments import service as segments
from chalicelib.views.columns import known

Id = Annotated[str, Field(min_length=1, max_length=64)]
MOST_COLUMNS = 60

SEARCHES: Mapping[RecordType, Sequence[str]] = {
    RecordType.CONTACT: ("segment_id", "name_prefix", "owner_id", "account_id"),
    RecordType.ACCOUNT: ("name_prefix", "owner_id"),
    RecordType.LEAD: ("owner_id", "stage", "account_id"),
}
"""By what each type can be found: the indexes of its list, and for contacts every segment.

Not by a contact: a view lasts longer than the person may want to be known here.
"""


class Where(Schema):
    """Which records: those of a segment, or of one indexed search; with none of these all, the newest first."""

    segment_id: Id | None = None
    name_prefix: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    owner_id: Id | None = None
    account_id: Id | None = None
    stage: Id | None = None

    @property
    def given(self) -> dict[str, str]:
        return {name: value for name, value in self.model_dump().items() if value is not None}


class ViewDocument(Schema):
    """A view: which records, and which of their columns in which order."""

    description: Annotated[str, Field(max_length=2000)] = ""
    record_type: RecordType = RecordType.CONTACT
    where: Where = Field(default_factory=Where)
    columns: Annotated[list[str], Field(max_length=MOST_COLUMNS)] = Field(default_factory=list)


def require(view: ViewDocument) -> None:
    """Refuse what no index answers. Raises Invalid naming what there is, Unprocessable for no such segment."""
    by = SEARCHES[view.record_type]
    if wrong := [name for name in view.where.given if name not in by]:
        problems = [Problem(f"where.{name}", "This is no search of these records.") for name in wrong]
        raise Invalid(f"A view of {view.record_type}s is by one of: {', '.join(by)}.", problems)
    if len(view.where.given) > 1:
        raise Invalid("A view is by one search; a segment can combine several.", [Problem("where", "Name one.")])
    columns = known(view.record_type, custom_fields.in_use(view.record_type))
    if strange := [name for name in view.columns if name not in columns]:
        raise Invalid(
            f"There are these columns: {', '.join(columns)}.",
            [Problem("columns", f"There is no column {name[:60]!r}.") for name in strange],
        )
    if len(set(view.columns)) < len(view.columns):
        raise Invalid("A view shows a column once.", [Problem("columns", "A column is named twice.")])
    if view.where.segment_id is not None:
        _require_segment(view.where.segment_id)


def _require_segment(segment_id: str) -> None:
    try:
        definitions.get(segments.KIND, segment_id)
    except NotFound as error:
        raise Unprocessable(str(error), [Problem("where.segment_id", "This segment does not exist.")]) from error
