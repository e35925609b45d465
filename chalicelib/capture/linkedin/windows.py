"""Which stretch of time a pull asks for next, and when it asks again; pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

OVERLAP = timedelta(hours=2)
"""How far a pull reaches back before the last one: leads show late."""
SWEEP = timedelta(days=7)
SWEEP_EVERY = timedelta(hours=24)
LONGEST_KEPT = 365
"""Days after which LinkedIn has forgotten every lead."""
LONGEST_PAUSE = timedelta(hours=6)
FIRST_PAUSE = timedelta(minutes=1)


class Reach(StrEnum):
    BACK = "back"
    SWEEP = "sweep"
    RECENT = "recent"


class Window(Struct, frozen=True):
    """A stretch of time, and how many of its leads were seen already."""

    reach: Reach
    since: datetime
    until: datetime
    start: int = 0


class Progress(Protocol):
    """How far a source is pulled."""

    back_pull_days: int
    pulled_until: datetime | None
    swept_at: datetime | None


def next_window(progress: Progress, now: datetime) -> Window:
    """Return what to ask for: all that is kept at first, a week once a day, else since the last pull and two hours."""
    until, swept = progress.pulled_until, progress.swept_at
    if until is None:
        return Window(Reach.BACK, now - timedelta(days=progress.back_pull_days), now)
    if swept is None or now - swept >= SWEEP_EVERY:
        return Window(Reach.SWEEP, min(now - SWEEP, until - OVERLAP), now)
    return Window(Reach.RECENT, min(until, now) - OVERLAP, now)


def pause(attempts: int, asked: float | None, spread: Callable[[], float]) -> timedelta:
    """Return how long to leave LinkedIn alone: what it asked for, else twice as long each time; at most six hours.

    `spread` gives 0 to 1: not all who were refused together come back together.
    """
    if asked is not None:
        return min(max(timedelta(seconds=asked), timedelta(seconds=1)), LONGEST_PAUSE)
    longer: timedelta = FIRST_PAUSE * int(2 ** min(attempts, 10))
    return min(longer, LONGEST_PAUSE) * (1 + spread() / 4)
