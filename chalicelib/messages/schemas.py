"""Emails, content settings, sends, suppression and settings as clients send and get them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from chalicelib.http import ListQuery, Schema

Id = Annotated[str, Field(min_length=1, max_length=64)]
HttpUrl = Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s]+$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Host = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,253}$")]
Line = Annotated[str, Field(max_length=500)]


class EmailDocument(Schema):
    """A message (16.1). Every text may hold Liquid: {{ contact.first_name | default: "there" }}."""

    subject: Annotated[str, Field(max_length=256)] = ""
    preview_text: Annotated[str, Field(max_length=256)] = ""
    from_name: Line = ""
    from_address: Line = ""
    to: Line = "{{ contact.email }}"
    reply_to: Annotated[str, Field(max_length=770)] = ""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    html: Annotated[str, Field(max_length=200_000)] = ""
    text: Annotated[str, Field(max_length=100_000)] = ""
    automatic_text: bool = True
    legal_designation: Literal["commercial", "transactional"] = "commercial"
    content_type: Literal["default"] = "default"

    @field_validator("subject", "from_name", "from_address", "to", "reply_to")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if any(ord(letter) < 32 for letter in value):
            raise ValueError("This must be one line.")
        return value


class ContentSettingsDocument(Schema):
    """What a journey's messages share (16.4). Without an own page `subscription_center` is ours."""

    address_main: Annotated[str, Field(max_length=500)] = ""
    address_line2: Line = ""
    subscription_center: HttpUrl | None = None
    linkedin_url: HttpUrl | None = None
    twitter_url: HttpUrl | None = None
    facebook_url: HttpUrl | None = None
    instagram_url: HttpUrl | None = None
    youtube_url: HttpUrl | None = None
    fields: Annotated[dict[FieldName, Line], Field(max_length=20, default_factory=dict)]


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


class MessageSettingsView(MessageSettingsChange):
    version: int
