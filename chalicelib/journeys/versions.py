"""Journey documents as they are published: the version an enrolment walks, and what is live now."""

from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from chalicelib.conditions import sources
from chalicelib.conditions.compiler import compile_condition
from chalicelib.conditions.nodes import Compiled
from chalicelib.definitions import live as definitions
from chalicelib.definitions.lifecycle import Live
from chalicelib.journeys.document import Branch, JourneyDocument
from chalicelib.journeys.schedule import iteration, iteration_start

KIND = "journey"


@lru_cache(maxsize=500)
def document(journey_id: str, version: int) -> JourneyDocument:
    """Return a published journey; versions never change, so each process reads it once."""
    return JourneyDocument.model_validate(definitions.document(KIND, journey_id, version))


@lru_cache(maxsize=2000)
def condition(journey_id: str, version: int, tile: str, at: int) -> Compiled:
    """Return a branch's condition, compiled once a process."""
    journey = document(journey_id, version)
    branch = journey.tiles[tile]
    if not isinstance(branch, Branch):
        raise TypeError(f"{tile} is no branch")
    return compile_condition(branch.branches[at].condition, sources.catalogue(), journey.zone)


class Running(Struct, frozen=True):
    """A live journey."""

    journey_id: str
    version: int
    document: JourneyDocument
    published_at: datetime

    def iteration(self, now: datetime) -> int:
        return iteration(self.document, self.published_at, now)

    def ended(self, now: datetime) -> bool:
        return self.document.end is not None and now >= self.document.end

    def over(self, now: datetime) -> bool:
        """Return whether the last iteration of a recurring journey takes nobody any more (JRN-17)."""
        recurrence = self.document.recurrence
        return recurrence is not None and now >= iteration_start(self.document, self.published_at, recurrence.count + 1)

    def admits(self, now: datetime) -> bool:
        """Return whether contacts may enter now: between start and end."""
        return self.iteration(now) > 0 and not self.ended(now) and not self.over(now)


def _running(live: Live) -> Running:
    return Running(live.id, live.version, document(live.id, live.version), live.published_at)


def running(journey_id: str) -> Running | None:
    """Return a journey's live version, None where it is not live; at most settings.live_cache_seconds old."""
    live = definitions.live(KIND, journey_id)
    return _running(live) if live else None


def all_running() -> list[Running]:
    return [_running(live) for live in definitions.all_live(KIND)]
