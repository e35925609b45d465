"""Clauses about one field, checked against the catalogue and compiled into a test of a record."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from msgspec import Struct

from chalicelib.conditions.catalogue import JSON_TYPES, Field, Fields, FieldType
from chalicelib.conditions.durations import BEGINNING_OF_TIME, END_OF_TIME, Duration
from chalicelib.conditions.facts import Record
from chalicelib.conditions.operators import NEGATIVE, OPERATORS, RELATIVE, Comparison, Values, comparison, takes
from chalicelib.conditions.schemas import AttributeClause, Operator
from chalicelib.conditions.values import CANONICAL, STORED, date_text, literal
from chalicelib.errors import Invalid, Problem

Read = Callable[[Record], Any]
Canonical = Callable[[Any], Any]
Span = Callable[[Record], tuple[datetime, datetime] | None]
Between = Callable[[datetime, Duration, tzinfo], tuple[datetime, datetime]]

PROPERTIES = "properties."
CUSTOM = "custom."
NESTED = (PROPERTIES, CUSTOM)
"""Where names lead into a map that the record or the interaction has."""


class Test(Struct, frozen=True):
    """A clause that can be asked of a record; where `span` is there, it holds from its start until before its end."""

    field: str
    text: str
    holds: Callable[[Record], bool]
    saw: Read
    span: Span | None = None

    def judge(self, record: Record, now: datetime) -> tuple[bool, datetime | None]:
        """Return whether it holds, and when time alone will next change that."""
        if self.span is None:
            return self.holds(record), None
        span = self.span(record)
        if span is None or span[1] <= now:
            return False, None
        return (False, span[0]) if now < span[0] else (True, span[1])


class ClauseCompiler:
    """Compiles clauses and notes every problem it meets on the way.

    Unless custom fields are known (`customised`) a clause about one is believed which type that has.
    """

    def __init__(self, zone: tzinfo, problems: list[Problem], *, customised: bool = False) -> None:
        self._zone = zone
        self._problems = problems
        self._customised = customised

    def of_record(self, clause: AttributeClause, name: str, fields: Fields, place: str) -> Test | None:
        """Return the test of a record's field `name`, or None where there were problems."""
        return self._test(clause, name, self._declared(clause, name, fields, place), place)

    def of_interaction(self, clause: AttributeClause, fields: Fields, place: str) -> Test | None:
        """Return the test of an interaction's attributes, undeclared properties included."""
        if clause.operator in RELATIVE:
            self._refuse(f"{place}/operator", "Say how recent an interaction has to be with “within”.")
            return None
        is_property = clause.field.startswith(PROPERTIES)
        field = self._property(clause, place) if is_property else self._declared(clause, clause.field, fields, place)
        return self._test(clause, clause.field, field, place)

    def _test(self, clause: AttributeClause, name: str, field: Field | None, place: str) -> Test | None:
        if field is None:
            return None
        if clause.operator not in OPERATORS[field.type]:
            known = ", ".join(sorted(OPERATORS[field.type]))
            self._refuse(f"{place}/operator", f"{clause.field} is of type {field.type}: it can be asked with {known}.")
            return None
        literals = self._literals(clause, field, place)
        return None if literals is None else self._build(clause, name, field, literals)

    def _refuse(self, place: str, message: str) -> None:
        self._problems.append(Problem(place, message))

    def _declared(self, clause: AttributeClause, name: str, fields: Fields, place: str) -> Field | None:
        field = fields.get(name)
        if name.startswith(CUSTOM) and not self._customised and clause.type is not None:
            return Field(clause.type)
        if field is None:
            self._refuse(f"{place}/field", f"There is no field {clause.field}.")
        elif name.startswith(CUSTOM) and clause.type is None:
            self._refuse(f"{place}/type", f"Say of which type {clause.field} is: {field.type}.")
        elif clause.type not in {None, field.type}:
            self._refuse(f"{place}/type", f"{clause.field} is of type {field.type}, not {clause.type}.")
        return field

    def _property(self, clause: AttributeClause, place: str) -> Field | None:
        if clause.field == PROPERTIES:
            self._refuse(f"{place}/field", "Name the property, as in properties.colour.")
        elif clause.type not in JSON_TYPES:
            known = ", ".join(sorted(JSON_TYPES))
            self._refuse(f"{place}/type", f"Say which type {clause.field} is expected to have: one of {known}.")
        else:
            return Field(clause.type)
        return None

    def _literals(self, clause: AttributeClause, field: Field, place: str) -> list[Any] | None:
        expected = takes(clause.operator)
        if not _fits(len(clause.values), expected):
            self._refuse(f"{place}/values", f"“{clause.operator}” {expected.value}.")
            return None
        read = [self._literal(given, field, expected, f"{place}/values/{at}") for at, given in enumerate(clause.values)]
        if any(value is None for value in read):
            return None
        if expected is Values.TWO and read[0] > read[1]:
            self._refuse(f"{place}/values", "The first value is above the second; nothing lies between them.")
            return None
        return read

    def _literal(self, given: Any, field: Field, expected: Values, place: str) -> Any:
        try:
            value = _READERS[expected](given) if expected in _READERS else literal(field.type, given)
        except (ValueError, Invalid) as refused:
            self._refuse(place, str(refused))
            return None
        if field.options and value not in field.options:
            self._refuse(place, f"“{value}” is none of the options {', '.join(field.options)}.")
            return None
        return value

    def _build(self, clause: AttributeClause, name: str, field: Field, literals: list[Any]) -> Test:
        read, canonical = _reader(name), (STORED if name.startswith(CUSTOM) else CANONICAL)[field.type]
        text = _sentence(clause)
        if clause.operator in RELATIVE:
            span = _span(read, canonical, literals[0], _SPANS[clause.operator], self._zone)
            return Test(clause.field, text, lambda record: span(record) is not None, read, span)
        matches = comparison(field.type, clause.operator, literals, self._zone)
        if clause.operator in NEGATIVE:
            return Test(clause.field, text, _not_holding(read, canonical, matches), read)
        if name.startswith(NESTED):
            return Test(clause.field, text, _holding(read, canonical, matches), read)
        if clause.operator is Operator.EQUALS and field.type in {FieldType.ID, FieldType.CHOICE}:
            return Test(clause.field, text, _being(name, literals[0]), read)
        return Test(clause.field, text, _having(name, canonical, matches), read)


