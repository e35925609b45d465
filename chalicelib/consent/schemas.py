"""Preferences as clients send and get them."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, field_validator

from chalicelib.consent.ages import AGES, DEFAULT
from chalicelib.http import Schema

CLEARED = {"guardian_id", "of_age_on"}
"""What null takes away."""


class PreferencesChange(Schema):
    """What to change. Allowing more than before needs a reason: how the person asked for it."""

    bulk_email: bool | None = None
    email: bool | None = None
    tracking: bool | None = None
    prefill: bool | None = None
    follow_email: bool | None = None
    consent_level: Annotated[int, Field(ge=0, le=5)] | None = None
    is_child: bool | None = None
    guardian_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    guardian_consent: bool | None = None
    of_age_on: Annotated[
        date | None,
        Field(description="Of a child: from which day it consents for itself; left out, by its birth date."),
    ] = None
    reason: Annotated[str, Field(max_length=500)] | None = None

    def wanted(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True, exclude={"reason"}, mode="json")
        return {name: value for name, value in given.items() if value is not None or name in CLEARED}


class PreferencesView(Schema):
    """What a contact allows (2.3, 2.4)."""

    contact_id: str
    bulk_email: bool
    email: bool
    tracking: bool
    prefill: bool
    follow_email: bool
    consent_level: int
    is_child: bool
    guardian_id: str | None = None
    guardian_consent: bool
    of_age_on: date | None = None
    external_level: int | None = None
    restricted: bool
    objected: bool
    version: int


class ExternalConsent(Schema):
    """What an external consent system says of a contact, in our levels; null: it says nothing any more (PRV-9)."""

    level: Annotated[int, Field(ge=0, le=5)] | None
    system: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$", description="The name of the system.")]
    reference: Annotated[str, Field(max_length=500)] = ""


class GuardianSaid(Schema):
    """What a child's guardian said: whether it consents, when, in which words, and how it was taken down."""

    given: bool = True
    given_at: Annotated[AwareDatetime | None, Field(description="Left out, now.")] = None
    wording: Annotated[str, Field(min_length=1, max_length=5000)]
    method: Annotated[str, Field(min_length=1, max_length=100, examples=["signed form", "by telephone"])]


class GuardianConsentView(Schema):
    """The proof of what a guardian said."""

    id: str
    guardian_id: str
    given: bool
    given_at: datetime
    wording: str
    method: str
    recorded_at: datetime
    recorded_by: str


class GuardianConsents(Schema):
    items: list[GuardianConsentView]


Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Age = Annotated[int, Field(ge=13, le=21)]


class ConsentSettingsChange(Schema):
    """What is decided about consent (15.2)."""

    minimum_consent: Annotated[
        bool,
        Field(description="Whether the minimum consent of journeys and scoring models counts; off, it has no effect."),
    ] = False
    log_changes: Annotated[
        bool, Field(description="Whether each change of consent is recorded: always, for it is the proof of it.")
    ] = True

    preference_fields: Annotated[
        bool,
        Field(
            description="Whether a contact's refusals of email, bulk email and tracking count by a compliance profile "
            "as well (RCN-6); off, only what its address said counts there."
        ),
    ] = True

    ages: Annotated[
        dict[Country, Age],
        Field(max_length=250, description="Ages of consent by country code, where they are not those shipped."),
    ] = Field(default_factory=dict)

    @field_validator("log_changes")
    @classmethod
    def _always(cls, given: bool) -> bool:
        if not given:
            raise ValueError("Every change of consent is recorded; this cannot be switched off.")
        return given


class ConsentSettingsView(ConsentSettingsChange):
    shipped_ages: dict[str, int] = Field(default_factory=lambda: dict(AGES))
    default_age: int = DEFAULT
    version: int


class ChangeView(Schema):
    """A change of preferences, of being on a subscription list, or of who is one person with whom."""

    id: str
    changed_at: datetime
    list_id: str | None = None
    who: str
    source: str
    source_version: int | None = None
    method: str
    wording: str | None = None
    reason: str | None = None
    before: dict[str, Any]
    after: dict[str, Any]
    people: list[str] | None = None


class AsOfQuery(Schema):
    """At which moment; left out, now."""

    at: AwareDatetime | None = None


class ProofView(ChangeView):
    """The record by which settings stood as they did, and which ones."""

    contact_id: str
    settles: list[str]


class PastView(Schema):
    """What a contact allowed at a moment, as the log tells it; settings without a proof were defaults.

    `people` are the contacts that were one person then; the strictest of them counts.
    """

    at: datetime | None = None
    people: list[str]
    bulk_email: bool
    email: bool
    tracking: bool
    prefill: bool
    follow_email: bool
    consent_level: int
    is_child: bool
    guardian_id: str | None = None
    guardian_consent: bool
    of_age_on: date | None = None
    external_level: int | None = None
    restricted: bool
    objected: bool
    proof: list[ProofView]


class ProtectionChange(Schema):
    """What to change of a contact's data protection. Allowing more than before needs a reason."""

    consent_level: Annotated[int, Field(ge=0, le=5)] | None = None
    is_child: bool | None = None
    guardian_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    guardian_consent: bool | None = None
    reason: Annotated[str, Field(max_length=500)] | None = None

    def wanted(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True, exclude={"reason"})
        return {name: value for name, value in given.items() if value is not None or name == "guardian_id"}


class ProtectionView(Schema):
    """A contact's data protection (CON-6): its consent level and all that this permits, its guardian if it is a child.

    `last_change` is the latest change of any of it; null where nobody ever said anything, or long ago.
    """

    contact_id: str
    consent_level: int
    level_name: str
    permits: list[str]
    is_child: bool
    guardian_id: str | None = None
    guardian_name: str | None = None
    guardian_consent: bool
    last_change: ChangeView | None = None
    version: int
