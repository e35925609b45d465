"""Compliance profiles, and what contact points allow, as clients send and get them."""

import json
from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated, Any, Literal, Self

from msgspec import convert, to_builtins
from pydantic import AfterValidator, Field, field_validator, model_validator

from chalicelib.consent.points import profile
from chalicelib.consent.points.names import Choice, OwnId
from chalicelib.consent.points.opt_in import DoubleOptIn
from chalicelib.consent.points.profile import Purpose
from chalicelib.consent.points.quiet import EVERY_DAY, Quiet
from chalicelib.consent.points.rules import State
from chalicelib.http import ListQuery, Schema, TimeZone

Id = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Text = Annotated[str, Field(max_length=500)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
HttpsUrl = Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s]+$")]
Model = Literal["restrictive", "non-restrictive", "disabled"]
Weekday = Annotated[int, Field(ge=1, le=7, description="1 is Monday, 7 is Sunday.")]
Choices = dict[Choice, Literal["opted-in", "opted-out"] | None]


def _by_the_clock(given: time) -> time:
    if given.tzinfo is not None:
        raise ValueError("Write the time of day alone, such as 20:00.")
    return given


NaiveTime = Annotated[time, AfterValidator(_by_the_clock)]

LARGEST = 60_000  # letters of all purposes together: a message reads them each time


class WordsFields(Schema):
    """What people see who speak a language."""

    name: Name
    description: Text = ""


class TopicFields(WordsFields):
    """A topic; one that is not active is offered to nobody, and what was said of it goes on to count."""

    id: OwnId
    translations: Annotated[dict[Language, WordsFields], Field(max_length=20)] = Field(default_factory=dict)
    active: bool = True


class PurposeFields(TopicFields):
    """A purpose and its topics (RCN-2). Left open, it is enforced as RCN-4 has it.

    `legal_designation` is what messages for a purpose of your own are by law.
    """

    email: Model | None = None
    telephone: Model | None = None
    legal_designation: Literal["commercial", "transactional"] | None = None
    topics: Annotated[list[TopicFields], Field(max_length=20)] = Field(default_factory=list)

    @field_validator("topics")
    @classmethod
    def _once(cls, given: list[TopicFields]) -> list[TopicFields]:
        return _each_once(given)


def _each_once(given: list[Any]) -> list[Any]:
    if len({each.id for each in given}) < len(given):
        raise ValueError("Each id can stand here once only.")
    return given


class DoubleOptInFields(Schema):
    """Double opt-in of the forms that name the profile (RCN-8): nothing is made of a submission before it is confirmed.

    Of each submission, or only where the address has no consent record of the profile. A link is good for 28 days. A
    confirmation leads to a page of ours, or to one of the addresses that the settings of double opt-in allow.
    """

    enabled: bool = False
    when: Literal["each-submission", "new-addresses"] = "each-submission"
    email_id: Id | None = None
    content_settings_id: Id | None = None
    thank_you_page_id: Id | None = None
    thank_you_address: HttpsUrl | None = None


class QuietTime(Schema):
    """Hours in which messages are held until they are over; past midnight, if they end before they begin."""

    time_zone: TimeZone
    begins: NaiveTime
    ends: NaiveTime
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] = Field(default_factory=lambda: [*EVERY_DAY])
    transactional: bool = Field(default=False, description="Whether transactional messages are held too.")

    @model_validator(mode="after")
    def _not_endless(self) -> Self:
        if convert(self.model_dump(mode="json"), Quiet).is_endless:
            raise ValueError("With this it would be quiet for ever. Leave some hours in which messages go out.")
        return self


