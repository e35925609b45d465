"""Deciding who is a member: which segments a fact touches, and what an evaluation changes; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.conditions.evaluation import evaluate
from chalicelib.conditions.facts import Facts
from chalicelib.conditions.nodes import Compiled
from chalicelib.dynamodb import Write
from chalicelib.segments import plans
from chalicelib.segments.models import Membership


@dataclass(frozen=True, slots=True)
class Query:
    """A live dynamic segment, compiled."""

    segment_id: str
    condition: Compiled


def touched(queries: Iterable[Query], fact: Mapping[str, Any]) -> bool:
    """Return whether a fact can change an answer. A new contact, or a wake by time, touches everything."""
    entity = str(fact.get("fact", "")).partition(".")[0]
    if entity == "interaction":
        return any(_named(query, fact) for query in queries)
    changed = {f"{entity}.{name}" for name in fact.get("changed", ())}
    if not changed:
        return True
    return any(changed & {dependency.subject for dependency in query.condition.dependencies} for query in queries)


def _named(query: Query, fact: Mapping[str, Any]) -> bool:
    about = {str(each).casefold() for each in fact.get("about", ())}
    return any(
        dependency.subject == fact["type"] and (not dependency.literal or dependency.literal in about)
        for dependency in query.condition.dependencies
    )


def windows(queries: Iterable[Query]) -> dict[str, timedelta | None]:
    """Return the interaction types that the queries read, each as far back as the longest of them does."""
    longest: dict[str, timedelta | None] = {}
    for query in queries:
        for type_, length in query.condition.interactions.items():
            known = longest.get(type_, length)
            longest[type_] = None if known is None or length is None else max(known, length)
    return longest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation changes, and the first moment at which time alone changes an answer."""

    writes: Sequence[Write]
    changes_at: datetime | None


def decide(
    contact_id: str, queries: Iterable[Query], facts: Facts, memberships: Mapping[str, Membership], now: datetime
) -> Outcome:
    """Return the joins and leaves that make memberships what the queries answer now."""
    writes: list[Write] = []
    moments: list[datetime] = []
    for query in queries:
        answer = evaluate(query.condition, facts, now)
        if answer.changes_at is not None:
            moments.append(answer.changes_at)
        writes += _change(contact_id, query.segment_id, memberships.get(query.segment_id), now, holds=answer.holds)
    return Outcome(writes, min(moments, default=None))


def _change(
    contact_id: str, segment_id: str, membership: Membership | None, now: datetime, *, holds: bool
) -> list[Write]:
    member = membership is not None and membership.holds
    if holds and not member:
        return plans.join(segment_id, contact_id, membership, "query", now)
    if member and not holds and membership is not None:
        return plans.leave(membership, now)
    return []
