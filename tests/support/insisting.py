"""Doing again what others were quicker with, as queues, jobs and people do it."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.dynamodb import ConditionFailed
from chalicelib.errors import Conflict, Stale, Unavailable

TRIES = 50
"""Each lost race is a race that somebody else won: whoever meets fewer winners than this gets through."""

Result = TypeVar("Result")


def insist(do: Callable[[], Result]) -> Result:
    """Do something until nobody else is quicker, however unfairly the threads take turns."""
    lost: Exception | None = None
    for _ in range(TRIES):
        try:
            return do()
        except (ConditionFailed, Conflict, Stale, Unavailable) as error:
            lost = error
    raise AssertionError("others are quicker each time") from lost
