"""What an answer depends on, and what a fact can therefore wake."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from msgspec import Struct

from chalicelib.conditions.durations import Duration
from chalicelib.conditions.facts import Interaction
from chalicelib.conditions.schemas import AttributeClause, BehaviourClause, Condition, Not, Operator
from chalicelib.conditions.values import folded

_EQUAL = frozenset({Operator.EQUALS, Operator.IN})


class Dependency(Struct, frozen=True, order=True):
    """A field such as `contact.city`, or an interaction type, narrowed to one value of one attribute where possible."""

    subject: str
    attribute: str = ""
    literal: str = ""

    def __str__(self) -> str:
        return f"{self.subject}?{self.attribute}={self.literal}" if self.attribute else self.subject


def of_interactions(type_: str, where: Iterable[AttributeClause]) -> Iterator[Dependency]:
    """Yield what a clause about interactions depends on: one equality filter on texts suffices to narrow it."""
    for clause in where:
        literals = [folded(value) for value in clause.values]
        if clause.operator in _EQUAL and literals and None not in literals:
            yield from (Dependency(type_, clause.field, literal or "") for literal in literals)
            return
    yield Dependency(type_)


def woken_by(fact: Interaction) -> frozenset[Dependency]:
    """Return every dependency that this fact can touch; whoever declared one of them has to look again."""
    return frozenset(
        [Dependency(fact.type)]
        + [Dependency(fact.type, name, literal) for name, value in _texts(fact) if (literal := folded(value))]
    )


def _texts(fact: Interaction) -> Iterator[tuple[str, object]]:
    for name, value in fact.attributes.items():
        if name == "properties" and isinstance(value, Mapping):
            yield from ((f"properties.{key}", inner) for key, inner in value.items())
        else:
            yield name, value


def longest_windows(reads: Iterable[tuple[str, Duration | None]]) -> dict[str, timedelta | None]:
    """Return for each interaction type how far back it is read; None is without end."""
    windows: dict[str, timedelta | None] = {}
    for type_, within in reads:
        length = None if within is None else within.longest
        known = windows.get(type_, length)
        windows[type_] = None if known is None or length is None else max(known, length)
    return windows


def clauses(condition: Condition) -> Iterator[AttributeClause | BehaviourClause]:
    match condition:
        case AttributeClause() | BehaviourClause():
            yield condition
        case Not(condition=inner):
            yield from clauses(inner)
        case _:
            for part in condition.conditions:
                yield from clauses(part)


def of_clause(clause: AttributeClause | BehaviourClause) -> Iterator[Dependency]:
    if isinstance(clause, AttributeClause):
        yield Dependency(clause.field)
    else:
        yield from of_interactions(clause.interaction, clause.where)
