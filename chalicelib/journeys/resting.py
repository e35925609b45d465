"""A burst that comes to rest: first the wait rows, then the facts, then the rest, unless a fact came in between."""

from datetime import datetime
from typing import Any

from chalicelib.dynamodb import ConditionFailed, commit, tries
from chalicelib.errors import Conflict
from chalicelib.journeys import bursts, plans, waiting
from chalicelib.journeys.bursts import Burst, Task
from chalicelib.journeys.models import Enrolment
from chalicelib.journeys.walk import Halt


def rest(task: Task, now: datetime) -> dict[str, Any]:
    """Rest or finish; first the wait rows, then the facts, then the rest, unless a fact came in between (design 5)."""
    for _ in tries():
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
    if not bursts.waits_for_facts(burst, stop):
        if stop.halt is not Halt.EFFECT:
            commit(bursts.settled(burst, stop))
        return bursts.after(burst, stop)
    mark = waiting.write_rows(burst.enrolment, stop.state, burst.document)
    stop = burst.walker(deeds_known=True).walk(burst.enrolment.state)
    if not bursts.waits_for_facts(burst, stop):
        commit(bursts.settled(burst, stop))
        return bursts.after(burst, stop)
    if waiting.mark(stop.state) != mark or stop.until is None:
        commit(plans.advance(burst.enrolment, stop.state))
        return None
    commit(bursts.rest(burst, stop, stop.until, waits=mark))
    waiting.call_back(burst.enrolment.enrolment_id, stop.until, burst.now)
    return burst.over()
