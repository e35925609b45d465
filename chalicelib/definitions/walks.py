"""What a slice of bulk work has come to, each record once, whatever is repeated or races.

A job may do a page twice: after a crash, or because two are at work on a slice. Each slice has a row in the table of
whoever has the work: it knows what was taken last, adds up what that came to, and is the fence of what is written with
it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pynamodb.attributes import TTLAttribute

from chalicelib.dynamodb import SHARDS, IntegerAttribute, Item, JsonAttribute, Key, Write, put, put_new, read


class Walked(Item):
    """A slice: what it took last, sums by name, and the parts of a file with how many rows each has."""

    last = JsonAttribute()
    sums = JsonAttribute()
    parts = JsonAttribute()
    version = IntegerAttribute(default=0)
    expires = TTLAttribute(null=True)

    @staticmethod
    def at(of: str, number: int) -> tuple[str, str]:
        return of, f"SLICE#{number:02}"


AnyWalk = TypeVar("AnyWalk", bound=Walked)


def begun(kind: type[AnyWalk], of: str, number: int, **empty: Any) -> AnyWalk:
    """Return the row of a slice, which is empty before its first page."""
    place = kind.at(of, number)
    return kind.find(*place) or kind(*place, last=[], sums={}, parts=[], **empty)


def fresh(walk: Walked, names: Sequence[str]) -> list[str]:
    """Return those of a page that are not taken yet."""
    taken = set(walk.last)
    return [name for name in names if name not in taken]


def behind(walk: Walked, names: Sequence[str]) -> list[str]:
    """Return what is taken last once a page is taken.

    Where the page overlaps the last one, both are remembered: the job goes on behind either of them.
    """
    overlaps = any(name in walk.last for name in names)
    return list(dict.fromkeys([*(walk.last if overlaps else ()), *names]))


def moved(
    walk: Walked,
    last: Sequence[Any],
    adds: Mapping[str, int],
    expires: datetime,
    part: tuple[str, int] | None = None,
    **more: Any,
) -> Write:
    """Write down what is taken last, and what it came to; refused if another was quicker."""
    before, kind = walk.version, type(walk)
    after = kind(
        walk.pk,
        walk.sk,
        last=list(last),
        sums={name: walk.sums.get(name, 0) + adds.get(name, 0) for name in [*walk.sums, *adds]},
        parts=[*walk.parts, *([list(part)] if part else [])],
        version=before + 1,
        expires=expires,
        **more,
    )
    return put(after, kind.version == before) if before else put_new(after)


def found(kind: type[AnyWalk], of: str) -> list[AnyWalk]:
    """Return the slices of a job that have taken anything, in their order."""
    return [walk for walk in read(Key(kind, *kind.at(of, number)) for number in range(SHARDS)) if walk is not None]
