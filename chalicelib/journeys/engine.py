"""The engine: what the machine's tasks do in one burst. Each commits under the burst's token and revision."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import ConditionFailed, Write, commit
from chalicelib.errors import Conflict
from chalicelib.journeys import effects, plans, second, snapshot, versions, waiting
from chalicelib.journeys.document import EmailTile, IfThen, JourneyDocument
from chalicelib.journeys.effects import Moment
from chalicelib.journeys.leases import claimed
from chalicelib.journeys.models import Enrolment
from chalicelib.journeys.snapshot import Asked, Facts, Snapshot
from chalicelib.journeys.state import State
from chalicelib.journeys.stops import Situation, StopReason, stopped
from chalicelib.journeys.walk import Halt, Stop, Walker

TRIES = 5
MOST_TOGETHER = 8  # effects in one transaction, which holds 100 writes
CONTENT_SETTINGS_PAUSE = timedelta(minutes=15)

Task = Mapping[str, Any]
"""What goes round in the machine: ids, the token, and what comes next."""


class Burst(Struct, frozen=True):
    """An enrolment that this burst holds, with the version it walks."""

    task: Task
    enrolment: Enrolment
    document: JourneyDocument
    now: datetime

    @classmethod
    def of(cls, task: Task, enrolment: Enrolment, now: datetime) -> "Burst":
        return cls(task, enrolment, versions.document(enrolment.journey_id, enrolment.journey_version), now)

    def walker(self, *, deeds_known: bool | None = None) -> Walker:
        """Return who walks on. What the contact did may be judged where wait rows stand for this visit (design 5)."""
        enrolment = self.enrolment
        known = enrolment.waits == waiting.mark(enrolment.state) if deeds_known is None else deeds_known
        facts = Facts(enrolment.people, enrolment.journey_id, enrolment.journey_version, self.now, known)
        return Walker(self.document, enrolment.enrolment_id, facts, self.now)

    def onward(self, stop: Stop) -> dict[str, Any]:
        """Say what the machine does next."""
        following = {Halt.REST: "rest", Halt.END: "finish"}
        if stop.halt is not Halt.EFFECT:
            return {**self.task, "next": following[stop.halt]}
        tile = stop.state.tile or ""
        return {**self.task, "next": self.document.tiles[tile].kind, "tile": tile, "visit": stop.state.visit}

    def over(self) -> dict[str, Any]:
        return {**self.task, "next": "done"}


def claim(task: Task, now: datetime) -> dict[str, Any]:
    """Take the lease and say what comes next; nothing where somebody else holds it or nothing is due."""
    enrolment = claimed(task, now)
    if enrolment is None:
        return {**task, "next": "done"}
    burst = Burst.of({**task, "version": enrolment.journey_version}, enrolment, now)
    if _left(burst, enrolment.state, None):
        return burst.over()
    return burst.onward(burst.walker().walk(enrolment.state))


def _left(burst: Burst, state: State, known: Snapshot | None) -> bool:
    """Hold or stop the contact where the journey or the contact itself asks for it; return whether it did."""
    journey = versions.running(burst.enrolment.journey_id)
    if journey is None:
        commit(plans.hold(burst.enrolment, state, burst.now))
        return True
    reason = stopped(_situation(burst, journey, known))
    if reason is not None:
        commit(_ended(burst, state, reason))
    return reason is not None


def _situation(burst: Burst, journey: versions.Running, known: Snapshot | None) -> Situation:
    document, occurrence = journey.document, burst.enrolment.occurrence
    recurring = document.recurrence is not None and occurrence.isdecimal()
    bounds = Situation(
        ended=journey.ended(burst.now),
        next_iteration=recurring and int(occurrence) < journey.iteration(burst.now),
    )
    if known is None:
        return bounds
    return Situation(
        exists=known.contact is not None,
        ended=bounds.ended,
        next_iteration=bounds.next_iteration,
        suppressed=known.suppressed(burst.document),
        consent=known.consent,
        minimum_consent=burst.document.minimum_consent,
        in_audience=known.audience_holds(burst.document),
        stops_leavers=_stops_leavers(burst.document) or _left_list(burst, known),
        merged=second.is_second(known.who, burst.enrolment),
    )


def _stops_leavers(document: JourneyDocument) -> bool:
    audience = document.audience
    by_segments = audience.segments is not None and audience.segments.includes
    return document.left_audience == "stop" and by_segments and not audience.forms


def _left_list(burst: Burst, known: Snapshot) -> bool:
    """Return whether the journey stops the contact for leaving a list of its audience inside (26-2, decision 23)."""
    entered = burst.enrolment.enrolled_at
    return _stops_unsubscribed(burst.document) and entered is not None and known.left_list(entered)


def _stops_unsubscribed(document: JourneyDocument) -> bool:
    audience = document.audience
    by_lists = audience.segments is not None and bool(audience.segments.lists)
    return document.left_list == "stop" and by_lists and not audience.forms


def _asked(document: JourneyDocument) -> Asked:
    """Return what of the audience decides whether somebody inside goes on: nothing where leaving it has no effect."""
    segments = document.audience.segments
    if segments is None or not (_stops_leavers(document) or _stops_unsubscribed(document)):
        return Asked()
    return Asked(segments.included, segments.lists)


def _ended(burst: Burst, state: State, reason: StopReason | None = None) -> list[Write]:
    return plans.end(burst.enrolment, state, burst.now, reason)


def perform(task: Task, now: datetime) -> dict[str, Any]:
    """Do what the effect tile does, and walk on: the effect's rows and the new place in one fenced transaction."""
    contact_id = task["enrolment"].split(".")[0]
    for _ in range(TRIES):
        version = versions.document(*_version(task))
        known = snapshot.take(contact_id, version, _asked(version), task["enrolment"])
        if known.enrolment is None or known.enrolment.token != task["token"]:
            return {**task, "next": "done"}
        try:
            return _performed(Burst.of(task, known.enrolment, now), known)
        except ConditionFailed as failed:
            if not failed.of(Enrolment):
                raise
    raise Conflict("The enrolment is being changed by others.")


