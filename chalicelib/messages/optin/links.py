"""The link of a confirmation: it names the request and when it was asked for, and is ours."""

from datetime import datetime

from msgspec import Struct

from chalicelib.clock import as_text, from_text
from chalicelib.messages.optin.models import Confirmation
from chalicelib.messages.optin.rules import valid
from chalicelib.settings import settings
from chalicelib.tokens import sign, verify


class Named(Struct, frozen=True):
    """What a link names."""

    address_hash: str
    confirmation_id: str
    asked_at: datetime

    def late(self, row: Confirmation | None, now: datetime) -> bool:
        return now - self.asked_at > valid(row.valid_days if row is not None else None)


def token_of(row: Confirmation) -> str:
    return sign("confirm", row.address_hash, row.confirmation_id, as_text(row.asked_at))


def url_of(row: Confirmation) -> str:
    return f"{settings.public_url}/confirm/{token_of(row)}"


def read(token: str) -> Named:
    """Return what a link names. Raises Invalid for one that is not ours."""
    address_hash, confirmation_id, asked_at = verify("confirm", token)
    return Named(address_hash, confirmation_id, from_text(asked_at))


def find(named: Named) -> Confirmation | None:
    """Return the request that a link names, read consistently; one that was asked for later takes its place."""
    return Confirmation.find(*Confirmation.at(named.address_hash, named.confirmation_id))
