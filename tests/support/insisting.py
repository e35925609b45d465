"""Doing again what others were quicker with, as queues, jobs and people do it."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.dynamodb import ConditionFailed
from chalicelib.errors import Conflict, Stale, Unavailable

TRIES = 50
"""Each lost race is a race that somebody else won: whoever meets fewer winners than this gets through."""
LOST = (ConditionFailed, Conflict, Stale, Unavailable)

Result = TypeVar("Result")


def insist(do: Callable[[], Result], lost: tuple[type[Exception], ...] = LOST) -> Result:
    """Do something until nobody else is quicker, however unfairly the threads take turns.

    Who is only told to try again in a few seconds, since a busy machine took its time, insists for `Unavailable` alone.
    """
    last: Exception | None = None
    for _ in range(TRIES):
        try:
            return do()
        except lost as error:
            last = error
    raise AssertionError("others are quicker each time") from last
