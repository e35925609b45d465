"""What blocks a send, as a table: the rows of the skip matrix (reference 17.7) that do not stop the contact (JRN-70).

Row 12, one message an address, is decided by the claim's own transaction; row 19 is back-pressure here, never a block,
since SES has a quota and no credits; row 22 waits, and rows 1 to 9 and 23 to 25 are the journey's.
"""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

from chalicelib.consent.points.rules import Refused
from chalicelib.consent.rules import Refusal
from chalicelib.messages.reasons import Reason
from chalicelib.messages.rendering import Composed


class Situation(Struct, frozen=True):
    """Everything that the final check looks at, read just before the claim (decision 36)."""

    now: datetime
    exists: bool
    inactive: bool
    good_until: datetime | None
    refusal: Refusal | None
    published: bool
    suppressed: bool
    composed: Composed | None
    forbidden_links: frozenset[str] = frozenset()
    point: Refused | None = None


def _forbidden(it: Situation) -> bool:
    hosts = {_host(url) for url in (it.composed.all_links if it.composed else [])}
    return any(host == name or host.endswith(f".{name}") for host in hosts for name in it.forbidden_links)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # it leads nowhere, whatever the contact's fields made of it
        return ""


def _wrong(part: Callable[[Composed], bool]) -> Callable[[Situation], bool]:
    return lambda it: it.composed is not None and part(it.composed)


Rule = tuple[str, Reason, Callable[[Situation], bool]]

RULES: tuple[Rule, ...] = (
    ("17", Reason.CONTACT_DELETED, lambda it: not it.exists),
    ("18", Reason.CONTACT_INACTIVE, lambda it: it.inactive),
    ("20", Reason.EXPIRED, lambda it: it.good_until is not None and it.now >= it.good_until),
    ("PRV-15", Reason.RESTRICTED, lambda it: it.refusal is Refusal.RESTRICTED),
    ("11", Reason.EMAIL, lambda it: it.refusal is Refusal.DO_NOT_EMAIL),
    ("10", Reason.BULK_EMAIL, lambda it: it.refusal is Refusal.DO_NOT_BULK_EMAIL),
    ("decision 37", Reason.GUARDIAN, lambda it: it.refusal is Refusal.CHILD),
    ("RCN-3", Reason.PURPOSE, lambda it: it.point is Refused.PURPOSE),
    ("RCN-5", Reason.TOPIC, lambda it: it.point is Refused.TOPIC),
    ("EML-3", Reason.MESSAGE_MISSING, lambda it: not it.published),
    ("13", Reason.RECIPIENT, _wrong(lambda composed: composed.recipient is None)),
    ("21", Reason.SUPPRESSED, lambda it: it.suppressed),
    ("14", Reason.SENDER, _wrong(lambda composed: composed.sender is None)),
    ("14", Reason.REPLY_TO, _wrong(lambda composed: not composed.reply_to_valid)),
    ("16", Reason.MISSING_FIELD, _wrong(lambda composed: bool(composed.missing))),
    ("15", Reason.LINKS, _forbidden),
)


def blocked_by(situation: Situation) -> Reason | None:
    """Return why a message must not go out, None if it may."""
    return next((reason for _, reason, holds in RULES if holds(situation)), None)
