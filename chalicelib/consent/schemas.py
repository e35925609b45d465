"""Preferences as clients send and get them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, field_validator

from chalicelib.http import Schema


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
    reason: Annotated[str, Field(max_length=500)] | None = None

    def wanted(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True, exclude={"reason"})
        return {name: value for name, value in given.items() if value is not None or name == "guardian_id"}


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
    external_level: int | None = None
    version: int


class ExternalConsent(Schema):
    """What an external consent system says of a contact, in our levels; null: it says nothing any more (PRV-9)."""

    level: Annotated[int, Field(ge=0, le=5)] | None
    system: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$", description="The name of the system.")]
    reference: Annotated[str, Field(max_length=500)] = ""


class ConsentSettingsChange(Schema):
    """What is decided about consent (15.2)."""

    minimum_consent: Annotated[
        bool,
        Field(description="Whether the minimum consent of journeys and scoring models counts; off, it has no effect."),
    ] = False
    log_changes: Annotated[
        bool, Field(description="Whether each change of consent is recorded: always, for it is the proof of it.")
    ] = True

    @field_validator("log_changes")
    @classmethod
    def _always(cls, given: bool) -> bool:
        if not given:
            raise ValueError("Every change of consent is recorded; this cannot be switched off.")
        return given


class ConsentSettingsView(ConsentSettingsChange):
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
    external_level: int | None = None
    proof: list[ProofView]
