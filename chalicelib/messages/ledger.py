"""The life of a send: queued, claimed, then sent, failed or unknown; blocked only from queued (invariant 5)."""

from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a send stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


OUTCOMES = frozenset({State.SENT, State.FAILED, State.UNKNOWN, State.BLOCKED})
"""States that count in a figure; an unknown send may still leave it for sent or failed."""

WORK = "send"
"""The name of this work in the agenda."""

TAKEN_UP_AFTER = timedelta(minutes=15)
"""When the agenda takes up a queued send whose message on the queue was lost; a claim does not move it."""

UNKNOWN_FOR = timedelta(hours=72)
"""How long the provider's event is waited for after a lost answer."""

CONTENT_SETTINGS_AGAIN = timedelta(minutes=1)
"""How long a send rests whose content settings are stopped (EML-7)."""

DEDUP_KEPT = timedelta(days=400)
"""How long an address counts as served; renewed by nothing, so longer than a journey's iteration and 30 days."""

COMMERCIAL, TRANSACTIONAL = "commercial", "transactional"


def may_go_again(designation: str | None, tries: int) -> bool:
    """Return whether a send without an answer or an event in 72 hours is tried once more: bulk mail never is."""
    return designation == TRANSACTIONAL and tries < 2
