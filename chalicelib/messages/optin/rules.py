"""What a confirmation is, how long its link is good, and how often an address may be mailed one; pure."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

VALID_DAYS = 30
"""How long a link confirms where the request does not say it (DOI-4, DOI-10)."""

LEFT = timedelta(days=1)
"""How much longer a request is kept; then DynamoDB deletes it, confirmed or not."""

TAKEN_UP_AFTER = timedelta(minutes=15)
"""When the agenda takes up a request whose message on the queue was lost."""

WORK = "confirmation"
"""The name of this work in the agenda."""


class What(StrEnum):
    """What is to be confirmed."""

    LIST = "list"
    LEVEL = "level"
    FORM = "form"


class Mail(StrEnum):
    """Where the message of a request stands; it goes out at most once an asking."""

    WANTED = "wanted"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"


class Outcome(StrEnum):
    """What a link finds, and what following it comes to."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    LATE = "late"
    GONE = "gone"
    MOVED = "moved"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


def valid(days: int | None) -> timedelta:
    """Return how long the link of a request confirms."""
    return timedelta(days=days or VALID_DAYS)


AGAIN_AFTER, DAY = timedelta(hours=1), timedelta(days=1)
MOST_OF_ONE, MOST_A_DAY = 3, 20

Mails = Sequence[tuple[str, datetime]]
"""Which requests an address was mailed, and when."""


def recent(mails: Mails, now: datetime) -> list[tuple[str, datetime]]:
    """Return what still counts."""
    return [(name, at) for name, at in mails if now - at < DAY]


def may_mail(mails: Mails, name: str, now: datetime, *, apart: timedelta = AGAIN_AFTER) -> bool:
    """Return whether an address may be mailed once more, whoever asks for it.

    The same request once an hour (`apart`) and three times a day, and twenty messages a day in all: as many as a
    subscription centre offers lists at once (DOI-2).
    """
    counted = recent(mails, now)
    same = [at for each, at in counted if each == name]
    soon = any(now - at < apart for at in same)
    return not soon and len(same) < MOST_OF_ONE and len(counted) < MOST_A_DAY


LONGEST = 100  # letters of a value that is shown
ADDRESS = re.compile(r"://|www\.|@|\w\.\w{2,}", re.IGNORECASE)


def harmless(value: object) -> str:
    """Return what somebody typed as a message to its address may show it: short, on one line, no web address.

    Whoever types another's address must not be able to send it an advertisement of its own.
    """
    text = " ".join(str(value).split())
    return "" if len(text) > LONGEST or ADDRESS.search(text) else text
