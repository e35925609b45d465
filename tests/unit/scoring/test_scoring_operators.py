"""Every operator of every type in a rule: what satisfies it, what does not, and what an absent value answers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType
from chalicelib.conditions.facts import Interaction, KnownFacts
from chalicelib.conditions.operators import OPERATORS
from chalicelib.scoring.compiler import compile_model
from chalicelib.scoring.engine import score
from chalicelib.scoring.model import ScoringModel

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
OPTIONS = ("new", "won")
FIELDS = {type_.value: Field(type_, OPTIONS if type_ is FieldType.CHOICE else ()) for type_ in FieldType}
CATALOGUE = Catalogue({"contact": FIELDS}).merged(Catalogue.of_interactions(["EmailClicked"]))
NEGATIVE = {"not_equals", "not_in", "not_contains", "contains_none", "is_missing"}

TABLE = {
    # type: {operator: (values of the condition, a value that satisfies it, one that does not)}
    "text": {
        "equals": (["Łódź", "London"], "london", "lodz"),
        "not_equals": (["London"], "Paris", " LONDON "),
        "in": (["London", "Paris"], "paris", "Odense"),
        "not_in": (["London", "Paris"], "Odense", "paris"),
        "contains": (["ond"], "LONDON", "Paris"),
        "not_contains": (["ond"], "Paris", "London"),
        "starts_with": (["lo"], "London", "Oslo"),
        "ends_with": (["lo"], "Oslo", "London"),
    },
    "id": {
        "equals": (["aB"], "aB", "ab"),
        "not_equals": (["aB"], "ab", "aB"),
        "in": (["aB", "c"], "c", "d"),
        "not_in": (["aB", "c"], "d", "c"),
    },
    "boolean": {"equals": ([True], True, False), "not_equals": ([True], False, True)},
    "choice": {
        "equals": (["new"], "new", "won"),
        "not_equals": (["new"], "won", "new"),
        "in": (["new", "won"], "won", "lost"),
        "not_in": (["won"], "new", "won"),
    },
    "texts": {
        "contains_all": (["a", "b"], ["B", "a", "c"], ["a"]),
        "contains_any": (["a", "b"], ["B"], ["c"]),
        "contains_none": (["a", "b"], ["c"], ["c", "A"]),
    },
    "instant": {
        "before": (["2026-06-01T00:00:00Z"], MAY, JUNE),
        "after": (["2026-05-01T00:00:00Z"], JUNE, MAY),
        "on_or_before": (["2026-05-01T00:00:00Z"], MAY, JUNE),
        "on_or_after": (["2026-06-01T00:00:00Z"], JUNE, MAY),
        "on": (["2026-06-01"], JUNE + timedelta(hours=23), JUNE + DAY),
        "between": (["2026-05-01T00:00:00Z", "2026-05-31T00:00:00Z"], MAY, JUNE),
        "in_last": (["P15D"], JUNE, NOW - 15 * DAY),
        "in_next": (["P15D"], NOW + DAY, NOW - DAY),
    },
    "date": {
        "equals": (["2026-06-01"], date(2026, 6, 1), date(2026, 6, 2)),
        "not_equals": (["2026-06-01"], date(2026, 6, 2), date(2026, 6, 1)),
        "in": (["2026-06-01", "2026-06-03"], date(2026, 6, 3), date(2026, 6, 2)),
        "not_in": (["2026-06-01", "2026-06-03"], date(2026, 6, 2), date(2026, 6, 3)),
        "before": (["2026-06-01"], date(2026, 5, 31), date(2026, 6, 1)),
        "after": (["2026-06-01"], date(2026, 6, 2), date(2026, 6, 1)),
        "on_or_before": (["2026-06-01"], date(2026, 6, 1), date(2026, 6, 2)),
        "on_or_after": (["2026-06-01"], date(2026, 6, 1), date(2026, 5, 31)),
        "on": (["2026-06-01"], date(2026, 6, 1), date(2026, 6, 2)),
        "between": (["2026-05-01", "2026-06-01"], date(2026, 6, 1), date(2026, 6, 2)),
        "in_last": (["P15D"], date(2026, 6, 1), date(2026, 5, 31)),
        "in_next": (["P1D"], date(2026, 6, 16), date(2026, 6, 17)),
    },
}
NUMBERS = {
    "equals": ([3], 3, 4),
    "not_equals": ([3], 4, 3),
    "in": ([3, 5], 5, 4),
    "not_in": ([3, 5], 4, 5),
    "less_than": ([3], 2, 3),
    "at_most": ([3], 3, 4),
    "more_than": ([3], 4, 3),
    "at_least": ([3], 3, 2),
    "between": ([3, 5], 5, 6),
}
TABLE |= {"number": {**NUMBERS, "equals": ([0.3], Decimal("0.3"), Decimal("0.30001"))}, "integer": NUMBERS}
ALL = [
    pytest.param(type_, operator, *row, id=f"{type_}-{operator}")
    for type_, rows in TABLE.items()
    for operator, row in {
        **rows,
        "is_present": ([], next(iter(rows.values()))[1], None),
        "is_missing": ([], None, next(iter(rows.values()))[1]),
    }.items()
]


def points(condition, contact=None, interactions=(), now=NOW, **settings):
    rules = [{"id": "r", "points": 10, "conditions": [condition]}]
    model = ScoringModel.model_validate({"name": "M", "sales_ready_score": 100, "rules": rules, **settings})
    records = {} if contact is None else {"contact": [contact]}
    return score(compile_model(model, CATALOGUE), KnownFacts.of(records, interactions), now).score


def asked(type_, operator, values):
    return {"entity": "contact", "where": [{"field": type_, "operator": operator, "values": values}]}


def test_the_table_has_every_operator_of_every_type():
    assert {(type_, operator) for type_, operator, *_ in (param.values for param in ALL)} == {
        (type_.value, operator.value) for type_, operators in OPERATORS.items() for operator in operators
    }


@pytest.mark.rule("SCO-11", "SCO-16")
@pytest.mark.parametrize(("type_", "operator", "values", "good", "bad"), ALL)
def test_a_rule_scores_what_satisfies_the_operator_and_nothing_else(type_, operator, values, good, bad):
    assert points(asked(type_, operator, values), {type_: good}) == 10
    assert points(asked(type_, operator, values), {type_: bad}) == 0


@pytest.mark.parametrize(("type_", "operator", "values", "good", "bad"), ALL)
@pytest.mark.parametrize("contact", [None, {}, {"other": 1}])
def test_on_an_absent_value_and_of_an_absent_record_negative_operators_alone_score(
    type_, operator, values, good, bad, contact
):
    """Decisions 3 and 5."""
    assert points(asked(type_, operator, values), contact) == (10 if operator in NEGATIVE else 0)


# Interactions ------------------------------------------------------------------------------------------------------


def click(number, at=NOW - DAY, **attributes):
    return Interaction(str(number), "EmailClicked", at, attributes)


CLICKS = [click(1, link="shop"), click(2, link="Shop"), click(3, link="blog"), click(4)]


@pytest.mark.rule("SCO-12", "RSC-4")
@pytest.mark.parametrize(
    ("operator", "values", "matching"),
    [
        ("equals", ["blog"], 1),
        ("not_equals", ["blog"], 3),
        ("in", ["blog", "shop"], 2),
        ("not_in", ["blog", "shop"], 2),
        ("is_present", [], 3),
        ("is_missing", [], 1),
        ("equals", ["other"], 0),
    ],
)
def test_each_at_least_and_none_count_the_occurrences_that_satisfy_the_expressions(operator, values, matching):
    condition = {"entity": "EmailClicked", "where": [{"field": "link", "operator": operator, "values": values}]}

    assert points({**condition, "frequency": "each"}, interactions=CLICKS) == 10 * matching
    assert points({**condition, "frequency": "none"}, interactions=CLICKS) == (0 if matching else 10)
    for times in (1, 2, 3, 4):
        enough = points({**condition, "frequency": "at_least", "times": times}, interactions=CLICKS)
        assert enough == (10 if matching >= times else 0)


@pytest.mark.rule("RSC-4")
@pytest.mark.parametrize(
    ("within", "zone", "happened", "gone"),
    [
        ("P28D", "UTC", datetime(2026, 5, 1, 8, tzinfo=UTC), datetime(2026, 5, 29, 8, tzinfo=UTC)),
        ("P1M", "UTC", datetime(2026, 1, 31, 8, tzinfo=UTC), datetime(2026, 2, 28, 8, tzinfo=UTC)),
        ("P1M", "UTC", datetime(2026, 2, 28, 8, tzinfo=UTC), datetime(2026, 3, 28, 8, tzinfo=UTC)),
        ("P1Y", "UTC", datetime(2024, 2, 29, 8, tzinfo=UTC), datetime(2025, 2, 28, 8, tzinfo=UTC)),
        # The clocks of Copenhagen went forward in between: the same local time is an hour earlier in UTC.
        ("P1M", "Europe/Copenhagen", datetime(2026, 3, 15, 8, tzinfo=UTC), datetime(2026, 4, 15, 7, tzinfo=UTC)),
    ],
)
def test_a_range_in_months_steps_by_the_calendar_of_the_models_time_zone(within, zone, happened, gone):
    """Decision 6."""
    condition = {"entity": "EmailClicked", "within": within}
    shortly = timedelta(microseconds=1)

    def at(now):
        return points(condition, interactions=[click(1, happened)], now=now, time_zone=zone)

    assert (at(happened - shortly), at(happened), at(gone - shortly), at(gone)) == (0, 10, 10, 0)