def _version(task: Task) -> tuple[str, int]:
    return task["enrolment"].split(".")[1], task["version"]


def _performed(burst: Burst, known: Snapshot) -> dict[str, Any]:
    walker = burst.walker()
    stop = walker.walk(burst.enrolment.state)
    if stop.halt is not Halt.EFFECT or (stop.state.tile, stop.state.visit) != (burst.task["tile"], burst.task["visit"]):
        return burst.onward(stop)
    if _left(burst, stop.state, known):
        return burst.over()
    if _must_wait(burst, stop.state):
        commit(_rest(burst, stop, burst.now + CONTENT_SETTINGS_PAUSE))
        return burst.over()
    try:
        return _rode(burst, _ride(burst, walker, stop, known.contact, MOST_TOGETHER))
    except ConditionFailed as failed:
        if failed.of(Enrolment):
            raise
    return _rode_alone(burst, _ride(burst, walker, stop, known.contact, 1))


class Ride(Struct, frozen=True):
    """Effects made together, the ids of what they made, and where the walk stops after them."""

    writes: list[Write]
    made: frozenset[str]
    stop: Stop


def _ride(burst: Burst, walker: Walker, stop: Stop, contact: Any, most: int) -> Ride:
    """Make the effect the contact stands at and those right behind it: they only write rows, so they share a commit."""
    writes: list[Write] = []
    made: set[str] = set()
    while stop.halt is Halt.EFFECT and len(made) < most and not (made and _must_wait(burst, stop.state)):
        moment = Moment.of(burst.enrolment, stop.state, burst.document, contact, burst.now)
        effect = effects.of_tile(moment)
        writes += effect.writes
        made.add(moment.made)
        stop = walker.walk(walker.done(stop.state, *effect.figures, why=effect.why))
    return Ride(writes, frozenset(made), stop)


