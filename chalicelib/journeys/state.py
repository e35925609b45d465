"""Where an enrolment stands: the tile it is at, when it came where, and what this burst has done so far; pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace


class Arrival(Struct, frozen=True):
    """The last time a contact came to a tile, and which time that was."""

    visit: int
    at: datetime


class Entry(Struct, frozen=True):
    """What happened at one visit of a tile: the figures it counts for, and why (invariant 9, 14)."""

    tile: str
    visit: int
    at: datetime
    figures: tuple[str, ...]
    why: str = ""

    def as_list(self) -> list[Any]:
        return [self.tile, self.visit, _milliseconds(self.at), list(self.figures), self.why]

    def as_visit(self) -> dict[str, Any]:
        """Return the visit as clients see it and figures are counted from it."""
        figures = list(self.figures)
        return {"tile": self.tile, "visit": self.visit, "at": self.at, "figures": figures, "why": self.why}

    @classmethod
    def of(cls, given: list[Any]) -> "Entry":
        return cls(given[0], given[1], _instant(given[2]), tuple(given[3]), given[4])


class State(Struct, frozen=True):
    """A value: walking makes new ones."""

    tile: str | None
    trail: Mapping[str, Arrival] = field(default_factory=dict)
    log: tuple[Entry, ...] = ()

    @property
    def visit(self) -> int:
        """The number of this visit of the tile it is at; 0 at the end."""
        return self.trail[self.tile].visit if self.tile else 0

    @property
    def arrived(self) -> datetime:
        if self.tile is None:
            raise ValueError("the walk has ended")
        return self.trail[self.tile].at

    def entered(self, tile: str | None, now: datetime) -> "State":
        """Return the state after moving on to a tile, or to the end."""
        if tile is None:
            return replace(self, tile=None)
        visit = self.trail[tile].visit + 1 if tile in self.trail else 1
        moved = replace(self, tile=tile, trail={**self.trail, tile: Arrival(visit, _cut(now))})
        return moved.noted(now, "entered")

    def noted(self, now: datetime, *figures: str, why: str = "") -> "State":
        """Return the state with an entry about the tile it is at."""
        entry = Entry(self.tile or "", self.visit, _cut(now), figures, why)
        return replace(self, log=(*self.log, entry))


def trail_text(trail: Mapping[str, Arrival]) -> str:
    return _compact({tile: [each.visit, _milliseconds(each.at)] for tile, each in trail.items()})


def trail_of(text: str) -> dict[str, Arrival]:
    return {tile: Arrival(visit, _instant(at)) for tile, (visit, at) in msgspec.json.decode(text).items()}


def log_text(log: tuple[Entry, ...]) -> str:
    return _compact([entry.as_list() for entry in log])


def log_of(text: str | None) -> tuple[Entry, ...]:
    return tuple(Entry.of(each) for each in msgspec.json.decode(text or "[]"))


def _compact(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _cut(now: datetime) -> datetime:
    """Cut to milliseconds, downwards, so that a fact of the same instant is not earlier than the arrival."""
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
