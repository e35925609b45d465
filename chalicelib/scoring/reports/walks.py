"""What a bulk job finds out on its way over all leads, each lead once, whatever is repeated or races.

A job may do a page twice: after a crash, or because two are at work on a slice. Each slice has a row that knows the
leads of the page it took last, adds up what they came to, and is the fence of what is written with it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pynamodb.attributes import JSONAttribute, TTLAttribute

from chalicelib.dynamodb import SHARDS, IntegerAttribute, Key, Write, put, put_new, read, shard
from chalicelib.scoring.models import ScoringItem

KEPT = timedelta(days=7)


class Walk(ScoringItem, discriminator="walk"):
    """A slice of a job: the leads it took last, sums by name, and the parts of a file with how many rows each has."""

    last = JSONAttribute()
    sums = JSONAttribute()
    parts = JSONAttribute()
    version = IntegerAttribute(default=0)
    expires = TTLAttribute(null=True)

    @staticmethod
    def at(of: str, number: int) -> tuple[str, str]:
        return of, f"SLICE#{number:02}"


def begin(of: str, lead_ids: Sequence[str]) -> Walk:
    """Return the row of the slice that a page of leads belongs to: leads are spread over slices by their id."""
    place = Walk.at(of, shard(lead_ids[0]))
    return Walk.find(*place) or Walk(*place, last=[], sums={}, parts=[])


def fresh(walk: Walk, lead_ids: Sequence[str]) -> list[str]:
    """Return the leads of a page that are not taken yet."""
    taken = set(walk.last)
    return [lead_id for lead_id in lead_ids if lead_id not in taken]


def take(
    walk: Walk, lead_ids: Sequence[str], adds: Mapping[str, int], now: datetime, part: tuple[str, int] | None = None
) -> Write:
    """Write down that a page is taken, and what it came to; refused if another was quicker.

    Where a page overlaps the last one, both are remembered: the job goes on behind either of them.
    """
    overlaps = any(lead_id in walk.last for lead_id in lead_ids)
    before = walk.version
    sums = {name: walk.sums.get(name, 0) + adds.get(name, 0) for name in [*walk.sums, *adds]}
    after = Walk(
        walk.pk,
        walk.sk,
        last=list(dict.fromkeys([*(walk.last if overlaps else ()), *lead_ids])),
        sums=sums,
        parts=[*walk.parts, *([list(part)] if part else [])],
        version=before + 1,
        expires=now + KEPT,
    )
    return put(after, Walk.version == before) if before else put_new(after)


def found(of: str) -> list[Walk]:
    """Return the slices of a job that have taken anything, in their order."""
    return [walk for walk in read(Key(Walk, *Walk.at(of, number)) for number in range(SHARDS)) if walk is not None]