def _fits(count: int, expected: Values) -> bool:
    exact = {Values.NONE: 0, Values.ONE: 1, Values.TWO: 2, Values.DURATION: 1}.get(expected)
    return count >= 1 if exact is None else count == exact


_LEAP_YEAR = "2024"
_FIRST = "-01-01"


def _day(given: Any) -> str:
    """Read a date, or a part of one, as it is written (SEG-10): a month, a year, a day or month of every year."""
    written = str(given)
    some_year = f"{_LEAP_YEAR}{written[1:]}" if written.startswith("--") else written
    whole = f"{some_year}{_FIRST[len(some_year) - 4 :]}" if len(some_year) in {4, 7} else some_year
    if not isinstance(given, str) or date_text(whole) is None:
        raise ValueError(f"{given!s:.60} is not a date such as 2026-05-01, nor a part of one.")
    return written


_READERS: dict[Values, Callable[[Any], Any]] = {Values.DURATION: Duration.parse, Values.DATES: _day}


def value_at(record: Record, name: str) -> Any:
    """Return the value of a record's field, also where its name leads into a map of the record."""
    return _reader(name)(record)


def _reader(name: str) -> Read:
    if not name.startswith(NESTED):
        return lambda record: record.get(name)
    inside, _, key = name.partition(".")

    def read(record: Record) -> Any:
        values = record.get(inside)
        return values.get(key) if isinstance(values, Mapping) else None

    return read


def _holding(read: Read, canonical: Canonical, matches: Comparison) -> Callable[[Record], bool]:
    return lambda record: (value := canonical(read(record))) is not None and matches(value)


def _having(name: str, canonical: Canonical, matches: Comparison) -> Callable[[Record], bool]:
    """Like _holding, for a field of the record itself: one call less where most of the time goes."""
    return lambda record: (value := canonical(record.get(name))) is not None and matches(value)


def _being(name: str, wanted: str) -> Callable[[Record], bool]:
    """Like _having, for the test that most facts are put to: which message, which page. No calls but strip."""

    def holds(record: Record) -> bool:
        value = record.get(name)
        return value == wanted or (isinstance(value, str) and value.strip() == wanted)

    return holds


def _not_holding(read: Read, canonical: Canonical, matches: Comparison) -> Callable[[Record], bool]:
    return lambda record: (value := canonical(read(record))) is None or not matches(value)


def _span(read: Read, canonical: Canonical, length: Duration, between: Between, zone: tzinfo) -> Span:
    """A date counts by its first moment in `zone`."""

    def span(record: Record) -> tuple[datetime, datetime] | None:
        value = canonical(read(record))
        if value is None:
            return None
        return between(value if isinstance(value, datetime) else _first_moment(value, zone), length, zone)

    return span


_SPANS: dict[Operator, Between] = {
    Operator.IN_LAST: lambda moment, length, zone: (moment, length.after(moment, zone)),
    Operator.IN_NEXT: lambda moment, length, zone: (length.before(moment, zone), moment),
}


def _first_moment(day: date, zone: tzinfo) -> datetime:
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except (OverflowError, ValueError):
        return BEGINNING_OF_TIME if day.year == 1 else END_OF_TIME


def _sentence(clause: AttributeClause) -> str:
    values = " or ".join(f"“{value}”" if isinstance(value, str) else str(value).lower() for value in clause.values)
    return f"{clause.field} {clause.operator.replace('_', ' ')} {values}".rstrip()
