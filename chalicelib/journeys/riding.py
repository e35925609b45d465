"""A burst that rides: it does what the effect tile says, and all effects right behind it, and walks on."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import ConditionFailed, Write, commit, tries
from chalicelib.errors import Conflict
from chalicelib.journeys import bursts, effects, snapshot, versions, waiting
from chalicelib.journeys.bursts import Burst, Task
from chalicelib.journeys.document import EmailTile
from chalicelib.journeys.effects import Moment
from chalicelib.journeys.models import Enrolment
from chalicelib.journeys.snapshot import Snapshot
from chalicelib.journeys.state import State
from chalicelib.journeys.walk import Halt, Stop, Walker

MOST_TOGETHER = 8  # effects in one transaction, which holds 100 writes
CONTENT_SETTINGS_PAUSE = timedelta(minutes=15)


def perform(task: Task, now: datetime) -> dict[str, Any]:
    """Do what the effect tile does, and walk on: the effect's rows and the new place in one fenced transaction."""
    contact_id = task["enrolment"].split(".")[0]
    for _ in tries():
        version = versions.document(*_version(task))
        known = snapshot.take(contact_id, version, bursts.asked(version), task["enrolment"])
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
    if bursts.left(burst, stop.state, known):
        return burst.over()
    if (until := _held_until(burst, stop.state)) is not None:
        commit(bursts.rest(burst, stop, until))
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
    while stop.halt is Halt.EFFECT and len(made) < most and not (made and _held_until(burst, stop.state)):
        moment = Moment.of(burst.enrolment, stop.state, burst.document, contact, burst.now)
        effect = effects.of_tile(moment)
        writes += effect.writes
        made.add(moment.made)
        stop = walker.walk(walker.done(stop.state, *effect.figures, why=effect.why))
    return Ride(writes, frozenset(made), stop)


def _rode(burst: Burst, ride: Ride) -> dict[str, Any]:
    """Commit the effects with the new place, or with a rest until a fact about what they make."""
    waits = bursts.waits_for_facts(burst, ride.stop)
    if waits and ride.stop.until and waiting.only_for(burst.enrolment, ride.stop.state, burst.document, ride.made):
        rows = waiting.rows(burst.enrolment, ride.stop.state, burst.document)
        commit(ride.writes, rows, bursts.rest(burst, ride.stop, ride.stop.until, waits=waiting.mark(ride.stop.state)))
        waiting.call_back(burst.enrolment.enrolment_id, ride.stop.until, burst.now)
        return burst.over()
    commit(ride.writes, bursts.settled(burst, ride.stop))
    return bursts.after(burst, ride.stop)


def _rode_alone(burst: Burst, ride: Ride) -> dict[str, Any]:
    """Commit one effect; where its rows are there already, by a run that the table has forgotten, only the place."""
    place = bursts.settled(burst, ride.stop)
    try:
        commit(ride.writes, place)
    except ConditionFailed as failed:
        if failed.of(Enrolment):
            raise
        commit(place)
    return bursts.after(burst, ride.stop)


def _held_until(burst: Burst, state: State) -> datetime | None:
    """Return until when the contact stays at an email tile, None where its message may be made.

    Content settings were stopped (row 22 of the matrix), or the email's compliance profile has its quiet time.
    """
    from chalicelib.messages import holding

    tile = burst.document.tiles[state.tile or ""]
    if not isinstance(tile, EmailTile):
        return None
    if definitions.live("content-settings", burst.document.content_settings or "") is None:
        return burst.now + CONTENT_SETTINGS_PAUSE
    return holding.held_until(tile.email, burst.now)
