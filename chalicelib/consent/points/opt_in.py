"""Double opt-in of a compliance profile: which submissions wait for their address, and what asks it (RCN-8)."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, convert

from chalicelib.consent.points.rules import Standing
from chalicelib.definitions import live as definitions
from chalicelib.errors import Problem

VALID_DAYS = 28
"""How long a link confirms that a profile asked for."""

ASKS = "form-confirmation"
"""The content type of the message that asks."""

PLACE = "double_opt_in"
LACKING = "Double opt-in needs the message that asks for the confirmation."
NO_SUCH_EMAIL = f"This must be a live email of the content type {ASKS}."


class When(StrEnum):
    """Which submissions have to be confirmed."""

    EACH = "each-submission"
    NEW = "new-addresses"


class DoubleOptIn(Struct, frozen=True):
    """Whether submissions of forms that name the profile wait for their address, which, and what asks it."""

    enabled: bool = False
    when: When = When.EACH
    email_id: str | None = None
    content_settings_id: str | None = None
    thank_you_page_id: str | None = None
    thank_you_address: str | None = None

    @property
    def of_each(self) -> bool:
        return self.enabled and self.when is When.EACH

    def concerns(self, standing: Standing) -> bool:
        """Return whether an address has to confirm: always, or where it has no consent record of the profile.

        What an erasure left of one is no record: whoever has the address now has said nothing.
        """
        return self.enabled and (self.when is When.EACH or standing.record is None)


def read(given: Mapping[str, Any] | None) -> DoubleOptIn:
    """Return what is stored; it is off where nobody decided it."""
    return convert(given or {}, DoubleOptIn)


def problems_of(own: DoubleOptIn) -> Iterator[Problem]:
    """Yield what keeps it from being saved: a submission that nobody could be asked about would be lost."""
    if own.enabled and not own.email_id:
        yield Problem(f"{PLACE}.email_id", LACKING)
    if own.email_id and not _asks(own.email_id):
        yield Problem(f"{PLACE}.email_id", NO_SUCH_EMAIL)
    named = {"content-settings": own.content_settings_id, "page": own.thank_you_page_id}
    for kind, identity in named.items():
        if identity and definitions.live(kind, identity) is None:
            field = "content_settings_id" if kind == "content-settings" else "thank_you_page_id"
            yield Problem(f"{PLACE}.{field}", f"This {kind.replace('-', ' ')} is not live.")


def _asks(email_id: str) -> bool:
    live = definitions.live("email", email_id)
    return live is not None and live.document.get("content_type") == ASKS
