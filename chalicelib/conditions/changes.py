"""When time alone will change what several answers make together."""

from collections.abc import Iterable, Sequence
from datetime import datetime

Standing = tuple[bool, datetime | None]
"""Whether something holds, and until before when it stays so; None is for ever."""


def combine(parts: Sequence[Standing], *, every: bool) -> Standing:
    """Return whether every part holds, or any.

    What some parts decide stands until the last of them changes; what takes all of them, until the first changes.
    """
    deciding = [changes_at for holds, changes_at in parts if holds is not every]
    if deciding:
        return not every, latest(deciding)
    return every, earliest(changes_at for _, changes_at in parts)


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """Return the first of the instants, where None is never."""
    first: datetime | None = None
    for instant in instants:
        if instant is not None and (first is None or instant < first):
            first = instant
    return first


def latest(instants: Sequence[datetime | None]) -> datetime | None:
    """Return the last of the instants, where None is never."""
    return None if None in instants else max(instant for instant in instants if instant is not None)
