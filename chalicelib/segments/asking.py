"""Queries that are asked once: members of static segments by query (SEG-16), and a segment's size before (SEG-6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from chalicelib.conditions import sources
from chalicelib.conditions.compiler import compile_condition, problems_of
from chalicelib.conditions.evaluation import evaluate
from chalicelib.conditions.nodes import Compiled
from chalicelib.contacts import sampling
from chalicelib.definitions import jobs
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.errors import Conflict, NotFound, Unprocessable
from chalicelib.segments import service
from chalicelib.segments.schemas import Change, MembersByQuery, SegmentDocument

WORK = "segment-members"
MOST_SAMPLED = 160
PAGE = 50

Arguments = Mapping[str, Any]


def _checked(asked: MembersByQuery) -> Compiled:
    """Compile a query as somebody sent it. Raises Unprocessable with every problem at once."""
    zone, catalogue = ZoneInfo(asked.time_zone), sources.current_catalogue()
    if problems := list(problems_of(asked.query, catalogue, zone, "/query")):
        raise Unprocessable("The query cannot be asked as it stands.", problems)
    return compile_condition(asked.query, catalogue, zone)


def _compiled(asked: MembersByQuery) -> Compiled:
    """Compile a query that was checked when it was sent."""
    return compile_condition(asked.query, sources.catalogue(), ZoneInfo(asked.time_zone))


def _holds(query: Compiled, contact_id: str, now: datetime) -> bool:
    facts = sources.gather(contact_id, query.entities | {"contact"}, dict(query.interactions), now)
    return bool(facts.records("contact")) and evaluate(query, facts, now).holds


# Members by query --------------------------------------------------------------------------------------------------


def change(segment_id: str, asked: MembersByQuery, job_id: str, now: datetime) -> Job:
    """Begin to ask every contact, or every member, once. The same id again returns the job it began the first time.

    Raises Conflict for a dynamic segment, Unprocessable for a query that cannot be asked, NotFound.
    """
    service.require_static(segment_id)
    _checked(asked)
    arguments = {"id": segment_id, "asked": asked.model_dump(mode="json", by_alias=True)}
    try:
        commit(jobs.plan(job_id, JobWanted(WORK, arguments, 0), now))
    except ConditionFailed:
        return jobs.get(job_id)  # begun before
    return jobs.get(job_id)


def members(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    """Enumerate who may have to leave."""
    return service.slice_of_members(arguments["id"], number, cursor, PAGE)


def adds(arguments: Arguments) -> bool:
    return bool(arguments["asked"]["change"] == Change.ADD)


def act(arguments: Arguments, contact_ids: Sequence[str], now: datetime) -> None:
    """Put in or take out those of a page for whom the query holds; safe to repeat."""
    query = _compiled(MembersByQuery.model_validate(arguments["asked"]))
    for contact_id in contact_ids:
        if _holds(query, contact_id, now):
            _change(arguments["id"], contact_id, now, member=adds(arguments))


def _change(segment_id: str, contact_id: str, now: datetime, *, member: bool) -> None:
    try:
        service.by_hand(segment_id, contact_id, now, member=member)
    except NotFound:
        return  # deleted meanwhile


# The size before ---------------------------------------------------------------------------------------------------


class Estimate(Struct, frozen=True):
    """How many of how many contacts would be members, by how many that were asked."""

    members: int
    contacts: int
    sampled: int
    exact: bool


def estimate(segment_id: str, now: datetime) -> Estimate:
    """Ask the draft's query of a bounded sample of contacts. Raises Conflict, Unprocessable, NotFound."""
    document = SegmentDocument.model_validate(definitions.get(service.KIND, segment_id).document)
    if document.query is None:
        raise Conflict("This segment has no query; its size is that of its list of members.")
    asked = MembersByQuery(change=Change.ADD, query=document.query, time_zone=document.time_zone)
    query, sample = _checked(asked), sampling.take(MOST_SAMPLED)
    found = sum(_holds(query, each, now) for each in sample.contact_ids)
    number = len(sample.contact_ids)
    total = number if sample.complete else sampling.count_about()
    share = found / number if number else 0.0
    return Estimate(round(share * total), total, number, sample.complete)
