"""Trying again where others were quicker or nobody answered: a little later each time, and not all at once."""

import random
import time
from collections.abc import Iterator

TRIES = 5
FIRST, LONGEST = 0.02, 0.5  # seconds


def tries(most: int = TRIES) -> Iterator[int]:
    """Yield the number of each try, from 0, of a change that is read, decided and written anew after a lost race.

    Between the tries a little time passes, by chance, so that those who met do not meet again and again.
    """
    for number in range(most):
        if number:
            wait(pause(number))
        yield number


def pause(number: int) -> float:
    """Return the seconds before a try, counted from 1 for the first that comes again."""
    return min(FIRST * 3.0 ** (number - 1), LONGEST) * random.uniform(0.5, 1.5)  # noqa: S311


def wait(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251  backing off, not synchronising
