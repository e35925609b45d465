"""Views, and actions on what they show, as clients send and get them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from chalicelib.contacts.custom.definition import RecordType
from chalicelib.http import Schema
from chalicelib.views.actions import MOST_CHOSEN, Order, Result
from chalicelib.views.document import Id


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


class ChosenContact(Schema):
    """A contact that somebody chose; with a version it is left alone where it has changed since."""

    id: Id
    version: Annotated[int, Field(ge=1, lt=10**18)] | None = None


def _once(chosen: list[ChosenContact]) -> list[ChosenContact]:
    if len({each.id for each in chosen}) < len(chosen):
        raise ValueError("A contact is chosen once.")
    return chosen


class ActionOnContacts(Order):
    """What to do with some contacts."""

    contacts: Annotated[list[ChosenContact], Field(min_length=1, max_length=MOST_CHOSEN), AfterValidator(_once)]


class OutcomeView(Schema):
    """What became of a contact: done, unchanged since it was so already, or refused, and then why."""

    contact_id: str
    result: Result
    why: str | None = None


class Outcomes(Schema):
    """What became of each contact, in the order in which they were named, and how many there are of each."""

    items: list[OutcomeView]
    done: int
    unchanged: int
    refused: int


class RunView(Schema):
    """An action on all members of a segment, by a job: how far it is, and what it came to so far.

    `refused_because` counts why contacts were refused.
    """

    id: str
    segment_id: str
    order: dict[str, Any]
    state: str
    reason: str | None = None
    seen: int
    slices_finished: int
    done: int
    unchanged: int
    refused: int
    refused_because: dict[str, int]
    created_at: datetime
    created_by: str
    expires_at: datetime


class ExportedFile(Schema):
    """A file that can be fetched at its address for some minutes; ask for the export again to get another address."""

    url: str
    rows: int
    bytes: int


class RecordsExport(Schema):
    """Records as files, made by a job: how far it is (`seen` of them so far), and once it is done, the files.

    Without a record type it is the log of consent.
    """

    id: str
    name: str
    record_type: RecordType | None
    format: str
    state: str
    reason: str | None = None
    seen: int
    slices_finished: int
    rows: int | None = None
    files: list[ExportedFile]
    created_at: datetime
    created_by: str
    expires_at: datetime
