"""Decisions 1 to 4 and 6, each a table of clauses about one field."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType
from chalicelib.conditions.compiler import compile_condition, problems_of
from chalicelib.conditions.evaluation import evaluate
from chalicelib.conditions.facts import KnownFacts
from chalicelib.conditions.operators import NEGATIVE, OPERATORS
from chalicelib.conditions.schemas import Condition, Operator

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
FIELDS = {type_.value: Field(type_) for type_ in FieldType} | {"stage": Field(FieldType.CHOICE, ("new", "won"))}
CATALOGUE = Catalogue({"contact": FIELDS})
SAMPLES = {
    FieldType.TEXT: "a",
    FieldType.ID: "a",
    FieldType.NUMBER: 1,
    FieldType.INTEGER: 1,
    FieldType.BOOLEAN: True,
    FieldType.INSTANT: "2026-06-01T00:00:00Z",
    FieldType.DATE: "2026-06-01",
    FieldType.CHOICE: "a",
    FieldType.TEXTS: "a",
}
read = TypeAdapter(Condition).validate_python


def clause(field, operator, *values):
    return read({"field": f"contact.{field}", "operator": operator, "values": values})


def holds(value, field, operator, *values, zone=UTC, now=NOW):
    facts = KnownFacts.of({"contact": [{field: value}]})
    return evaluate(compile_condition(clause(field, operator, *values), CATALOGUE, zone), facts, now).holds


def every_clause():
    """One clause for each operator of each type."""
    for type_, operators in OPERATORS.items():
        for operator in sorted(operators):
            sample = SAMPLES[type_]
            values = {
                Operator.IS_PRESENT: (),
                Operator.IS_MISSING: (),
                Operator.BETWEEN: (sample, sample),
                Operator.IN_LAST: ("P30D",),
                Operator.IN_NEXT: ("P30D",),
                Operator.ON: ("2026-06-01",),
            }.get(operator, (sample,))
            yield pytest.param(type_.value, operator, values, id=f"{type_}-{operator}")


@pytest.mark.rule("SEG-10")
@pytest.mark.parametrize(
    ("value", "field", "operator", "values", "expected"),
    [
        ("London", "text", "equals", ["LONDON "], True),
        ("Łódź", "text", "equals", ["łódź"], True),
        ("Łódź", "text", "equals", ["lodz"], False),
        ("Zoe\u0308", "text", "equals", ["ZOË"], True),
        ("Straße", "text", "equals", ["STRASSE"], True),
        ("London", "text", "equals", ["Paris", "London"], True),
        ("London", "text", "not_equals", ["Paris", "London"], False),
        ("London", "text", "in", ["Paris"], False),
        ("London", "text", "not_in", ["Paris"], True),
        ("London", "text", "contains", ["NDO"], True),
        ("London", "text", "not_contains", ["NDO"], False),
        ("London", "text", "starts_with", ["x", "LO"], True),
        ("London", "text", "ends_with", ["lo"], False),
        ("London", "text", "ends_with", ["don"], True),
        ("London", "text", "is_present", [], True),
        ("London", "text", "is_missing", [], False),
        ("AbC", "id", "equals", ["abc"], False),
        ("AbC", "id", "equals", ["AbC"], True),
        (Decimal("0.30"), "number", "equals", [0.3], True),
        (Decimal("0.1") + Decimal("0.2"), "number", "more_than", [0.3], False),
        (3, "number", "less_than", [3], False),
        (3, "number", "at_most", [3], True),
        (3, "number", "at_least", [3], True),
        (3, "number", "between", [1, 3], True),
        (4, "integer", "between", [1, 3], False),
        (True, "boolean", "equals", [True], True),
        (False, "boolean", "equals", [True], False),
        (False, "boolean", "is_present", [], True),
        ("won", "stage", "in", ["new", "won"], True),
        ("won", "stage", "not_in", ["won"], False),
        (["News", "Offers"], "texts", "contains_all", ["news", "offers"], True),
        (["News"], "texts", "contains_all", ["news", "offers"], False),
        (["News"], "texts", "contains_any", ["news", "offers"], True),
        (["News"], "texts", "contains_none", ["offers"], True),
        (NOW, "instant", "before", ["2026-06-15T12:00:00Z"], False),
        (NOW, "instant", "on_or_before", ["2026-06-15T14:00:00+02:00"], True),
        (NOW, "instant", "after", ["2026-06-15T11:59:59Z"], True),
        (NOW, "instant", "on_or_after", ["2026-06-15T12:00:01Z"], False),
        (date(2026, 6, 1), "date", "before", ["2026-06-02"], True),
        (date(2026, 6, 1), "date", "on", ["2026-06-02", "2026-06-01"], True),
        (date(2026, 6, 1), "date", "on", ["2026-06"], True),
        (date(2026, 6, 1), "date", "on", ["2026-05", "2025"], False),
        (date(2026, 6, 1), "date", "on", ["2026"], True),
        (date(1990, 6, 1), "date", "on", ["--06-01"], True),
        (date(1990, 6, 2), "date", "on", ["--06-01", "--01-06"], False),
        (date(1990, 6, 2), "date", "on", ["--06"], True),
        (NOW, "instant", "on", ["--06-15"], True),
        (NOW, "instant", "on", ["2026-07"], False),
        (date(2026, 6, 1), "date", "between", ["2026-05-01", "2026-06-01"], True),
        (date(2026, 6, 1), "date", "after", ["2026-06-01"], False),
        (NOW, "instant", "on", ["2026-06-15"], True),
        (NOW, "instant", "in_last", ["P1D"], True),
        (NOW, "instant", "in_next", ["P1D"], False),
        (4, "number", "not_equals", [3], True),
        (3, "number", "not_equals", [3], False),
        ("won", "stage", "equals", ["won"], True),
        ("won", "stage", "not_equals", ["won"], False),
    ],
)
def test_a_value_compares_by_its_type(value, field, operator, values, expected):
    assert holds(value, field, operator, *values) is expected


@pytest.mark.parametrize(("field", "operator", "values"), list(every_clause()))
@pytest.mark.parametrize("absent", [None, "", " \u00a0", [], object()])
def test_on_an_absent_value_only_negative_operators_hold(field, operator, values, absent):
    """Decision 3; empty and blank is absent by decision 1, of another type by decision 4."""
    assert holds(absent, field, operator, *values) is (operator in NEGATIVE)


@pytest.mark.parametrize(("field", "operator", "values"), list(every_clause()))
def test_an_absent_record_is_an_absent_value(field, operator, values):
    """Decision 5."""
    compiled = compile_condition(clause(field, operator, *values), CATALOGUE)

    assert evaluate(compiled, KnownFacts.of({}), NOW).holds is (operator in NEGATIVE)


@pytest.mark.parametrize(
    ("field", "value", "fact"),
    [("text", "1", 1), ("number", 1, "1"), ("number", 1, True), ("integer", 1, 1.5), ("boolean", True, 1)],
)
def test_nothing_is_coerced(field, value, fact):
    assert not holds(fact, field, "equals", value)


@pytest.mark.parametrize(
    ("field", "operator", "values", "place"),
    [
        ("text", "equals", [1], "/values/0"),
        ("number", "equals", ["1"], "/values/0"),
        ("number", "equals", [True], "/values/0"),
        ("integer", "equals", [1.5], "/values/0"),
        ("boolean", "equals", ["true"], "/values/0"),
        ("instant", "before", ["2026-06-01"], "/values/0"),
        ("instant", "before", ["2026-06-01T00:00:00"], "/values/0"),
        ("instant", "on", ["2026-06-01T00:00:00Z"], "/values/0"),
        *(
            ("date", "on", [part], "/values/0")
            for part in ("2026-13", "--02-30", "--5", "26", "2026-6", "-06-01", "", 2026)
        ),
        ("date", "equals", ["2026-02-30"], "/values/0"),
        ("date", "equals", ["20260230"], "/values/0"),
        ("stage", "in", ["new", "lost"], "/values/1"),
        ("text", "equals", [" "], "/values/0"),
        ("texts", "contains_any", [""], "/values/0"),
        ("text", "contains", [], "/values"),
        ("text", "is_missing", ["x"], "/values"),
        ("number", "between", [1], "/values"),
        ("number", "between", [2, 1], "/values"),
        ("number", "less_than", [1, 2], "/values"),
        ("date", "in_last", ["30 days"], "/values/0"),
        ("date", "in_last", [30], "/values/0"),
        ("text", "less_than", ["a"], "/operator"),
        ("id", "contains", ["a"], "/operator"),
        ("colour", "equals", ["red"], "/field"),
    ],
)
def test_a_value_that_the_type_cannot_have_is_refused_with_its_place(field, operator, values, place):
    """Decision 4."""
    problems = problems_of(clause(field, operator, *values), CATALOGUE)

    assert [problem.field for problem in problems] == [place]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300, 0.1234567890123456789, 10**16])
def test_a_number_that_a_document_cannot_hold_exactly_is_refused(number):
    with pytest.raises(ValidationError):
        clause("number", "equals", number)


@pytest.mark.parametrize(("zone", "expected"), [("UTC", False), ("Asia/Tokyo", True)])
def test_on_a_date_is_read_in_the_time_zone_of_the_definition(zone, expected):
    """Decision 6."""
    assert holds(datetime(2026, 6, 1, 20, tzinfo=UTC), "instant", "on", "2026-06-02", zone=ZoneInfo(zone)) is expected


@pytest.mark.parametrize(
    ("value", "operator", "length", "expected"),
    [
        (datetime(2026, 6, 1, 12, tzinfo=UTC), "in_last", "P14D", False),
        (datetime(2026, 6, 1, 12, 0, 1, tzinfo=UTC), "in_last", "P14D", True),
        (NOW, "in_last", "P14D", True),
        (datetime(2026, 6, 15, 12, 0, 1, tzinfo=UTC), "in_last", "P14D", False),
        (datetime(2026, 6, 15, 12, 0, 1, tzinfo=UTC), "in_next", "P14D", True),
        (NOW, "in_next", "P14D", False),
        (datetime(2026, 7, 15, 12, 0, tzinfo=UTC), "in_next", "P1M", True),
        (datetime(2026, 7, 15, 12, 0, 1, tzinfo=UTC), "in_next", "P1M", False),
    ],
)
def test_relative_dates_move_with_the_time(value, operator, length, expected):
    assert holds(value, "instant", operator, length) is expected
