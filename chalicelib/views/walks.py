"""What a job over records comes to, each record once, whatever is repeated or races.

Records are known by digests of their ids, so that nobody has to be looked for here who is erased.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.clock import digest
from chalicelib.definitions import walks
from chalicelib.dynamodb import Write
from chalicelib.views.models import KEPT, Walk


def labelled(number: int, ids: Sequence[str]) -> list[str]:
    """Return ids that say to which slice they belong; whoever acts on a page is not told otherwise."""
    return [f"{number:02}.{each}" for each in ids]


def parsed(labels: Sequence[str]) -> tuple[int, list[str]]:
    """Return the slice of a page, and the ids of its records."""
    return int(labels[0][:2]), [each[3:] for each in labels]


def begun(of: str, number: int) -> Walk:
    return walks.begun(Walk, of, number)


def fresh(walk: Walk, ids: Sequence[str]) -> list[str]:
    """Return the records of a page that are not taken yet."""
    names = walks.fresh(walk, [_name(each) for each in ids])
    return [each for each in ids if _name(each) in names]


def take(
    walk: Walk, ids: Sequence[str], adds: Mapping[str, int], now: datetime, part: tuple[str, int] | None = None
) -> Write:
    """Write down that a page is taken, and what it came to; refused if another was quicker."""
    return walks.moved(walk, walks.behind(walk, [_name(each) for each in ids]), adds, now + KEPT, part)


def found(of: str) -> list[Walk]:
    """Return the slices of a job that have taken anything, in their order."""
    return walks.found(Walk, of)


def _name(record_id: str) -> str:
    return digest("walked", record_id)[:12]
