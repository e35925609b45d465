"""The distribution of scores: ranges that hold any score there can be, and are never too many; pure."""

from collections.abc import Mapping
from math import ceil

NARROW, WIDE = 10, 100  # points of a bucket below a thousand, and above
FINE, COARSE = 1_000, 10_000
BELOW, ABOVE = -COARSE - WIDE, COARSE
"""The outermost buckets, which have no end: 382 in all."""


def bucket(score: int) -> int:
    """Return the lowest score of the bucket that a score lies in; that of the lowest one only names it."""
    if -FINE <= score < FINE:
        return score // NARROW * NARROW
    return min(max(score // WIDE * WIDE, BELOW), ABOVE)


def ends(lowest: int) -> tuple[int | None, int | None]:
    """Return the first and the last score of a bucket; None where it has no end."""
    if lowest <= BELOW:
        return None, -COARSE - 1
    if lowest >= ABOVE:
        return ABOVE, None
    return lowest, lowest + (NARROW if -FINE <= lowest < FINE else WIDE) - 1


def of_best_tenth(distribution: Mapping[int, int]) -> int | None:
    """Return the bucket in which the score lies that the best tenth of all leads has at least, None without any."""
    wanted = ceil(sum(distribution.values()) / 10)
    for lowest in sorted(distribution, reverse=True):
        wanted -= distribution[lowest]
        if wanted <= 0 < distribution[lowest]:
            return lowest
    return None
