"""Use cases: evaluate a contact's memberships, pick static members by hand, answer who is a member and why."""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.agenda import due_shard
from chalicelib.conditions import sources
from chalicelib.conditions.compiler import compile_condition, problems_of
from chalicelib.conditions.evaluation import Answer, evaluate
from chalicelib.conditions.sources import Identity
from chalicelib.contacts import service as contacts
from chalicelib.contacts.custom.asking import named_by
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked
from chalicelib.dynamodb import SHARDS, ConditionFailed, Key, Write, commit, delete, put, put_new, read, tries
from chalicelib.errors import Conflict, NotFound, Problem
from chalicelib.lists import Asked, Page
from chalicelib.queues import send
from chalicelib.segments import evaluating, following, plans
from chalicelib.segments.evaluating import Outcome, Query
from chalicelib.segments.models import Evaluation, Member, Membership, SegmentsItem, membership_key
from chalicelib.segments.schemas import SegmentDocument, SegmentType
from chalicelib.sweeping import emptied
from chalicelib.tokens import seal, unseal

KIND = "segment"
WORK = "membership"
QUEUE = "membership"
SLACK = timedelta(seconds=5)
MOST_CHANGES = 30  # of three writes each at most, in one transaction of a hundred


def check(document: SegmentDocument) -> Checked:
    """Return what keeps a segment from going live (SEG-3, SEG-11), and the custom fields that it names."""
    asked = [document.query] if document.query is not None else []
    return Checked(_problems(document), named_by(asked))


def _problems(document: SegmentDocument) -> list[Problem]:
    if document.type is SegmentType.STATIC:
        refused = document.query is not None
        return [Problem("query", "A static segment has no query; its members are picked by hand.")] if refused else []
    if document.query is None:
        return [Problem("query", "A dynamic segment needs a query.")]
    return list(problems_of(document.query, sources.current_catalogue(), ZoneInfo(document.time_zone), "/query"))


def evaluate_contact(fact: dict[str, Any], now: datetime) -> None:
    """Bring a contact's memberships up to date after a fact, or because their time has come.

    Safe to repeat and to race: every evaluation is fenced by the contact's record. Raises Conflict after five lost
    races, so that the queue tries again.
    """
    contact_id = fact["contact"]
    if fact["fact"] == "contact.deleted":
        forget(contact_id, now)
        return
    if fact["fact"] == "contact.merged":
        following.follow(contact_id, now)
    queries = live_queries()
    due = fact["fact"] == "due"  # it leaves the agenda only by being evaluated, also where no segment is live any more
    if not due and not (queries and evaluating.touched(queries, fact)):
        return
    for _ in tries():
        if _evaluated(contact_id, queries, fact.get("at"), now):
            return
    raise Conflict("The contact's memberships are being evaluated by others.")


def _evaluated(contact_id: str, queries: list[Query], at: str | None, now: datetime) -> bool:
    record = Evaluation.find(*Evaluation.at(contact_id))
    if record is not None and at is not None and datetime.fromisoformat(at) < record.evaluated_at - SLACK:
        return True
    memberships = memberships_of(contact_id)
    who = contacts.who_is(contact_id)
    if who.contact is None or who.id != contact_id:
        forget(contact_id, now, queries if who.contact else None)
        return who.contact is None or _evaluated(who.id, queries, at, now)
    entities = {entity for query in queries for entity in query.condition.entities}
    facts = sources.gather(who, entities, evaluating.windows(queries), now)
    outcome = evaluating.decide(contact_id, queries, facts, memberships, now)
    try:
        _keep(contact_id, record.version if record else 0, outcome, now)
    except ConditionFailed:
        return False
    return True


def _keep(contact_id: str, version: int, outcome: Outcome, now: datetime) -> None:
    """Write what an evaluation changes, in as many transactions as it takes.

    Until the last one the contact is due at once, so that an evaluation that dies on the way is taken up again.
    """
    parts = [outcome.changes[start : start + MOST_CHANGES] for start in range(0, len(outcome.changes), MOST_CHANGES)]
    for part in parts[:-1]:
        _keep_part(contact_id, version, part, now, now)
        version += 1
    _keep_part(contact_id, version, parts[-1] if parts else [], outcome.changes_at, now)


