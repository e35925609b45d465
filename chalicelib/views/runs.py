"""Use cases: an action on all members of a segment, by a bulk job that tells what it came to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from chalicelib.definitions import jobs
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import ConditionFailed, commit, put_new
from chalicelib.errors import NotFound, Unavailable
from chalicelib.segments import service as segments
from chalicelib.views import actions, walks
from chalicelib.views.actions import Asked, Order, Outcome, Result
from chalicelib.views.bulk import ACTION
from chalicelib.views.models import KEPT, Run

PAGE = 25  # contacts that are deleted within the time that a function has
LONGEST_REASON = 120  # letters
BECAUSE = "because:"


def start(segment_id: str, order: Order, run_id: str, by: str, now: datetime) -> Run:
    """Begin to do something with every member. The same id again returns the first one. Raises NotFound, Conflict."""
    definitions.get(segments.KIND, segment_id)
    actions.require(order)
    run = Run(
        *Run.at(run_id),
        run_id=run_id,
        segment_id=segment_id,
        order=order.model_dump(mode="json", exclude_none=True),
        created_at=now,
        created_by=by,
        expires=now + KEPT,
    )
    wanted = JobWanted(ACTION, {"run": run_id}, delay=0)  # jobs are kept, and a reason is what somebody wrote
    with suppress(ConditionFailed):
        commit([put_new(run)], jobs.plan(_job_id(run_id), wanted, now))
    return find(segment_id, run_id, now)


def find(segment_id: str, run_id: str, now: datetime) -> Run:
    """Return what was asked for with a segment's members, for a week. Raises NotFound."""
    run = Run.find(*Run.at(run_id))
    if run is None or run.segment_id != segment_id or run.expires <= now:
        raise NotFound("There is no such action; what actions came to is kept for a week.")
    return run


def job_of(run: Run) -> Job:
    return jobs.get(_job_id(run.run_id))


def _job_id(run_id: str) -> str:
    return f"action-{run_id}"


def sums(run: Run) -> Counter[str]:
    """Return how many contacts came to what so far."""
    found: Counter[str] = Counter()
    for walk in walks.found(run.pk):
        found.update(walk.sums)
    return found


# The job -----------------------------------------------------------------------------------------------------------


def pages(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    run = _asked(arguments)
    if run is None:
        return [], None
    ids, after = segments.slice_of_members(run.segment_id, number, cursor, PAGE)
    return walks.labelled(number, ids), after


def _asked(arguments: Mapping[str, Any]) -> Run | None:
    """Return what somebody asked for; none once it is forgotten, and then nothing more is done."""
    return Run.find(*Run.at(arguments["run"]))


def act(arguments: Mapping[str, Any], labels: Sequence[str], now: datetime) -> None:
    """Do it with those of a page with whom it is not done yet; one that is busy has the page come again."""
    run = _asked(arguments)
    if run is None:
        return
    number, ids = walks.parsed(labels)
    walk = walks.begun(run.pk, number)
    asked = Asked(run.run_id, Order.model_validate(run.order), run.created_by, now)
    outcomes = [actions.perform(asked, each) for each in walks.fresh(walk, ids)]
    if any(each.again for each in outcomes):
        raise Unavailable("Some contacts are being changed by others at this moment.")
    commit([walks.take(walk, ids, _sums(outcomes), now)])


def _sums(outcomes: Sequence[Outcome]) -> Counter[str]:
    found = Counter(str(each.result) for each in outcomes)
    found.update(f"{BECAUSE}{(each.why or '')[:LONGEST_REASON]}" for each in outcomes if each.result is Result.REFUSED)
    return found
