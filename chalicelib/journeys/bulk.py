"""Bulk work: who is inside when a journey goes live again or stops, and who of its audience enters at the start."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.definitions import jobs
from chalicelib.definitions import service as definitions
from chalicelib.definitions.jobs import Work
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, read
from chalicelib.errors import Conflict, Unavailable
from chalicelib.journeys import closing, entry, plans, versions
from chalicelib.journeys.document import JourneyDocument
from chalicelib.journeys.models import INSIDE, Enrolment, JourneysItem, Standing
from chalicelib.journeys.schedule import iteration_start
from chalicelib.journeys.schemas import GoingLive, Stopping
from chalicelib.journeys.stops import StopReason
from chalicelib.segments import service as segments
from chalicelib.settings import settings

PAGE = 50
START, LEAVE = "journey-start", "journey-leave"

Arguments = Mapping[str, Any]


def start_job(document: JourneyDocument, inside: GoingLive, now: datetime) -> JobWanted:
    """Return the job of going live: first those inside, then the members of the segments (JRN-12)."""
    wait = max(0, int((document.start - now).total_seconds()) + 1) if document.start else 0
    return JobWanted(START, {"inside": inside.value}, max(wait, int(settings.job_delay_seconds)))


def stop_job(inside: Stopping, reason: StopReason = StopReason.JOURNEY_STOPPED) -> JobWanted:
    """Return the job of stopping: hold those inside, or stop them too (decision 24)."""
    return JobWanted(LEAVE, {"inside": inside.value, "reason": reason.value})


# Enumerating -------------------------------------------------------------------------------------------------------


def _inside(journey_id: str, number: int, place: Any) -> tuple[list[str], Any]:
    found = JourneysItem.by_journey.query(
        f"{journey_id}#{number}", limit=PAGE, page_size=PAGE, last_evaluated_key=place
    )
    keys = [Key(Enrolment, item.pk, item.sk) for item in found]
    return [each.enrolment_id for each in read(keys) if each], found.last_evaluated_key


def leave_pages(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    ids, place = _inside(arguments["id"], number, json.loads(cursor) if cursor else None)
    return ids, json.dumps(place) if place else None


def start_pages(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    """Enumerate those inside, then segment after segment, list after list: the cursor says which, and where in it."""
    step, place = json.loads(cursor) if cursor else (0, None)
    journey = versions.document(arguments["id"], arguments["version"])
    sources = _sources(journey)
    if step == 0:
        ids, place = _inside(arguments["id"], number, place)
    else:
        members_of, source = sources[step - 1]
        members, place = members_of(source, number, place, PAGE)
        ids = [f"contact:{each}" for each in members]
    following = (step, place) if place else (step + 1, None)
    return ids, json.dumps(following) if following[0] <= len(sources) else None


Members = Callable[[str, int, Any, int], tuple[list[str], Any]]


def _sources(journey: JourneyDocument) -> list[tuple[Members, str]]:
    audience = journey.audience
    if audience.segments is None or audience.trigger is not None or journey.entry == "new_only":
        return []
    included: list[tuple[Members, str]] = [(segments.slice_of_members, each) for each in audience.segments.included]
    included += [(subscriptions.slice_of_members, each) for each in audience.segments.lists]
    return included[:1] if audience.segments.merge == "intersection" else included


# Acting ------------------------------------------------------------------------------------------------------------


def start_act(arguments: Arguments, ids: Sequence[str], now: datetime) -> None:
    journey = versions.running(arguments["id"])
    if journey is None or journey.version != arguments["version"]:
        return  # stopped or published anew meanwhile: that has a job of its own
    for each in ids:
        if each.startswith("contact:"):
            entry.enter(journey, each.removeprefix("contact:"), entry.Call(), now)
    _change([each for each in ids if "." in each], lambda found: _going_live(found, journey, arguments, now), now)


def leave_act(arguments: Arguments, ids: Sequence[str], now: datetime) -> None:
    if versions.running(arguments["id"]) is not None:
        return  # live again
    stops = arguments["inside"] == Stopping.STOP
    reason = StopReason(arguments["reason"])
    _change(ids, lambda found: _stopping(found, reason if stops else None, now), now)


def _going_live(found: Enrolment, journey: versions.Running, arguments: Arguments, now: datetime) -> list[Write]:
    if arguments["inside"] == GoingLive.STOP and found.journey_version != journey.version:
        return plans.end(found, found.state, now, StopReason.JOURNEY_STOPPED)
    if arguments["inside"] == GoingLive.MIGRATE and _migrates(found, journey):
        return [plans.rearm(found, now, journey.version)]
    if found.standing == Standing.HELD:
        return [plans.rearm(found, found.until or now)]
    return []


def _migrates(found: Enrolment, journey: versions.Running) -> bool:
    """Return whether the tile it is at exists in the live version, and is of the same kind."""
    old = versions.document(found.journey_id, found.journey_version).tiles.get(found.tile or "")
    new = journey.document.tiles.get(found.tile or "")
    return found.journey_version != journey.version and new is not None and old is not None and new.kind == old.kind


def _stopping(found: Enrolment, reason: StopReason | None, now: datetime) -> list[Write]:
    if reason is not None:
        return plans.end(found, found.state, now, reason)
    return plans.hold(found, found.state, now) if found.standing == Standing.ACTIVE else []


def _change(ids: Sequence[str], writes_of: Any, now: datetime) -> None:
    """Change those inside, one by one. Raises Unavailable if a burst is at work on some: the page comes again."""
    busy = 0
    for found in read(plans.key_of(each) for each in ids):
        if found is None or found.standing not in INSIDE:
            continue
        writes = writes_of(found)
        busy += bool(writes) and (found.leased(now) or not _committed(writes))
    if busy:
        raise Unavailable(f"{busy} enrolments are at work.")


def _committed(writes: list[Write]) -> bool:
    try:
        commit(writes)
    except ConditionFailed:
        return False
    return True


# By the clock ------------------------------------------------------------------------------------------------------


def keep_time(now: datetime) -> None:
    """End journeys whose end has come (JRN-8, JRN-17), begin iterations whose time has come (JRN-16); repeatable."""
    for journey in versions.all_running():
        if journey.ended(now) or closing.settled(journey, now):
            _end(journey, now)
        elif journey.document.recurrence is not None and journey.iteration(now) > 1:
            _begin_iteration(journey, now)


def _end(journey: versions.Running, now: datetime) -> None:
    definition = definitions.get(versions.KIND, journey.journey_id)
    job = stop_job(Stopping.STOP, StopReason.JOURNEY_ENDED)
    try:
        definitions.stop(
            versions.KIND, journey.journey_id, version=definition.version, by="system", now=now, confirmed=True, job=job
        )
    except Conflict:
        return  # stopped already


def _begin_iteration(journey: versions.Running, now: datetime) -> None:
    number = journey.iteration(now)
    begun = iteration_start(journey.document, journey.published_at, number)
    if begun <= journey.published_at:
        return  # publishing enumerated for this iteration
    arguments = {"id": journey.journey_id, "version": journey.version, "inside": GoingLive.KEEP.value}
    job_id = f"journey-{journey.journey_id}-{journey.version}-iteration-{number}"
    try:
        commit(jobs.plan(job_id, JobWanted(START, arguments, 0), now))
    except ConditionFailed:
        return  # begun already


WORKS = {START: Work(start_pages, start_act), LEAVE: Work(leave_pages, leave_act)}
