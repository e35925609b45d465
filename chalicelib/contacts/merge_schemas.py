"""Merges as clients ask for them and get them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.contacts.schemas import Id, Memo
from chalicelib.http import Schema

Choice = Literal["this", "other"]


class MergePreviewRequest(Schema):
    """Which record would be merged into this one, and for which fields its value would count.

    A field that is not named keeps this record's value, or gets the other's where this one has none.
    """

    other_id: Id
    choices: Annotated[dict[str, Choice], Field(max_length=150)] = Field(default_factory=dict)


class MergeRequest(MergePreviewRequest):
    """A merge; send the If-Match of the record that stays."""

    why: Annotated[str, Field(min_length=1, max_length=200)]


class FieldView(Schema):
    """A field of both records, and what the one that stays would have."""

    name: str
    this: Any
    other: Any
    after: Any


class MergePreviewView(Schema):
    """What a merge would change; `consequences` has a word of each part of Itinera that it concerns."""

    fields: list[FieldView]
    identities: list[str]
    consequences: dict[str, Any]


class MergeView(Schema):
    """A merge: who did it, when and why, what the record took from the other and what it had before."""

    id: str
    into_id: str
    other_id: str
    at: datetime
    by: str
    why: Memo
    taken: dict[str, Any]
    before: dict[str, Any]
    undone_at: datetime | None = None
    undone_by: str | None = None


class Merges(Schema):
    items: list[MergeView]


class SuggestionView(Schema):
    """Another record that may be the same: by a matching strategy (it names which), or because they are alike.

    `score` says of a hundred how sure that is, `reasons` why.
    """

    score: int
    reasons: list[str]
    strategy_id: str | None = None
    found_at: datetime | None = None


class DuplicateView(SuggestionView):
    """Another contact that may be the same person."""

    contact_id: str


class Duplicates(Schema):
    items: list[DuplicateView]


class AccountDuplicateView(SuggestionView):
    """Another account that may be the same company; no matching strategy is about accounts."""

    account_id: str


class AccountDuplicates(Schema):
    items: list[AccountDuplicateView]
