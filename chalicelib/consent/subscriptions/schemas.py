"""Subscription lists and memberships as clients send and get them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.http import ListQuery, Schema

Id = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Words = Annotated[str, Field(max_length=500)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Translation(Schema):
    """What people who speak a language see of a list."""

    public_name: Name
    public_description: Words = ""


class ListFields(Schema):
    """What can be said of a list: names for those who work with it, and names that people see (SBL-1)."""

    description: Annotated[str, Field(max_length=2000)] | None = None
    owner_id: Id | None = None
    public_description: Words | None = None
    translations: Annotated[dict[Language, Translation], Field(max_length=40)] | None = None

    @property
    def values(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class NewList(ListFields):
    """A list to make; people see its name where it has no public one. Its maker owns what names no owner."""

    name: Name
    public_name: Name | None = None

    @property
    def values(self) -> dict[str, Any]:
        return {**super().values, "public_name": self.public_name or self.name}


class ListChange(ListFields):
    """What to change of a list."""

    name: Name = Field(default="")
    public_name: Name = Field(default="")


class ListView(ListFields):
    """A subscription list."""

    id: str
    name: str
    public_name: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    stopped_at: datetime | None = None
    version: int


class ListsQuery(ListQuery):
    """Lists by name."""

    name_prefix: Annotated[str, Field(max_length=100)] = ""


class MembersQuery(ListQuery):
    """Who is on a list, latest first."""


class MemberView(Schema):
    """A contact that is on a list, and since when."""

    contact_id: str
    since: datetime


class Joining(Schema):
    """How the person asked for it."""

    reason: Annotated[str, Field(max_length=500)] | None = None


class SeveralJoining(Joining):
    """Contacts to put on a list, and how they asked for it."""

    contact_ids: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(min_length=1, max_length=50)]


class SubscriptionView(Schema):
    """Where a contact stands with a list, and since when."""

    list_id: str
    name: str
    subscribed: bool
    since: datetime | None = None


class Subscriptions(Schema):
    items: list[SubscriptionView]
