"""Views as clients get them."""

from typing import Any

from chalicelib.http import Schema
from chalicelib.imports.fields import RecordType


class RowView(Schema):
    """A record as a view shows it."""

    id: str
    values: dict[str, Any]


class RowsView(Schema):
    """A page of what a view shows."""

    record_type: RecordType
    columns: list[str]
    items: list[RowView]
    next_cursor: str | None = None
