"""Emails, content settings, sends, suppression and settings as clients send and get them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from chalicelib.consent.points.opt_in import ASKS
from chalicelib.contacts.custom.record import is_custom
from chalicelib.contacts.fields import ACCOUNT_FIELDS, FIELDS
from chalicelib.definitions.schemas import ProblemView
from chalicelib.http import ListQuery, Schema

Id = Annotated[str, Field(min_length=1, max_length=64)]
HttpUrl = Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s]+$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Host = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,253}$")]
Line = Annotated[str, Field(max_length=500)]


OF_ACCOUNT = "account."
ACCOUNT = frozenset(f"{OF_ACCOUNT}{name}" for name in ("id", *ACCOUNT_FIELDS))
"""What a message may name of a contact's account."""


def _of_contact(name: str) -> str:
    if name not in FIELDS and name not in ACCOUNT and not is_custom(name.removeprefix(OF_ACCOUNT)):
        raise ValueError(f"Contacts have no {name}.")
    return name


ContactField = Annotated[str, AfterValidator(_of_contact)]


DEFAULT, CONFIRMATION, FORM_CONFIRMATION = "default", "confirmation-request", ASKS
"""What a message is for. What asks for a confirmation goes out by double opt-in only (DOI-5, DOI-6, DOI-8)."""


class Compliance(Schema):
    """For which purpose of a compliance profile a message is, and for which topic under it (15.8).

    Then what its address said of these counts, instead of the contact's consent level and bulk email.
    """

    profile_id: Id = "default"
    purpose: Id
    topic: Id | None = None


class EmailDocument(Schema):
    """A message (16.1). Every text may hold Liquid: {{ contact.first_name | default: "there" }}."""

    subject: Annotated[str, Field(max_length=256)] = ""
    preview_text: Annotated[str, Field(max_length=256)] = ""
    from_name: Line = ""
    from_address: Line = ""
    to: Line = "{{ contact.email }}"
    reply_to: Annotated[str, Field(max_length=770)] = ""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    html: Annotated[str, Field(max_length=200_000)] = ""
    text: Annotated[str, Field(max_length=100_000)] = ""
    automatic_text: bool = True
    legal_designation: Literal["commercial", "transactional"] = "commercial"
    content_type: Literal["default", "confirmation-request", "form-confirmation"] = "default"
    compliance: Compliance | None = None

    @field_validator("subject", "from_name", "from_address", "to", "reply_to")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if any(ord(letter) < 32 for letter in value):
            raise ValueError("This must be one line.")
        return value


CentreField = Literal[
    "first_name",
    "last_name",
    "company_name",
    "job_title",
    "phone",
    "mobile_phone",
    "street",
    "postal_code",
    "city",
    "region",
    "country",
]
"""What people may correct at the centre: not the address, since the link that leads there may have been passed on."""


class ContentSettingsDocument(Schema):
    """What a journey's messages share (16.4). Without an own page `subscription_center` is ours.

    `lists` are the subscription lists that our centre offers, in this order (SBC-7), `centre_fields` what people may
    correct there, and `centre_consent_level` whether they choose their consent level (SBC-8).
    """

    address_main: Annotated[str, Field(max_length=500)] = ""
    address_line2: Line = ""
    subscription_center: HttpUrl | None = None
    linkedin_url: HttpUrl | None = None
    twitter_url: HttpUrl | None = None
    facebook_url: HttpUrl | None = None
    instagram_url: HttpUrl | None = None
    youtube_url: HttpUrl | None = None
    fields: Annotated[dict[FieldName, Line], Field(max_length=20, default_factory=dict)]
    lists: Annotated[list[Id], Field(max_length=20, default_factory=list)]
    centre_fields: Annotated[list[CentreField], Field(max_length=20, default_factory=list)]
    centre_consent_level: bool = False


class PreviewRequest(Schema):
    """For whom to render a draft: a contact, or somebody of these values. Content settings: the default ones."""

    contact_id: Id | None = None
    values: Annotated[dict[ContactField, str | int | float | bool | None], Field(default_factory=dict)]
    content_settings_id: Id | None = None

    @model_validator(mode="after")
    def _one_reader(self) -> Self:
        if self.contact_id is not None and self.values:
            raise ValueError("Name a contact or give sample values, not both.")
        return self


class PreviewView(Schema):
    """A message as it would go out; what keeps it from going live, and what to think about besides."""

    subject: str
    sender: str | None
    to: str | None
    reply_to: str | None
    html: str
    text: str
    problems: list[ProblemView]
    warnings: list[ProblemView]


class TrialRequest(PreviewRequest):
    """A test of a draft, to addresses of your own staff: the sender's domain, or one of staff_domains."""

    addresses: Annotated[list[Annotated[str, Field(max_length=320)]], Field(min_length=1, max_length=5)]


class TrialView(Schema):
    """What became of a test to one address: sent, refused, not-now (nothing went out) or unknown."""

    address: str
    outcome: Literal["sent", "refused", "not-now", "unknown"]
    explanation: str


class TrialResult(Schema):
    items: list[TrialView]


class PointReliedOn(Schema):
    """The consent of its address that a message relied on: what stood of its purpose, its topic and tracking.

    Without a record the address had never said anything, so the model alone let it through.
    """

    profile: str
    profile_version: int
    purpose: str
    topic: str | None = None
    model: str
    stood: dict[str, str | None]
    version: int
    record: str | None = None


class ReliedOn(Schema):
    """The consent that a message relied on: what stood and was no default, and the record of each identity's log.

    A contact without a record had never said anything, so the defaults allowed it.
    """

    version: int
    level: int
    stood: dict[str, Any]
    records: dict[str, str | None]
    point: PointReliedOn | None = None


class SendView(Schema):
    """One message to one contact: where it stands and why."""

    id: str
    state: str
    explanation: str
    reason: str | None = None
    contact_id: str
    email_id: str
    email_version: int | None = None
    journey_id: str | None = None
    tile: str | None = None
    visit: int | None = None
    queued_at: datetime
    settled_at: datetime | None = None
    provider_id: str | None = None
    designation: str | None = None
    consent: ReliedOn | None = None


class SendsQuery(ListQuery):
    """A contact's messages, newest first."""


class AddressQuestion(Schema):
    """An address to look up; it stands in the body, for addresses in paths end up in logs."""

    address: Annotated[str, Field(max_length=320)]


class SuppressionChange(AddressQuestion):
    """Whether mail to an address is not to be attempted: all of it, or bulk mail."""

    scope: Literal["all", "bulk"]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class SuppressionView(Schema):
    scope: str
    reason: str
    since: datetime
    until: datetime | None = None
    by: str | None = None
    note: str | None = None


class Suppressions(Schema):
    items: list[SuppressionView]


class MessageSettingsChange(Schema):
    """What the organisation decided about its mail (EML-6, EML-15)."""

    default_content_settings_id: Id | None = None
    bypass_deduplication: bool = False
    forbidden_links: Annotated[list[Host], Field(max_length=100, default_factory=list)]
    staff_domains: Annotated[list[Host], Field(max_length=20, default_factory=list)]


class MessageSettingsView(MessageSettingsChange):
    version: int
