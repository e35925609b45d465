"""Deciding who is a member: which segments a fact touches, and what an evaluation changes; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.conditions.dependencies import Dependency
from chalicelib.conditions.evaluation import evaluate
from chalicelib.conditions.facts import Facts
from chalicelib.conditions.nodes import Compiled
from chalicelib.conditions.values import folded
from chalicelib.dynamodb import Write
from chalicelib.interactions.facts import ABOUT
from chalicelib.segments import plans
from chalicelib.segments.models import Membership


class Query(Struct, frozen=True):
    """A live dynamic segment, compiled."""

    segment_id: str
    condition: Compiled


RELATED = {"contact.account_id": "account", "lead.contact_id": "lead"}
"""Fields that say which record of an entity belongs to a contact: where one changes, all of that entity does."""


OFTEN = {"subscription", "registration"}
"""Records that come and go often, and matter to nobody who does not ask about them."""


def touched(queries: Collection[Query], fact: Mapping[str, Any]) -> bool:
    """Return whether a fact can change an answer. What is not known to be harmless can."""
    needed = {dependency for query in queries for dependency in query.condition.dependencies}
    name = str(fact.get("fact", ""))
    if name.startswith("interaction."):
        return any(_named(dependency, fact) for dependency in needed)
    entity, _, what = name.partition(".")
    asked = {entity for query in queries for entity in query.condition.entities}
    if what != "changed":
        return entity not in OFTEN or entity in asked
    changed = {f"{entity}.{each}" for each in fact.get("changed", ())}
    related = {RELATED[each] for each in changed & RELATED.keys()}
    return bool(related & asked) or bool(changed & {dependency.subject for dependency in needed})


def _named(dependency: Dependency, fact: Mapping[str, Any]) -> bool:
    if dependency.subject != fact.get("type"):
        return False
    if dependency.attribute not in ABOUT:
        return True  # the fact does not carry this attribute, so it may be the value that is asked for
    return dependency.literal in {folded(each) for each in fact.get("about", ())}


def windows(queries: Iterable[Query]) -> dict[str, timedelta | None]:
    """Return the interaction types that the queries read, each as far back as the longest of them does."""
    longest: dict[str, timedelta | None] = {}
    for query in queries:
        for type_, length in query.condition.interactions.items():
            known = longest.get(type_, length)
            longest[type_] = None if known is None or length is None else max(known, length)
    return longest


class Outcome(Struct, frozen=True):
    """What an evaluation changes (each a join or a leave), and when time alone will first change an answer."""

    changes: Sequence[Sequence[Write]]
    changes_at: datetime | None


def decide(
    contact_id: str, queries: Iterable[Query], facts: Facts, memberships: Mapping[str, Membership], now: datetime
) -> Outcome:
    """Return the joins and leaves that make memberships what the queries answer now."""
    changes: list[list[Write]] = []
    moments: list[datetime] = []
    for query in queries:
        answer = evaluate(query.condition, facts, now)
        if answer.changes_at is not None:
            moments.append(answer.changes_at)
        membership = memberships.get(query.segment_id)
        changes.append(_change(contact_id, query.segment_id, membership, now, holds=answer.holds))
    return Outcome([change for change in changes if change], min(moments, default=None))


def _change(
    contact_id: str, segment_id: str, membership: Membership | None, now: datetime, *, holds: bool
) -> list[Write]:
    member = membership is not None and membership.holds
    if holds and not member:
        return plans.join(segment_id, contact_id, membership, "query", now)
    if member and not holds and membership is not None:
        return plans.leave(membership, now)
    return []
