"""Conditions about custom fields: checked by what there is, compiled by what they say themselves."""

from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType
from chalicelib.conditions.compiler import compile_condition, problems_of
from chalicelib.conditions.evaluation import evaluate
from chalicelib.conditions.facts import KnownFacts
from chalicelib.conditions.schemas import Condition
from chalicelib.contacts.custom.asking import named_by
from chalicelib.contacts.custom.definition import ASKED_AS, CustomType
from tests.support.custom import NOW, field

STANDARD = Catalogue({"contact": {"city": Field(FieldType.TEXT)}, "lead": {}})
CURRENT = STANDARD.with_custom({"contact": {f"custom.{each}": field("f", each).asked_as for each in CustomType}})
read = TypeAdapter(Condition).validate_python


def clause(type_, operator, *values, **more):
    wanted = ASKED_AS.get(CustomType(type_), FieldType.TEXT)
    return read({"field": f"contact.custom.{type_}", "operator": operator, "values": values, "type": wanted, **more})


def holds(condition, stored):
    facts = KnownFacts.of({"contact": [{"custom": stored}]})
    return evaluate(compile_condition(condition, STANDARD), facts, NOW).holds


TRUE = [
    ("text", "contains", ("RØ",), "Ærø"),
    ("whole_number", "between", (3, 5), 4),
    ("decimal", "equals", (12.25,), Decimal("12.25")),
    ("money", "more_than", (1000,), 1001),
    ("date", "before", ("2026-11-24",), "2026-11-23"),
    ("date", "in_next", ("P30D",), "2026-12-01"),
    ("instant", "on", ("2026-11-24",), "2026-11-24T08:00:00.000000Z"),
    ("instant", "in_last", ("P1D",), "2026-11-24T08:00:00.000000Z"),
    ("two_options", "equals", (False,), False),
    ("choice", "in", ("gold", "silver"), "gold"),
    ("multiple_choice", "contains_all", ("gold", "silver"), ["gold", "silver"]),
    ("email", "ends_with", ("@example.dk",), "ada@example.dk"),
    ("phone", "starts_with", ("+45",), "+4512345678"),
    ("url", "contains", ("example",), "https://example.dk"),
]


@pytest.mark.rule("SEG-10")
@pytest.mark.parametrize(("type_", "operator", "literals", "stored"), TRUE)
def test_a_custom_field_is_asked_as_a_field_of_its_type_is(type_, operator, literals, stored):
    asked = clause(type_, operator, *literals)

    assert problems_of(asked, CURRENT) == ()
    assert holds(asked, {type_: stored})
    assert not holds(asked, {})
    assert not holds(asked, {type_: "something else" if not isinstance(stored, str) else 7})


@pytest.mark.parametrize("type_", list(CustomType))
def test_an_absent_value_is_missing_and_differs_from_everything(type_):
    assert holds(clause(type_, "is_missing"), {})
    assert holds(clause(type_, "is_missing"), None)
    assert not holds(clause(type_, "is_present"), {"other": 1})


def test_what_conditions_say_of_custom_fields_is_checked_against_what_there_is():
    wrong = {
        "/type": clause("choice", "equals", "gold", type="text"),
        "/field": clause("choice", "equals", "gold", field="contact.custom.nothing"),
        "/values/0": clause("choice", "equals", "bronze"),
        "/operator": clause("choice", "contains", "gold"),
    }
    unsaid = read({"field": "contact.custom.choice", "operator": "equals", "values": ["gold"]})

    for place, asked in wrong.items():
        assert [problem.field for problem in problems_of(asked, CURRENT)] == [place]
    [problem] = problems_of(unsaid, CURRENT)
    assert (problem.field, problem.message) == ("/type", "Say of which type contact.custom.choice is: choice.")


def test_options_of_a_multiple_choice_are_the_only_ones_to_ask_for():
    assert [each.field for each in problems_of(clause("multiple_choice", "contains_any", "lead"), CURRENT)] == [
        "/values/0"
    ]


def test_a_condition_names_the_custom_fields_that_it_asks_about_each_once():
    city = read({"field": "contact.city", "operator": "is_missing"})
    asked = read({"all": [clause("choice", "is_present"), {"not": clause("choice", "is_present")}, city]})

    assert named_by([asked, clause("text", "is_present")]) == [
        ("custom-field", "contact.choice"),
        ("custom-field", "contact.text"),
    ]
    assert {each.subject for each in compile_condition(asked, STANDARD).dependencies} == {
        "contact.custom.choice",
        "contact.city",
    }
