"""Operators: which there are for each type, how many values they take, and what they mean."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, tzinfo
from enum import Enum
from typing import Any

from chalicelib.conditions.catalogue import FieldType
from chalicelib.conditions.schemas import Operator

Comparison = Callable[[Any], bool]


class Values(Enum):
    """How many values an operator takes, in words for the one who writes the condition."""

    NONE = "takes no value"
    ONE = "takes exactly one value"
    TWO = "takes two values, the lower one first"
    SOME = "needs at least one value"
    DURATION = "takes one duration, such as P30D"
    DATES = "needs at least one date, such as 2026-05-01, 2026-05 or 2026, or --05-01 for that day of every year"


_PRESENCE = frozenset({Operator.IS_PRESENT, Operator.IS_MISSING})
_EQUALITY = frozenset({Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN})
_PARTS = frozenset({Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH})
_SIZE = frozenset({Operator.LESS_THAN, Operator.AT_MOST, Operator.MORE_THAN, Operator.AT_LEAST, Operator.BETWEEN})
_TIME = frozenset(
    {Operator.BEFORE, Operator.AFTER, Operator.ON, Operator.ON_OR_BEFORE, Operator.ON_OR_AFTER, Operator.BETWEEN}
    | {Operator.IN_LAST, Operator.IN_NEXT}
)
_LIST = frozenset({Operator.CONTAINS_ALL, Operator.CONTAINS_ANY, Operator.CONTAINS_NONE})

OPERATORS: Mapping[FieldType, frozenset[Operator]] = {
    FieldType.TEXT: _PRESENCE | _EQUALITY | _PARTS,
    FieldType.ID: _PRESENCE | _EQUALITY,
    FieldType.NUMBER: _PRESENCE | _EQUALITY | _SIZE,
    FieldType.INTEGER: _PRESENCE | _EQUALITY | _SIZE,
    FieldType.BOOLEAN: _PRESENCE | {Operator.EQUALS, Operator.NOT_EQUALS},
    FieldType.INSTANT: _PRESENCE | _TIME,
    FieldType.DATE: _PRESENCE | _EQUALITY | _TIME,
    FieldType.CHOICE: _PRESENCE | _EQUALITY,
    FieldType.TEXTS: _PRESENCE | _LIST,
}
"""The operators of each type (SEG-10)."""

RELATIVE = frozenset({Operator.IN_LAST, Operator.IN_NEXT})
"""Operators whose answer depends on the time at which one asks."""

NEGATIVE: Mapping[Operator, Operator] = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.CONTAINS_NONE: Operator.CONTAINS_ANY,
    Operator.IS_MISSING: Operator.IS_PRESENT,
}
"""Operators that hold where the other does not, and so on everything absent (decision 3)."""

_TAKES: Mapping[Operator, Values] = {
    Operator.IS_PRESENT: Values.NONE,
    Operator.IS_MISSING: Values.NONE,
    Operator.LESS_THAN: Values.ONE,
    Operator.AT_MOST: Values.ONE,
    Operator.MORE_THAN: Values.ONE,
    Operator.AT_LEAST: Values.ONE,
    Operator.BEFORE: Values.ONE,
    Operator.AFTER: Values.ONE,
    Operator.ON_OR_BEFORE: Values.ONE,
    Operator.ON_OR_AFTER: Values.ONE,
    Operator.BETWEEN: Values.TWO,
    Operator.IN_LAST: Values.DURATION,
    Operator.IN_NEXT: Values.DURATION,
    Operator.ON: Values.DATES,
}


def takes(operator: Operator) -> Values:
    return _TAKES.get(operator, Values.SOME)


def _equals(literals: Sequence[Any]) -> Comparison:
    return frozenset(literals).__contains__


def _contains(literals: Sequence[Any]) -> Comparison:
    return lambda value: any(part in value for part in literals)


def _starts_with(literals: Sequence[Any]) -> Comparison:
    starts = tuple(literals)
    return lambda value: bool(value.startswith(starts))


def _ends_with(literals: Sequence[Any]) -> Comparison:
    ends = tuple(literals)
    return lambda value: bool(value.endswith(ends))


def _contains_all(literals: Sequence[Any]) -> Comparison:
    return lambda value: value.issuperset(literals)


def _contains_any(literals: Sequence[Any]) -> Comparison:
    return lambda value: not value.isdisjoint(literals)


def _less(literals: Sequence[Any]) -> Comparison:
    return lambda value: bool(value < literals[0])


def _at_most(literals: Sequence[Any]) -> Comparison:
    return lambda value: bool(value <= literals[0])


def _more(literals: Sequence[Any]) -> Comparison:
    return lambda value: bool(value > literals[0])


def _at_least(literals: Sequence[Any]) -> Comparison:
    return lambda value: bool(value >= literals[0])


def _between(literals: Sequence[Any]) -> Comparison:
    low, high = literals
    return lambda value: bool(low <= value <= high)


def _present(_: Sequence[Any]) -> Comparison:
    return lambda _: True


_MEANINGS: Mapping[Operator, Callable[[Sequence[Any]], Comparison]] = {
    Operator.EQUALS: _equals,
    Operator.IN: _equals,
    Operator.CONTAINS: _contains,
    Operator.STARTS_WITH: _starts_with,
    Operator.ENDS_WITH: _ends_with,
    Operator.CONTAINS_ALL: _contains_all,
    Operator.CONTAINS_ANY: _contains_any,
    Operator.LESS_THAN: _less,
    Operator.BEFORE: _less,
    Operator.AT_MOST: _at_most,
    Operator.ON_OR_BEFORE: _at_most,
    Operator.MORE_THAN: _more,
    Operator.AFTER: _more,
    Operator.AT_LEAST: _at_least,
    Operator.ON_OR_AFTER: _at_least,
    Operator.BETWEEN: _between,
    Operator.IS_PRESENT: _present,
}


def comparison(type_: FieldType, operator: Operator, literals: Sequence[Any], zone: tzinfo) -> Comparison:
    """Return what the operator, without its negation, asks of a value that is there."""
    if operator is Operator.ON:
        return _on(type_, literals, zone)
    return _MEANINGS[NEGATIVE.get(operator, operator)](literals)


def _on(type_: FieldType, literals: Sequence[Any], zone: tzinfo) -> Comparison:
    days = frozenset(literals)
    if type_ is FieldType.DATE:
        return lambda day: not days.isdisjoint(_parts_of(day))
    return lambda instant: not days.isdisjoint(_parts_of(instant.astimezone(zone).date()))


def _parts_of(day: date) -> tuple[str, ...]:
    """Return every way in which a condition may write a day: whole, its month, its year, month or day of any year."""
    whole = day.isoformat()
    return whole, whole[:7], whole[:4], f"-{whole[4:]}", f"-{whole[4:7]}"
