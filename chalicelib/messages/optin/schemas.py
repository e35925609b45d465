"""The settings of double opt-in as clients send and get them."""

from typing import Annotated

from pydantic import Field

from chalicelib.http import Schema
from chalicelib.messages.schemas import HttpUrl, Id


class OptInChange(Schema):
    """Double opt-in for all forms (15.6): its messages, and where a confirmation leads to.

    The messages are needed as well where it is not enabled: whoever left a list comes back by a form only after a
    confirmation. `allowed_addresses` are the only addresses of others that any confirmation leads to.
    """

    enabled: bool = False
    subscriptions_email_id: Id | None = None
    consent_email_id: Id | None = None
    subscriptions_page_id: Id | None = None
    consent_page_id: Id | None = None
    subscriptions_address: HttpUrl | None = None
    consent_address: HttpUrl | None = None
    content_settings_id: Id | None = None
    allowed_addresses: Annotated[list[HttpUrl], Field(max_length=50, default_factory=list)]


class OptInView(OptInChange):
    version: int
