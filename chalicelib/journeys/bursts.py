"""A burst: an enrolment that somebody holds, what keeps it from going on, and what commits where it has come to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.consent import switches
from chalicelib.dynamodb import Write, commit
from chalicelib.journeys import plans, second, versions, waiting
from chalicelib.journeys.document import IfThen, JourneyDocument
from chalicelib.journeys.models import Enrolment
from chalicelib.journeys.snapshot import Asked, Facts, Snapshot
from chalicelib.journeys.state import State
from chalicelib.journeys.stops import Situation, StopReason, stopped
from chalicelib.journeys.walk import Halt, Stop, Walker

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


def left(burst: Burst, state: State, known: Snapshot | None) -> bool:
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
        restricted=known.allowed.restricted and not burst.document.serves_rights,
        consent=known.allowed.consent_level,
        minimum_consent=switches.counted(burst.document.minimum_consent),
        external=known.allowed.external_level,
        minimum_external=burst.document.minimum_external_consent,
        in_audience=known.audience_holds(burst.document),
        stops_leavers=_stops_leavers(burst.document) or _left_list(burst, known),
        merged=second.is_second(known.who, burst.enrolment),
    )


def _stops_leavers(document: JourneyDocument) -> bool:
    audience = document.audience
    by_segments = audience.segments is not None and audience.segments.includes
    return document.left_audience == "stop" and by_segments and not audience.by_forms


def _left_list(burst: Burst, known: Snapshot) -> bool:
    """Return whether the journey stops the contact for leaving a list of its audience inside (26-2, decision 23)."""
    entered = burst.enrolment.enrolled_at
    return _stops_unsubscribed(burst.document) and entered is not None and known.left_list(entered)


def _stops_unsubscribed(document: JourneyDocument) -> bool:
    audience = document.audience
    by_lists = audience.segments is not None and bool(audience.segments.lists)
    return document.left_list == "stop" and by_lists and not audience.by_forms


def asked(document: JourneyDocument) -> Asked:
    """Return what of the audience decides whether somebody inside goes on: nothing where leaving it has no effect."""
    segments = document.audience.segments
    if segments is None or not (_stops_leavers(document) or _stops_unsubscribed(document)):
        return Asked()
    return Asked(segments.included, segments.lists)


def _ended(burst: Burst, state: State, reason: StopReason | None = None) -> list[Write]:
    return plans.end(burst.enrolment, state, burst.now, reason)


def settled(burst: Burst, stop: Stop) -> list[Write]:
    """Return what commits a walk: the end, a rest that time alone ends, or else the place it has come to."""
    if stop.halt is Halt.END:
        return _ended(burst, stop.state)
    if stop.until is not None and not waits_for_facts(burst, stop):
        return rest(burst, stop, stop.until)
    return plans.advance(burst.enrolment, stop.state)


def rest(burst: Burst, stop: Stop, until: datetime, *, waits: str | None = None) -> list[Write]:
    return plans.rest(burst.enrolment, stop.state, until, burst.now, waits=waits)


def waits_for_facts(burst: Burst, stop: Stop) -> bool:
    return stop.halt is Halt.REST and isinstance(burst.document.tiles[stop.state.tile or ""], IfThen)


def after(burst: Burst, stop: Stop) -> dict[str, Any]:
    if stop.halt is Halt.EFFECT or waits_for_facts(burst, stop):
        return burst.onward(stop)
    if stop.until is not None:
        waiting.call_back(burst.enrolment.enrolment_id, stop.until, burst.now)
    return burst.over()