def _rode(burst: Burst, ride: Ride) -> dict[str, Any]:
    """Commit the effects with the new place, or with a rest until a fact about what they make."""
    waits = _waits_for_facts(burst, ride.stop)
    if waits and ride.stop.until and waiting.only_for(burst.enrolment, ride.stop.state, burst.document, ride.made):
        rows = waiting.rows(burst.enrolment, ride.stop.state, burst.document)
        commit(ride.writes, rows, _rest(burst, ride.stop, ride.stop.until, waits=waiting.mark(ride.stop.state)))
        waiting.call_back(burst.enrolment.enrolment_id, ride.stop.until, burst.now)
        return burst.over()
    commit(ride.writes, _settled(burst, ride.stop))
    return _after(burst, ride.stop)


def _rode_alone(burst: Burst, ride: Ride) -> dict[str, Any]:
    """Commit one effect; where its rows are there already, by a run that the table has forgotten, only the place."""
    place = _settled(burst, ride.stop)
    try:
        commit(ride.writes, place)
    except ConditionFailed as failed:
        if failed.of(Enrolment):
            raise
        commit(place)
    return _after(burst, ride.stop)


def _must_wait(burst: Burst, state: State) -> bool:
    """Return whether stopped content settings keep the contact at an email tile (row 22 of the matrix)."""
    if not isinstance(burst.document.tiles[state.tile or ""], EmailTile):
        return False
    return definitions.live("content-settings", burst.document.content_settings or "") is None


def _waits_for_facts(burst: Burst, stop: Stop) -> bool:
    return stop.halt is Halt.REST and isinstance(burst.document.tiles[stop.state.tile or ""], IfThen)


def _settled(burst: Burst, stop: Stop) -> list[Write]:
    """Return what commits a walk: the end, a rest that time alone ends, or else the place it has come to."""
    if stop.halt is Halt.END:
        return _ended(burst, stop.state)
    if stop.until is not None and not _waits_for_facts(burst, stop):
        return _rest(burst, stop, stop.until)
    return plans.advance(burst.enrolment, stop.state)


def _rest(burst: Burst, stop: Stop, until: datetime, *, waits: str | None = None) -> list[Write]:
    return plans.rest(burst.enrolment, stop.state, until, burst.now, waits=waits)


def _after(burst: Burst, stop: Stop) -> dict[str, Any]:
    if stop.halt is Halt.EFFECT or _waits_for_facts(burst, stop):
        return burst.onward(stop)
    if stop.until is not None:
        waiting.call_back(burst.enrolment.enrolment_id, stop.until, burst.now)
    return burst.over()


def rest(task: Task, now: datetime) -> dict[str, Any]:
    """Rest or finish; first the wait rows, then the facts, then the rest, unless a fact came in between (design 5)."""
    for _ in range(TRIES):
        enrolment = Enrolment.find(*Enrolment.at(task["enrolment"]))
        if enrolment is None or enrolment.token != task["token"]:
            return {**task, "next": "done"}
        settled = _tried(Burst.of(task, enrolment, now))
        if settled is not None:
            return settled
    raise Conflict("The enrolment is being changed by others.")


def _tried(burst: Burst) -> dict[str, Any] | None:
    try:
        return _rested(burst)
    except ConditionFailed as failed:
        if not failed.of(Enrolment):
            raise
        return None


def _rested(burst: Burst) -> dict[str, Any] | None:
    """Settle once; None where the facts have to be read again for another tile that waits for some."""
    stop = burst.walker(deeds_known=False).walk(burst.enrolment.state)
    if not _waits_for_facts(burst, stop):
        if stop.halt is not Halt.EFFECT:
            commit(_settled(burst, stop))
        return _after(burst, stop)
    mark = waiting.write_rows(burst.enrolment, stop.state, burst.document)
    stop = burst.walker(deeds_known=True).walk(burst.enrolment.state)
    if not _waits_for_facts(burst, stop):
        commit(_settled(burst, stop))
        return _after(burst, stop)
    if waiting.mark(stop.state) != mark or stop.until is None:
        commit(plans.advance(burst.enrolment, stop.state))
        return None
    commit(_rest(burst, stop, stop.until, waits=mark))
    waiting.call_back(burst.enrolment.enrolment_id, stop.until, burst.now)
    return burst.over()