class ProfileFields(Schema):
    """What can be said of a compliance profile."""

    type: Literal["preference-centre", "external-link"] = "preference-centre"
    external_url: HttpsUrl | None = None
    company_address: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    quiet_time: QuietTime | None = None
    active: bool = Field(
        default=True, description="One that is not goes on to be enforced; no email can newly name it."
    )
    purposes: Annotated[list[PurposeFields], Field(max_length=20)] = Field(default_factory=list)
    double_opt_in: DoubleOptInFields = Field(default_factory=DoubleOptInFields)

    @field_validator("purposes")
    @classmethod
    def _once(cls, given: list[PurposeFields]) -> list[PurposeFields]:
        return _each_once(given)

    @model_validator(mode="after")
    def _not_endless(self) -> Self:
        if len(json.dumps(self.model_dump(mode="json")["purposes"], ensure_ascii=False)) > LARGEST:
            raise ValueError("These purposes, topics and translations are too long altogether.")
        return self

    @property
    def values(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True, mode="json")
        if "double_opt_in" in given:
            given["double_opt_in"] = self.double_opt_in.model_dump(mode="json")
        if "purposes" in given:
            given["purposes"] = [profile.made(each) for each in given["purposes"]]
        return given


class NewProfile(ProfileFields):
    """A compliance profile to make; it has the commercial, the transactional and the tracking purpose in any case."""

    name: Name


class ProfileChange(ProfileFields):
    """What to change of a profile; `purposes` are all of them, those that were there among them."""

    name: Name = Field(default="")


class PurposeView(PurposeFields):
    """A purpose as it is enforced."""

    email: Model
    telephone: Model
    legal_designation: Literal["commercial", "transactional"]


class ProfileView(Schema):
    """A compliance profile; the version of the one that is shipped is 0 until somebody changes it."""

    id: str
    name: str
    type: str
    external_url: str | None = None
    company_address: str | None = None
    quiet_time: QuietTime | None = None
    active: bool
    purposes: list[PurposeView]
    double_opt_in: DoubleOptInFields
    created_by: str | None = None
    updated_at: datetime | None = None
    version: int


class Profiles(Schema):
    items: list[ProfileView]


class PointQuestion(ListQuery):
    """An address or a number (as +45…); it stands in the body, for addresses in paths end up in logs."""

    address: Annotated[str, Field(min_length=1, max_length=320)]


class PointChangeRequest(Schema):
    """What a contact point says from now on of a profile's purposes (`commercial`) and topics (`commercial/boats`).

    null: not set. Allowing more than before needs the reason: how the person asked for it.
    """

    address: Annotated[str, Field(min_length=1, max_length=320)]
    profile_id: Id = profile.DEFAULT
    choices: Annotated[Choices, Field(min_length=1, max_length=100)]
    reason: Annotated[str, Field(max_length=500)] | None = None

    @property
    def wanted(self) -> Mapping[str, State | None]:
        return {name: State(state) if state else None for name, state in self.choices.items()}


class SaidView(Schema):
    """What was said of a purpose or a topic, since when."""

    state: str
    since: datetime


class PointConsentView(Schema):
    """What a contact point said of a profile; what it does not name is not set."""

    profile_id: str
    choices: dict[str, SaidView]
    changed_at: datetime | None = None
    version: int


class PointLogView(Schema):
    """A change: who, when, from where, how, in which words."""

    id: str
    profile_id: str
    changed_at: datetime
    who: str
    source: str
    source_version: int | None = None
    method: str
    wording: str | None = None
    reason: str | None = None
    before: dict[str, str | None]
    after: dict[str, str | None]


class PointView(Schema):
    """All that a contact point said, by profile, and a page of how that changed, oldest first."""

    id: str
    channel: str
    consents: list[PointConsentView]
    changes: list[PointLogView]
    next_cursor: str | None = None


def of_opt_in(own: DoubleOptIn) -> DoubleOptInFields:
    return DoubleOptInFields.model_validate(to_builtins(own))


def of_purposes(purposes: tuple[Purpose, ...]) -> list[PurposeView]:
    return [PurposeView.model_validate(each) for each in profile.stored(purposes)]
