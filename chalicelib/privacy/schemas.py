"""Requests of people as officers send and get them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from chalicelib.contacts.schemas import ContactFields
from chalicelib.http import ListQuery, Schema
from chalicelib.privacy.kinds import Progress, Type

Id = Annotated[str, Field(min_length=1, max_length=64)]
Contacts = Annotated[list[Id], Field(max_length=5)]


class NewRequest(Schema):
    """What somebody demands. The identifier is an address, a number with its country code, or a contact's id."""

    type: Type
    identifier: Annotated[str, Field(min_length=3, max_length=320, examples=["anna@nygaard.example"])]
    name: Annotated[str, Field(max_length=200)] | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None
    owner_id: Id | None = None
    received_at: AwareDatetime | None = None
    deadline: AwareDatetime | None = None
    contact_ids: Contacts | None = None


class RequestChange(Schema):
    """What to change of a request that is not being carried out yet."""

    name: Annotated[str, Field(max_length=200)] | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None
    owner_id: Id | None = None
    deadline: AwareDatetime | None = None
    contact_ids: Contacts | None = None

    def given(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True, exclude={"contact_ids"})
        kept = {"owner_id", "deadline"}
        return {name: value for name, value in given.items() if value is not None or name not in kept}


class CarryOut(Schema):
    """Values that are put right, where that is what was demanded."""

    values: ContactFields | None = None

    def given(self) -> dict[str, Any]:
        return self.values.given() if self.values is not None else {}


class Shipping(Schema):
    """For whom the pages by which people make demands go live: whose the tasks are, and who writes to people."""

    owner_id: Id
    from_name: Annotated[str, Field(min_length=1, max_length=200)]
    from_address: Annotated[str, Field(min_length=3, max_length=320)]
    content_settings_id: Id


class ShippedView(Schema):
    """What is live for that: each is edited where its kind is."""

    kind: str
    id: str
    name: str
    state: str


class ShippedList(Schema):
    items: list[ShippedView]


class RequestsQuery(ListQuery):
    """Which requests: those that are not completed, the most urgent first, or all, the newest first."""

    open: bool = False


class PersonView(Schema):
    """Somebody who is known by the identifier."""

    contact_id: str
    identities: list[str]
    leads: list[str]
    parted: list[str]
    alike: list[str]


class FileView(Schema):
    """A file of an export, and where it can be fetched for a quarter of an hour."""

    name: str
    url: str
    bytes: int


class ReceiptView(Schema):
    """What shows that somebody was erased, without saying who."""

    started_at: datetime
    started_by: str | None
    erased_at: datetime
    runs: int
    looked_through: list[str]
    tombstones: list[str]
    kept: dict[str, str]


class RecipientView(Schema):
    """Somebody who had the person's data: for whom a file of `what` was made; LinkedIn, where it came by that."""

    what: str
    who: str
    given_at: datetime | None
    export_id: str | None


class RequestView(Schema):
    """What somebody demands, how far that is, and what came of it."""

    id: str
    type: Type
    progress: Progress
    identifier: str | None
    name: str | None
    note: str | None
    owner_id: str
    received_at: datetime
    deadline: datetime
    contact_ids: list[str] | None
    created_at: datetime
    created_by: str
    started_at: datetime | None
    started_by: str | None
    completed_at: datetime | None
    run: int | None = None
    rows: int | None = None
    people: list[PersonView] = Field(default_factory=list)
    files: list[FileView] = Field(default_factory=list)
    receipt: ReceiptView | None = None
    recipients: Annotated[
        list[RecipientView],
        Field(description="Who had the data and has to be told; of one request only, not in lists."),
    ] = Field(default_factory=list)
    version: int
