"""Groups, related records and behaviour: what a whole condition answers, and what a wrong one is told."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType
from chalicelib.conditions.compiler import compile_condition, problems_of
from chalicelib.conditions.dependencies import Dependency, woken_by
from chalicelib.conditions.evaluation import evaluate
from chalicelib.conditions.facts import Interaction, KnownFacts, Verdict
from chalicelib.conditions.schemas import Condition
from chalicelib.errors import Invalid

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CATALOGUE = Catalogue(
    {
        "contact": {"city": Field(FieldType.TEXT), "birthday": Field(FieldType.DATE)},
        "lead": {"topic": Field(FieldType.TEXT), "budget": Field(FieldType.NUMBER)},
    }
).merged(Catalogue.of_interactions(["EmailClicked", "FormSubmitted"]))

documents = TypeAdapter(Condition)
LONDON = {"field": "contact.city", "operator": "equals", "values": ["London"]}
BOATS = {"field": "lead.topic", "operator": "equals", "values": ["Boats"]}
RICH = {"field": "lead.budget", "operator": "at_least", "values": [1000]}
CLICKED = {"interaction": "EmailClicked"}


def answer(document, records=None, interactions=(), now=NOW):
    compiled = compile_condition(documents.validate_python(document), CATALOGUE)
    return evaluate(compiled, KnownFacts.of(records or {}, interactions), now)


def click(id_, ago=DAY, verdict=Verdict.HUMAN, **attributes):
    return Interaction(id_, "EmailClicked", NOW - ago, attributes, verdict)


def problems(document):
    return {problem.field: problem.message for problem in problems_of(documents.validate_python(document), CATALOGUE)}


@pytest.mark.rule("SEG-7")
@pytest.mark.parametrize(
    ("document", "city", "expected"),
    [
        ({"all": [LONDON, {"not": LONDON}]}, "London", False),
        ({"any": [LONDON, {"not": LONDON}]}, "Paris", True),
        ({"all": [{"any": [LONDON, BOATS]}, {"not": {"all": [LONDON, BOATS]}}]}, "London", True),
        ({"field": "contact.city", "operator": "equals", "values": ["Paris", "London"]}, "london", True),
    ],
)
def test_groups_nest_and_several_values_mean_any_of_them(document, city, expected):
    assert answer(document, {"contact": [{"city": city}]}).holds is expected


@pytest.mark.rule("SEG-8", "SEG-19")
@pytest.mark.parametrize(
    ("document", "leads", "expected"),
    [
        ({"all": [BOATS, RICH]}, [("Boats", 1), ("Cars", 5000)], False),
        ({"all": [BOATS, RICH]}, [("Boats", 5000), ("Cars", 1)], True),
        ({"all": [BOATS, {"any": [RICH]}]}, [("Boats", 1), ("Cars", 5000)], False),
        ({"all": [BOATS, {"not": RICH}]}, [("Boats", 5000), ("Cars", 1)], False),
        ({"all": [{"all": [BOATS]}, {"all": [RICH]}]}, [("Boats", 1), ("Cars", 5000)], True),
        ({"not": BOATS}, [("Boats", 1), ("Cars", 1)], False),
        ({"not": BOATS}, [("Cars", 1)], True),
        ({"all": [{"not": BOATS}, {"not": RICH}]}, [("Boats", 1), ("Cars", 1)], False),
        ({"not": BOATS}, [], True),
        ({"field": "lead.topic", "operator": "not_equals", "values": ["Boats"]}, [("Boats", 1), ("Cars", 1)], True),
        ({"field": "lead.topic", "operator": "not_equals", "values": ["Boats"]}, [], True),
    ],
)
def test_a_group_means_one_related_record_that_satisfies_all_that_is_nested_in_it(document, leads, expected):
    """Decision 5: in groups of their own different records may satisfy, and “none does” is written with not."""
    records = {"lead": [{"topic": topic, "budget": budget} for topic, budget in leads]}

    assert answer(document, records).holds is expected


@pytest.mark.rule("SEG-12", "SEG-13")
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (CLICKED, True),
        ({**CLICKED, "at_least": 3}, True),
        ({**CLICKED, "at_least": 4}, False),
        ({**CLICKED, "exactly": 3}, True),
        ({**CLICKED, "exactly": 2}, False),
        ({**CLICKED, "exactly": 2, "within": "P10D"}, True),
        ({**CLICKED, "at_least": 3, "within": "P1M"}, False),
        ({**CLICKED, "where": [{"field": "email_id", "operator": "equals", "values": ["b"]}], "exactly": 1}, True),
        ({"not": {"interaction": "FormSubmitted"}}, True),
        ({"not": CLICKED}, False),
    ],
)
def test_behaviour_counts_within_a_moving_window(document, expected):
    clicks = [click("1", email_id="a"), click("2", 9 * DAY, email_id="b"), click("3", 31 * DAY, email_id="a")]

    assert answer(document, interactions=clicks).holds is expected


def test_the_same_interaction_given_twice_counts_once():
    """Decision 19."""
    assert not answer({**CLICKED, "at_least": 2}, interactions=[click("1"), click("1")]).holds


@pytest.mark.parametrize("verdict", [Verdict.MACHINE, Verdict.UNDECIDED])
def test_what_a_machine_did_counts_only_where_the_condition_says_so(verdict):
    """Decision 35."""
    clicks = [click("1", verdict=verdict)]

    assert not answer(CLICKED, interactions=clicks).holds
    assert answer({**CLICKED, "include_machine": True}, interactions=clicks).holds


def test_an_interaction_dated_in_the_future_counts_when_its_time_comes():
    """Decision 7."""
    future = [click("1", -3 * DAY)]

    before = answer({**CLICKED, "within": "P1D"}, interactions=future)
    after = answer({**CLICKED, "within": "P1D"}, interactions=future, now=NOW + 3 * DAY)

    assert (before.holds, before.changes_at) == (False, NOW + 3 * DAY)
    assert (after.holds, after.changes_at) == (True, NOW + 4 * DAY)


@pytest.mark.parametrize(
    ("value", "type_", "wanted", "expected"),
    [("Red", "text", "red", True), (5, "number", 5, True), ("5", "number", 5, False), (True, "boolean", True, True)],
)
def test_a_condition_names_the_type_of_an_undeclared_property(value, type_, wanted, expected):
    """Decision 4: a property of another type counts as absent."""
    where = [{"field": "properties.colour", "type": type_, "operator": "equals", "values": [wanted]}]

    clicked = answer({**CLICKED, "where": where}, interactions=[click("1", properties={"colour": value})])

    assert clicked.holds is expected


def test_the_reasons_say_where_what_and_which_value():
    document = {"all": [LONDON, {"any": [{**CLICKED, "at_least": 2, "within": "P30D"}]}]}

    reasons = answer(document, {"contact": [{"city": "Paris"}]}, [click("1")]).reasons

    assert [(reason.place, reason.holds, reason.saw) for reason in reasons] == [
        ("/all/0", False, "Paris"),
        ("/all/1/any/0", False, 1),
    ]
    assert reasons[0].text == "contact.city equals “London”"


def test_every_problem_of_a_condition_is_found_at_once():
    """Decisions 4 and 18."""
    found = problems(
        {
            "all": [
                {"any": []},
                {"field": "contact.town", "operator": "equals", "values": ["x"]},
                {"field": "contact.city", "operator": "equals", "values": [1, " "]},
                {"not": {"interaction": "Flew"}},
                {**CLICKED, "at_least": 1, "exactly": 1},
                {**CLICKED, "where": [{"field": "properties.x", "operator": "is_present"}]},
                {**CLICKED, "where": [{"field": "email_id", "operator": "in_last", "values": ["P1D"]}]},
                {"field": "contact.city", "operator": "equals", "values": ["x"], "type": "number"},
                {"field": "nobody.city", "operator": "is_present"},
                {"field": "contact", "operator": "is_present"},
            ]
        }
    )

    assert list(found) == [
        "/all/0/any",
        "/all/1/field",
        "/all/2/values/0",
        "/all/2/values/1",
        "/all/3/not/interaction",
        "/all/4/exactly",
        "/all/5/where/0/type",
        "/all/6/where/0/operator",
        "/all/7/type",
        "/all/8/field",
        "/all/9/field",
    ]
    assert found["/all/0/any"] == "This group is empty: put a condition in or take the group out."


def test_what_has_problems_is_not_compiled():
    with pytest.raises(Invalid) as refused:
        compile_condition(documents.validate_python({"all": []}), CATALOGUE, place="/query")

    assert [problem.field for problem in refused.value.problems] == ["/query/all"]


def test_depth_and_number_of_clauses_are_bounded():
    deep, wide = LONDON, {"all": [{"all": [LONDON] * 51}, {"all": [LONDON] * 50}]}
    for _ in range(9):
        deep = {"not": deep}

    assert "nested at most" in "".join(problems(deep).values())
    assert "at most 100 clauses" in "".join(problems(wide).values())


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"none": []},
        {"all": [], "any": []},
        {**LONDON, "value": "x"},
        {**CLICKED, "exactly": 0},
        [],
        "city = London",
    ],
)
def test_what_is_no_condition_is_refused(document):
    with pytest.raises(ValidationError):
        documents.validate_python(document)


def test_a_document_survives_being_written_and_read():
    document = {"all": [{**LONDON}, {"not": {**CLICKED, "within": "P30D"}}, {**RICH, "values": [0.1, 3]}]}
    condition = documents.validate_python(document)

    written = documents.dump_json(condition, exclude_defaults=True)

    assert json.loads(written) == document
    assert documents.validate_json(written) == condition


def test_an_equality_filter_narrows_what_wakes():
    where = [{"field": "email_id", "operator": "equals", "values": ["Spring", "Autumn"]}]
    document = {"all": [LONDON, {**CLICKED, "where": where}, {"interaction": "FormSubmitted", "within": "P1M"}]}

    compiled = compile_condition(documents.validate_python(document), CATALOGUE)

    assert compiled.dependencies == {
        Dependency("contact.city"),
        Dependency("EmailClicked", "email_id", "spring"),
        Dependency("EmailClicked", "email_id", "autumn"),
        Dependency("FormSubmitted"),
    }
    assert compiled.dependencies & woken_by(click("1", email_id="Spring"))
    assert not compiled.dependencies & woken_by(click("1", email_id="Winter"))
    assert compiled.interactions == {"EmailClicked": None, "FormSubmitted": timedelta(days=31)}
    assert compiled.entities == {"contact"}


def test_catalogues_of_several_domains_become_one_unless_they_disagree():
    merged = CATALOGUE.merged(Catalogue({"contact": {"email": Field(FieldType.TEXT)}}))

    assert set(merged.entities["contact"]) == {"city", "birthday", "email"}
    with pytest.raises(ValueError, match="declared twice"):
        CATALOGUE.merged(Catalogue({"contact": {"city": Field(FieldType.NUMBER)}}))


def test_what_two_conditions_deny_is_looked_at_again_only_when_both_may_have_changed():
    windows = {**CLICKED, "within": "P10D"}, {**CLICKED, "within": "P20D"}
    denied = {"all": [{"not": window} for window in windows]}

    assert answer(denied, interactions=[click("1")]).changes_at == NOW + 19 * DAY
