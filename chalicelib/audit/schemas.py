"""Changes as administrators get to see them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.http import ListQuery, Schema


class AuditQuery(ListQuery):
    """Whose changes, or those of which record (such as contact#<id>); all, the newest first, where nothing is said."""

    record: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    who: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class AuditedView(Schema):
    """A change of a record: who made it, when, by which request, from where. Of people no value is told."""

    id: str
    record: str
    who: str
    at: datetime
    action: str
    fields: list[str]
    values: dict[str, list[Any]] | None = None
    route: str
    address: str | None = None
    agent: str | None = None
