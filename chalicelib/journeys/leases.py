"""Who works on an enrolment: claims, marks for facts that met a lease, failures set aside and resumed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.dynamodb import ConditionFailed, Write, change, commit, tries
from chalicelib.errors import Conflict, NotFound
from chalicelib.journeys import plans
from chalicelib.journeys.models import Enrolment, Standing

BACK_OFF = timedelta(seconds=30)


def claimed(task: Mapping[str, Any], now: datetime) -> Enrolment | None:
    """Take the lease of an enrolment; None where there is nothing to do for this wake.

    A fact that meets a live lease leaves a mark for the burst that holds it; time that meets one ends at once.
    """
    for _ in tries():
        try:
            return _taken(task, now)
        except ConditionFailed as failed:
            [(_, found)] = failed.of(Enrolment)
            if found is None or not _marks(task, found, now):
                return None
            if _marked(task["enrolment"], found):
                return None
    raise Conflict("The enrolment is being changed by others.")


def _taken(task: Mapping[str, Any], now: datetime) -> Enrolment:
    raw = change(plans.claim(task["enrolment"], task["token"], now, at_tile=task.get("at_tile")))
    return Enrolment.from_raw_data(dict(raw))


def _marks(task: Mapping[str, Any], found: Enrolment, now: datetime) -> bool:
    """Return whether this wake has to leave a mark; set aside, on the way, what failed too often."""
    if found.standing != Standing.ACTIVE:
        return False
    if found.leased(now):
        return task.get("at_tile") is not None
    if found.attempts >= plans.MOST_ATTEMPTS:
        _set_aside(found, None)
    return False


def _marked(enrolment_id: str, found: Enrolment) -> bool:
    """Leave the mark; False where the lease has changed hands since, so that the fact must claim again."""
    try:
        commit([plans.count_wake(enrolment_id, found.token or "")])
    except ConditionFailed:
        return False
    return True


def _set_aside(found: Enrolment, reason: str | None) -> None:
    _if_still_so(plans.set_aside(found.enrolment_id, found.token, reason))


def give_up(task: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Keep why a burst failed and try again later, each time later; after five tries leave it to a user."""
    enrolment = Enrolment.find(*Enrolment.at(task["enrolment"]))
    if enrolment is not None and enrolment.standing == Standing.ACTIVE:
        _given_up(enrolment, task, now)
    return {**task, "next": "done"}


def _given_up(enrolment: Enrolment, task: Mapping[str, Any], now: datetime) -> None:
    if enrolment.token != task["token"]:
        _call_again(task, now)
        return
    reason = str(task.get("error", "unknown"))[:200]
    if enrolment.attempts >= plans.MOST_ATTEMPTS:
        _set_aside(enrolment, reason)
        return
    due = now + BACK_OFF * 2**enrolment.attempts
    _if_still_so(plans.back_off(enrolment.enrolment_id, task["token"], reason, due))


def _call_again(task: Mapping[str, Any], now: datetime) -> None:
    """Let the agenda wake what a fact called, where the claim itself failed."""
    if task.get("at_tile") is not None:
        _if_still_so(plans.bring_forward(task["enrolment"], task["at_tile"], now + BACK_OFF))


def _if_still_so(write: Write) -> None:
    try:
        commit([write])
    except ConditionFailed:
        return  # somebody else was quicker


def resume(enrolment_id: str, now: datetime) -> Enrolment:
    """Let a user put what was set aside back to work. Raises NotFound, Conflict."""
    enrolment = Enrolment.find(*Enrolment.at(enrolment_id))
    if enrolment is None:
        raise NotFound("There is no such enrolment.")
    if enrolment.standing != Standing.SET_ASIDE:
        raise Conflict("Only an enrolment that was set aside can be resumed.")
    try:
        commit([plans.rearm(enrolment, now)])  # seen by whoever looks on, which a change alone is not
    except ConditionFailed as failed:
        raise Conflict("Somebody else changed this enrolment at the same moment.") from failed
    resumed = Enrolment.find(*Enrolment.at(enrolment_id))
    if resumed is None:
        raise NotFound("There is no such enrolment.")
    return resumed
