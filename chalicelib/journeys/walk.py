"""Walking the graph: decides what needs no effect, up to the next effect, rest or end; pure and deterministic.

Every step is noted with its reason. A walk takes at most as many steps as the journey has tiles before it waits:
publishing lets cycles through only where a tile holds the contact for some time (checks.py).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from chalicelib.conditions.evaluation import Answer
from chalicelib.conditions.facts import Interaction
from chalicelib.journeys.document import EFFECTS, Branch, IfThen, JourneyDocument, WaitFor, WaitUntil
from chalicelib.journeys.rules import judge
from chalicelib.journeys.schedule import deadline
from chalicelib.journeys.state import State

VERDICT_PAUSE = timedelta(seconds=15)
VERDICT_PATIENCE = timedelta(hours=1)


class Known(Protocol):
    """What a walk may ask about the contact."""

    @property
    def deeds_known(self) -> bool:
        """Whether what the contact did may be judged yet: only after the wait rows are there (design 5)."""

    def interactions(self, type_: str, since: datetime | None) -> Sequence[Interaction]:
        """Return what the contact did since then, read consistently."""

    def answer(self, tile: str, at: int) -> Answer:
        """Return whether a branch's condition holds."""


class Halt(StrEnum):
    EFFECT = "effect"
    REST = "rest"
    END = "end"


class Stop(Struct, frozen=True):
    """Why a walk halts, where it stands by then, and when time alone lets a rest go on."""

    halt: Halt
    state: State
    until: datetime | None = None


class Walker(Struct, frozen=True):
    """One contact's walk through one version."""

    document: JourneyDocument
    enrolment_id: str
    known: Known
    now: datetime

    def begin(self, first: str | None = None) -> State:
        """Return the state of an enrolment that has just entered, at the first tile or one of its own."""
        return State(None).entered(first or self.document.first, self.now)

    def walk(self, state: State) -> Stop:
        """Go on from where the contact stands."""
        for _ in range(len(self.document.tiles) + 1):
            if state.tile is None:
                return Stop(Halt.END, state)
            stop = self._halts(state)
            if isinstance(stop, Stop):
                return stop
            state = stop
        return Stop(Halt.REST, state, self.now + timedelta(minutes=1))

    def done(self, state: State, *figures: str, why: str = "") -> State:
        """Return the state after the effect tile it is at was performed."""
        if state.tile is None:
            return state
        target = self.document.tiles[state.tile].exits["next"]
        return state.noted(self.now, "processed", *figures, why=why).entered(target, self.now)

    def _halts(self, state: State) -> State | Stop:
        tile = self.document.tiles[state.tile or ""]
        match tile:
            case WaitFor() | WaitUntil():
                return self._wait(state, tile)
            case IfThen():
                return self._if_then(state, tile)
            case Branch():
                return self._branch(state, tile)
            case _ if isinstance(tile, EFFECTS):
                return Stop(Halt.EFFECT, state)
        raise TypeError(f"nothing is known about tiles of the kind {tile.kind}")

    def _wait(self, state: State, tile: WaitFor | WaitUntil) -> State | Stop:
        until = deadline(tile, state.arrived, self.document.zone)
        if self.now < until:
            return Stop(Halt.REST, state, until)
        return state.noted(self.now, "processed").entered(tile.next, self.now)

    def _if_then(self, state: State, tile: IfThen) -> State | Stop:
        until = deadline(tile, state.arrived, self.document.zone)
        if not self.known.deeds_known:
            return Stop(Halt.REST, state, until)
        judged = judge(tile, self.enrolment_id, state.trail, self.known, until)
        if judged.holds:
            return self._took(state, "yes", tile.yes, "because of " + ", ".join(judged.by))
        if self.now < until:
            return Stop(Halt.REST, state, until)
        if judged.may_hold and self.now < until + VERDICT_PATIENCE:
            return Stop(Halt.REST, state, self.now + VERDICT_PAUSE)
        return self._took(state, "no", tile.no, "the time has passed")

    def _branch(self, state: State, tile: Branch) -> State:
        for at, way in enumerate(tile.branches):
            answer = self.known.answer(state.tile or "", at)
            if answer.holds:
                places = ", ".join(reason.place for reason in answer.reasons if reason.holds)
                return self._took(state, way.name, way.next, f"holds: {places}")
        return self._took(state, "other", tile.otherwise, "no condition holds")

    def _took(self, state: State, path: str, target: str | None, why: str) -> State:
        return state.noted(self.now, "processed", f"path:{path}", why=why).entered(target, self.now)
