"""Connections to LinkedIn, matching and submissions as clients send and get them; secrets go in and never come out."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, SecretStr, field_validator, model_validator

from chalicelib.capture.linkedin.reading import LeadType
from chalicelib.capture.linkedin.windows import LONGEST_KEPT
from chalicelib.capture.schemas import ProblemView
from chalicelib.http import ListQuery, Schema

Id = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


def _sendable(given: SecretStr) -> SecretStr:
    """Refuse what no header can carry: it would fail each time that LinkedIn is asked."""
    text = given.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("It has white space or letters that none has. Copy it again, whole and in one line.")
    return given


Secret = Annotated[SecretStr, Field(min_length=1, max_length=4000)]
Token = Annotated[Secret, AfterValidator(_sendable)]
Version = Annotated[str, Field(pattern=r"^20[0-9]{2}(0[1-9]|1[0-2])$", description="LinkedIn-Version, such as 202610.")]
FieldName = Annotated[str, Field(min_length=1, max_length=50)]
Asked = Annotated[str, Field(min_length=1, max_length=100)]
Whole = Annotated[int, Field(ge=1, le=10**15)]

NEWEST = "202610"
"""The version that fresh connections ask in; each can be told another."""


class SourceGiven(Schema):
    """Whose leads of which type are taken, and how many days back at first."""

    owner: Annotated[
        str,
        Field(
            pattern=r"^urn:li:(sponsoredAccount|organization):[0-9]{1,20}$",
            examples=["urn:li:sponsoredAccount:511223344"],
        ),
    ]
    lead_type: LeadType = LeadType.SPONSORED
    back_pull_days: Annotated[int, Field(ge=0, le=LONGEST_KEPT)] = 90

    @model_validator(mode="after")
    def _of_its_owner(self) -> Self:
        account = self.owner.startswith("urn:li:sponsoredAccount:")
        if account != (self.lead_type is LeadType.SPONSORED):
            raise ValueError("Sponsored leads belong to a sponsored account, all others to an organization.")
        return self


Sources = Annotated[list[SourceGiven], Field(max_length=40)]


def _once(given: list[SourceGiven]) -> list[SourceGiven]:
    if len({(each.owner, each.lead_type) for each in given}) != len(given):
        raise ValueError("The same leads are named twice.")
    return given


class NewConnection(Schema):
    """A connection; who owns it owns what comes through it (yourself, if nobody is named)."""

    name: Name
    owner_id: Id | None = None
    linkedin_version: Version = NEWEST
    sources: Sources = Field(default_factory=list)

    _unique = field_validator("sources")(_once)


class ConnectionChange(Schema):
    """What to change; `sources` are all that are to be taken."""

    name: Name | None = None
    owner_id: Id | None = None
    linkedin_version: Version | None = None
    sources: Sources | None = None

    @field_validator("sources")
    @classmethod
    def _unique(cls, given: list[SourceGiven] | None) -> list[SourceGiven] | None:
        return None if given is None else _once(given)


class Authorisation(Schema):
    """What LinkedIn's developer portal gives: the application's id and secret, and a member's tokens."""

    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    client_secret: Secret
    access_token: Token
    refresh_token: Token | None = None
    access_expires_at: AwareDatetime | None = None
    refresh_expires_at: AwareDatetime | None = None


class EntryGiven(Schema):
    """One of predefined (LinkedIn's name, such as EMAIL), question_id, hidden; and where its answer goes."""

    predefined: Asked | None = None
    question_id: Whole | None = None
    hidden: Asked | None = None
    contact_field: FieldName | None = None
    lead_field: FieldName | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(each is not None for each in (self.predefined, self.question_id, self.hidden)) != 1:
            raise ValueError("Name one of predefined, question_id and hidden.")
        return self


class TickedGiven(Schema):
    """What ticking a box allows: a preference, a consent level, or both; of one form or of all."""

    consent_id: Whole
    form_id: Whole | None = None
    preference: Literal["bulk_email", "email", "tracking", "prefill"] | None = None
    level: Annotated[int, Field(ge=1, le=5)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.preference is None and self.level is None:
            raise ValueError("Say what ticking it allows: a preference, a level.")
        return self


class Mapping(Schema):
    """How answers become fields and ticked boxes consent."""

    entries: Annotated[list[EntryGiven], Field(max_length=200)]
    consents: Annotated[list[TickedGiven], Field(max_length=50)] = Field(default_factory=list)


class SourceView(Schema):
    """Whose leads are taken, and how that goes."""

    owner: str
    lead_type: str
    back_pull_days: int
    subscribed: bool
    pulled_until: datetime | None
    last_pull_at: datetime | None
    next_pull_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None


class CountsView(Schema):
    """What came of the leads so far."""

    created: int
    matched: int
    failed: int
    test: int
    withdrawn: int


class ConnectionView(Schema):
    """A connection."""

    id: str
    name: str
    owner_id: str
    state: Literal["not_authorised", "connected", "needs_reauthorisation"]
    linkedin_version: str
    webhook: str
    authorised_at: datetime | None
    refused: str | None
    refused_at: datetime | None
    created_at: datetime
    mapping: Mapping
    version: int


class StatusView(ConnectionView):
    """A connection, and all there is to see of how it goes."""

    client_id: str | None
    refresh_expires_at: datetime | None
    sources: list[SourceView]
    counts: CountsView
    warnings: list[str]


class Connections(Schema):
    items: list[ConnectionView]


class NewStrategy(Schema):
    """How leads from LinkedIn are matched: all of the fields must match."""

    name: Name
    lead_fields: Annotated[list[FieldName], Field(min_length=1, max_length=7)] = Field(
        default_factory=lambda: ["email"]
    )
    always_create_lead: bool = False
    enable_contact_creation: bool = True


class StrategyView(Schema):
    """A matching strategy of LinkedIn; one is active."""

    id: str
    name: str
    active: bool
    lead_fields: list[str]
    always_create_lead: bool
    enable_contact_creation: bool


class Strategies(Schema):
    items: list[StrategyView]


class ResponseView(Schema):
    """A LinkedIn form submission: its raw answers, and what it resolved to."""

    id: str
    connection_id: str
    response_id: str
    owner: str
    lead_type: str
    form_urn: str | None
    state: Literal["success", "failure", "withdrawn"]
    submitted_at: datetime
    received_at: datetime
    withdrawn_at: datetime | None
    answers: dict[str, Any] | None
    contact_id: str | None
    lead_id: str | None
    contact_result: str | None
    lead_result: str | None
    failure: str | None
    problems: list[ProblemView]
    version: int


class Responses(Schema):
    items: list[ResponseView]


class ResponsesQuery(ListQuery):
    """The LinkedIn submissions of a connection, or those that failed; newest first."""

    connection_id: Id | None = None
    state: Literal["failure"] | None = None


class TestLeadView(Schema):
    """A test lead."""

    response_id: str
    submitted_at: datetime
    answers: dict[str, Any]


class AsideView(Schema):
    """A delivery that LinkedIn signed and nobody understands."""

    id: str
    received_at: datetime
    reason: str
    body: str
    bytes: int


class Challenge(Schema):
    """LinkedIn asks whether this address is ours."""

    challengeCode: Annotated[str, Field(max_length=200)] = ""  # noqa: N815  LinkedIn's name
