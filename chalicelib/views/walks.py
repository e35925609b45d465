"""What a job over records comes to, each record once, whatever is repeated or races.

A job may do a page twice: after a crash, or because two are at work on a slice. Each slice has a row that knows the
records of the page it took last, adds up what they came to, and is the fence of what is written with it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.clock import digest
from chalicelib.dynamodb import SHARDS, Key, Write, put, put_new, read
from chalicelib.views.models import KEPT, Walk


def labelled(number: int, ids: Sequence[str]) -> list[str]:
    """Return ids that say to which slice they belong; whoever acts on a page is not told otherwise."""
    return [f"{number:02}.{each}" for each in ids]


def parsed(labels: Sequence[str]) -> tuple[int, list[str]]:
    """Return the slice of a page, and the ids of its records."""
    return int(labels[0][:2]), [each[3:] for each in labels]


def begun(of: str, number: int) -> Walk:
    place = Walk.at(of, number)
    return Walk.find(*place) or Walk(*place, last=[], sums={}, parts=[])


def fresh(walk: Walk, ids: Sequence[str]) -> list[str]:
    """Return the records of a page that are not taken yet."""
    taken = set(walk.last)
    return [each for each in ids if _name(each) not in taken]


def take(
    walk: Walk, ids: Sequence[str], adds: Mapping[str, int], now: datetime, part: tuple[str, int] | None = None
) -> Write:
    """Write down that a page is taken, and what it came to; refused if another was quicker.

    Where a page overlaps the last one, both are remembered: the job goes on behind either of them.
    """
    names, before = [_name(each) for each in ids], walk.version
    overlaps = any(name in walk.last for name in names)
    after = Walk(
        walk.pk,
        walk.sk,
        last=list(dict.fromkeys([*(walk.last if overlaps else ()), *names])),
        sums={name: walk.sums.get(name, 0) + adds.get(name, 0) for name in [*walk.sums, *adds]},
        parts=[*walk.parts, *([list(part)] if part else [])],
        version=before + 1,
        expires=now + KEPT,
    )
    return put(after, Walk.version == before) if before else put_new(after)


def found(of: str) -> list[Walk]:
    """Return the slices of a job that have taken anything, in their order."""
    return [walk for walk in read(Key(Walk, *Walk.at(of, number)) for number in range(SHARDS)) if walk is not None]


def _name(record_id: str) -> str:
    return digest("walked", record_id)[:12]