def _keep_part(
    contact_id: str, version: int, part: Sequence[Sequence[Write]], due: datetime | None, now: datetime
) -> None:
    record = Evaluation(*Evaluation.at(contact_id), contact_id=contact_id, version=version + 1, evaluated_at=now)
    if due is not None:
        record.due_shard, record.due = due_shard(WORK, contact_id), due
    fenced = put(record, Evaluation.version == version) if version else put_new(record)
    there = [contacts.still_itself(contact_id)] if part else []
    commit([fenced], there, *part)


def forget(contact_id: str, now: datetime, queries: Iterable[Query] | None = None) -> None:
    """End all memberships of a contact that is deleted, or those by `queries`, and take it off the agenda."""
    asked = None if queries is None else {query.segment_id for query in queries}
    for membership in memberships_of(contact_id).values():
        if membership.holds and (asked is None or membership.segment_id in asked):
            commit(plans.leave(membership, now))
    commit([delete(Key(Evaluation, *Evaluation.at(contact_id)))])


def sweep(contact_id: str, now: datetime) -> bool:
    """Delete what a deleted contact was a member of; return whether nothing is left (decision 40)."""
    forget(contact_id, now)
    return emptied(SegmentsItem, f"CONTACT#{contact_id}")


def evaluate_account(fact: dict[str, Any]) -> None:
    """Have an account's contacts evaluated after it changed, a page a message, if a segment asks about accounts."""
    if not any("account" in query.condition.entities for query in live_queries()):
        return
    found = contacts.by_account(fact["id"], Asked(100, fact.get("cursor")))
    send(
        QUEUE,
        ({"fact": "contact.changed", "contact": each.contact_id, "changed": ["account_id"]} for each in found.items),
    )
    if found.next_cursor is not None:
        send(QUEUE, [{**fact, "cursor": found.next_cursor}])


def live_queries() -> list[Query]:
    """Return the live dynamic segments, compiled (each version once a process)."""
    live = [each for each in live_definitions.all_live(KIND) if each.document["type"] == SegmentType.DYNAMIC]
    return [Query(each.id, _compiled(json.dumps(each.document, sort_keys=True))) for each in live]


@lru_cache(maxsize=500)
def _compiled(document: str) -> Any:
    segment = SegmentDocument.model_validate_json(document)
    if segment.query is None:
        raise Conflict("A dynamic segment without a query went live.")
    return compile_condition(segment.query, sources.catalogue(), ZoneInfo(segment.time_zone), "/query")


def memberships_of(contact_id: str) -> dict[str, Membership]:
    """Return a contact's current and last times in segments, by segment, read consistently."""
    found = SegmentsItem.query(f"CONTACT#{contact_id}", SegmentsItem.sk.startswith("MEMBER#"), consistent_read=True)
    return {item.segment_id: item for item in found if isinstance(item, Membership)}


def is_member(contact_id: str, segment_id: str) -> bool:
    """Return whether a contact is a member now, read consistently."""
    membership = Membership.find(*Membership.at(segment_id, contact_id))
    return membership is not None and membership.holds


def are_members(contact_id: str, segment_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the segments that a contact is a member of now, in one read."""
    found = read(membership_key(contact_id, segment_id) for segment_id in segment_ids)
    return frozenset(item.segment_id for item in found if item is not None and item.holds)


def pick(segment_id: str, contact_ids: Iterable[str], now: datetime) -> None:
    """Put contacts into a static segment by hand, draft or live (SEG-16, CON-17).

    Raises Conflict for a dynamic segment, NotFound for a contact that does not exist (nobody is added then).
    """
    require_static(segment_id)
    wanted = list(dict.fromkeys(contact_ids))
    found = {contact.contact_id for contact in contacts.find_many(wanted)}
    if missing := [each for each in wanted if each not in found]:
        raise NotFound("Some of these contacts do not exist.", [Problem("contact_ids", each) for each in missing])
    for contact_id in wanted:
        by_hand(segment_id, contact_id, now, member=True)


def by_hand(segment_id: str, contact_id: str, now: datetime, *, member: bool) -> bool:
    """Put somebody in or take it out, whatever a query says; return whether that changed anything.

    Raises NotFound for who was deleted, Conflict.
    """
    for _ in tries():
        who = contacts.find_who(contact_id)
        writes = _moved(segment_id, who, now, member=member)
        try:
            commit([contacts.still_as_read(who.contact)] if writes else [], writes)
        except ConditionFailed:
            continue  # deleted, merged, changed, or somebody else was quicker
        return bool(writes)
    raise Conflict("Others are changing this contact's membership. Try again in a moment.")


def _moved(segment_id: str, who: Identity, now: datetime, *, member: bool) -> list[Write]:
    """Pick the main contact, or unpick all that somebody is."""
    if member:
        return plans.put_in(segment_id, who.id, Membership.find(*Membership.at(segment_id, who.id)), now)
    found = read(membership_key(each, segment_id) for each in who.ids)
    return plans.take_out([each for each in found if each is not None], now)


def unpick(segment_id: str, contact_id: str, now: datetime) -> None:
    """Take a contact out of a static segment. Raises Conflict for a dynamic one; a non-member is no error."""
    require_static(segment_id)
    with suppress(NotFound):  # who was deleted is no member
        by_hand(segment_id, contact_id, now, member=False)


def require_static(segment_id: str) -> None:
    """Raise Conflict for a segment whose members a query decides, NotFound."""
    document = definitions.get(KIND, segment_id).document
    if document["type"] != SegmentType.STATIC:
        raise Conflict("This segment is dynamic: its query decides who is a member. Only static ones are hand-picked.")


def members(segment_id: str, asked: Asked) -> Page[Member]:
    """Return a page of the members, shard by shard. Raises NotFound, Invalid for a cursor that is not ours."""
    definitions.get(KIND, segment_id)
    place = unseal("members", asked.cursor).split("|") if asked.cursor else ["0", ""]
    number, after = int(place[0]), place[1]
    found: list[Member] = []
    while number < SHARDS and len(found) < asked.limit:
        pk = f"SEGMENT#{segment_id}#{number}"
        start = {"pk": {"S": pk}, "sk": {"S": after}} if after else None
        taken = list(Member.query(pk, limit=asked.limit - len(found), last_evaluated_key=start))
        found += taken
        full = len(found) == asked.limit
        number, after = (number, taken[-1].sk) if full and taken else (number + 1, "")
    return Page(found, seal("members", f"{number}|{after}") if number < SHARDS else None)


def slice_of_members(segment_id: str, number: int, after: str | None, most: int) -> tuple[list[str], str | None]:
    """Return contacts of one slice (0 to 15) of a segment, for bulk work, and where to go on (None: no more)."""
    pk = f"SEGMENT#{segment_id}#{number}"
    place = {"pk": {"S": pk}, "sk": {"S": after}} if after else None
    found = list(Member.query(pk, limit=most, last_evaluated_key=place))
    return [member.contact_id for member in found], found[-1].sk if len(found) == most else None


def why(segment_id: str, contact_id: str, now: datetime) -> Answer:
    """Answer whether a live dynamic segment's query holds for a contact now, and why (invariant 14).

    Raises NotFound for a contact that does not exist, Conflict for a segment without a live query.
    """
    who = contacts.find_who(contact_id)
    query = next((each for each in live_queries() if each.segment_id == segment_id), None)
    if query is None:
        raise Conflict("Only a live dynamic segment has a query that can be asked.")
    facts = sources.gather(who, query.condition.entities, evaluating.windows([query]), now)
    return evaluate(query.condition, facts, now)


def foresee(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    """Say in which segments somebody is who would be merged, and which of them only the others are in."""
    mine = {each for one in ours for each, membership in memberships_of(one).items() if membership.holds}
    other = {each for one in theirs for each, membership in memberships_of(one).items() if membership.holds}
    return {"now": sorted(mine), "of_the_other": sorted(other - mine)}
