"""What keeps a scoring model from going live."""

import pytest
from pydantic import ValidationError

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType, Relation
from chalicelib.conditions.dependencies import Dependency
from chalicelib.errors import Invalid
from chalicelib.scoring.compiler import compile_model, problems_of
from chalicelib.scoring.grades import grade_of
from chalicelib.scoring.model import Grade, ScoringModel

CATALOGUE = Catalogue({"contact": {"city": Field(FieldType.TEXT)}}).merged(Catalogue.of_interactions(["EmailClicked"]))
LONDON = {"field": "city", "operator": "equals", "values": ["London"]}
IN_LONDON = {"entity": "contact", "where": [LONDON]}
EACH_CLICK = {"entity": "EmailClicked", "frequency": "each"}


def rule(*conditions, points=10, id_="r"):
    return {"id": id_, "points": points, "conditions": conditions}


def model(*rules, **settings):
    given = {"name": "M", "sales_ready_score": 100, "rules": rules or (rule(IN_LONDON),), **settings}
    return ScoringModel.model_validate(given)


def problems(*rules, **settings):
    return [problem.field for problem in problems_of(model(*rules, **settings), CATALOGUE)]


def grades(*ranges):
    return [{"name": f"G{at}", "min": low, "max": high} for at, (low, high) in enumerate(ranges)]


@pytest.mark.rule("SCO-21")
@pytest.mark.parametrize(
    ("ranges", "found"),
    [
        ([(0, 25), (26, 60), (61, 100)], []),
        ([(61, 100), (0, 25), (26, 60)], []),
        ([(None, 25), (26, None)], []),
        ([(0, 25), (27, 60)], ["/grades/1"]),
        ([(0, 25), (25, 60)], ["/grades/1"]),
        ([(26, 60), (0, 30)], ["/grades/0"]),
        ([(0, None), (26, 60)], ["/grades/1"]),
        ([(10, 0)], ["/grades/0"]),
        ([], []),
    ],
)
def test_grades_are_continuous_and_do_not_overlap_in_whichever_order_they_stand(ranges, found):
    """Decision 13."""
    assert problems(grades=grades(*ranges)) == found


@pytest.mark.rule("SCO-21", "SCO-22")
@pytest.mark.parametrize(
    ("score", "grade"), [(-1, None), (0, "Cold"), (25, "Cold"), (26, "Warm"), (60, "Warm"), (61, None)]
)
def test_a_score_outside_all_grades_has_none(score, grade):
    assert grade_of(score, [Grade(name="Cold", min=0, max=25), Grade(name="Warm", min=26, max=60)]) == grade


@pytest.mark.rule("SCO-3")
def test_a_model_without_a_threshold_cannot_go_live():
    """Decision 13."""
    assert problems(sales_ready_score=None) == ["/sales_ready_score"]
    assert problems(sales_ready_score=0) == []


def test_two_each_conditions_in_one_group_are_refused():
    """Decision 15."""
    assert problems(rule(EACH_CLICK, EACH_CLICK)) == ["/rules/0/conditions"]
    assert problems(rule(EACH_CLICK), rule(EACH_CLICK, id_="s")) == []


@pytest.mark.rule("RSC-5")
def test_a_model_has_at_most_forty_rules():
    assert problems(*[rule(IN_LONDON, id_=f"r{n}") for n in range(40)]) == []
    assert problems(*[rule(IN_LONDON, id_=f"r{n}") for n in range(41)]) == ["/rules"]


@pytest.mark.rule("SCO-14")
@pytest.mark.parametrize(("points", "found"), [(-5, []), (1, []), (0, ["/rules/0/points"])])
def test_points_are_any_whole_number_but_nothing(points, found):
    assert problems(rule(IN_LONDON, points=points)) == found


@pytest.mark.rule("SCO-14")
@pytest.mark.parametrize("points", [1.5, "5", True, None])
def test_points_are_whole(points):
    with pytest.raises(ValidationError):
        model(rule(IN_LONDON, points=points))


def test_every_problem_of_a_model_is_found_at_once():
    """Decision 18."""
    found = problems(
        rule(),
        rule({"entity": "contact", "frequency": "each", "within": "P1D", "times": 2, "where": [LONDON]}, id_="a"),
        rule({"entity": "Flew"}, {"entity": "contact", "where": [{**LONDON, "values": [1]}]}, id_="b"),
        rule({**EACH_CLICK, "times": 2}, {**EACH_CLICK, "where": [{**LONDON, "field": "town"}]}, id_="b", points=0),
        sales_ready_score=None,
        time_zone="Mars/Olympus",
        grades=grades((0, 1), (1, 2)),
    )

    assert set(found) == {
        "/grades/1",
        "/sales_ready_score",
        "/rules/3/id",
        "/time_zone",
        "/rules/0/conditions",
        "/rules/1/conditions/0/frequency",
        "/rules/1/conditions/0/times",
        "/rules/1/conditions/0/within",
        "/rules/2/conditions/0/entity",
        "/rules/2/conditions/1/where/0/values/0",
        "/rules/3/conditions",
        "/rules/3/points",
        "/rules/3/conditions/0/times",
        "/rules/3/conditions/1/where/0/field",
    }


def test_a_model_with_problems_is_not_compiled():
    broken = model(rule())

    with pytest.raises(Invalid, match="cannot go live"):
        compile_model(broken, CATALOGUE)


def test_a_model_without_a_rule_cannot_go_live():
    assert problems(rules=[]) == ["/rules"]


@pytest.mark.parametrize("level", [0, 6])
def test_the_minimum_consent_is_none_or_a_level_from_one_to_five(level):
    with pytest.raises(ValidationError):
        model(minimum_consent=level)


def test_a_model_says_what_its_score_depends_on():
    narrowed = {**EACH_CLICK, "where": [{"field": "email_id", "operator": "equals", "values": ["e1"]}]}

    compiled = compile_model(model(rule(IN_LONDON, narrowed)), CATALOGUE)

    assert compiled.dependencies == {Dependency("contact.city"), Dependency("EmailClicked", "email_id", "e1")}


RELATED = Catalogue(
    {"lead": {"topic": Field(FieldType.TEXT)}, "account": {"name": Field(FieldType.TEXT)}},
    relations={
        "lead": {"contact": Relation("contact", "contact_id"), "account": Relation("account", "account_id")},
        "contact": {"account": Relation("account", "account_id"), "leads": Relation("lead")},
    },
).merged(CATALOGUE)
SIX_HOPS = "lead.contact.leads.contact.leads.contact.account"


@pytest.mark.rule("SCO-18", "SCO-19")
@pytest.mark.parametrize(
    ("entity", "place"),
    [
        ("lead.contact.leads.contact.account", None),
        (SIX_HOPS, "/rules/0/conditions/0/entity"),
        ("lead.contact.friends", "/rules/0/conditions/0/entity"),
        ("company", "/rules/0/conditions/0/entity"),
        ("EmailClicked.contact.leads.contact.leads.account", None),
        ("EmailClicked.contact.leads.contact.leads.contact.account", "/rules/0/conditions/0/entity"),
        ("EmailClicked.email", "/rules/0/conditions/0/entity"),
    ],
)
def test_a_path_of_six_hops_or_to_nowhere_is_refused_at_its_place(entity, place):
    found = problems_of(model(rule({"entity": entity})), RELATED)

    assert [problem.field for problem in found] == ([place] if place else [])


@pytest.mark.rule("SCO-18")
def test_an_unknown_field_or_operator_at_the_end_of_a_path_is_refused_at_its_place():
    foggy = {"field": "weather", "operator": "equals", "values": ["fog"]}
    longer = {"field": "name", "operator": "more_than", "values": ["a"]}
    found = problems_of(model(rule({"entity": "lead.contact.account", "where": [foggy, longer]})), RELATED)

    assert [problem.field for problem in found] == [
        "/rules/0/conditions/0/where/0/field",
        "/rules/0/conditions/0/where/1/operator",
    ]


@pytest.mark.rule("SCO-20")
def test_what_changes_with_the_time_is_not_asked_of_who_did_something():
    recently = {"field": "joined", "operator": "in_last", "values": ["P7D"]}
    catalogue = Catalogue({"contact": {"joined": Field(FieldType.DATE)}}).merged(RELATED)
    found = problems_of(model(rule({"entity": "EmailClicked.contact", "where": [recently]})), catalogue)

    assert [problem.field for problem in found] == ["/rules/0/conditions/0/where/0/operator"]


def test_a_model_depends_on_the_fields_that_it_reads_and_on_those_that_lead_to_them():
    where = [{"field": "name", "operator": "equals", "values": ["Kajak"]}]
    compiled = compile_model(model(rule({"entity": "lead.contact.account", "where": where})), RELATED)

    assert compiled.dependencies == {
        Dependency("lead.contact_id"),
        Dependency("contact.account_id"),
        Dependency("account.name"),
    }
    assert compiled.concerns == {"lead", "contact", "account"}


# Entry conditions and other ways to write grades -------------------------------------------------------------------


@pytest.mark.rule("RSC-6")
@pytest.mark.parametrize(
    ("score", "grade"), [(-7, "Cold"), (25, "Cold"), (26, "Warm"), (60, "Warm"), (61, "Hot"), (9999, "Hot")]
)
def test_grades_may_be_written_with_operators(score, grade):
    written = [
        {"name": "Hot", "operator": "more_than", "values": [60]},
        {"name": "Cold", "operator": "less_than", "values": [26]},
        {"name": "Warm", "operator": "between", "values": [26, 60]},
    ]

    compiled = compile_model(model(grades=written), CATALOGUE)

    assert grade_of(score, compiled.grades) == grade


@pytest.mark.rule("RSC-6", "SCO-21")
@pytest.mark.parametrize(
    ("written", "places"),
    [
        ([("less_than", [26]), ("more_than", [26])], ["/grades/1"]),
        ([("less_than", [26]), ("more_than", [24])], ["/grades/1"]),
        ([("between", [60, 26])], ["/grades/0"]),
        ([("between", [26])], ["/grades/0/values"]),
        ([("less_than", [26, 60])], ["/grades/0/values"]),
        ([(None, [26])], ["/grades/0/values"]),
    ],
)
def test_grades_with_operators_have_no_gap_and_no_overlap_either(written, places):
    given = [
        {"name": f"G{at}", "operator": operator, "values": values} for at, (operator, values) in enumerate(written)
    ]

    assert problems(grades=given) == places


def test_a_grade_is_written_in_one_way_only():
    assert problems(grades=[{"name": "G", "operator": "less_than", "values": [9], "min": 1}]) == ["/grades/0/operator"]


@pytest.mark.rule("RSC-2")
def test_entry_conditions_ask_of_the_lead_and_of_nothing_else():
    topic = {"field": "lead.topic", "operator": "equals", "values": ["Kayaks"]}
    city = {"field": "contact.city", "operator": "equals", "values": ["London"]}

    assert problems_of(model(entry=topic), RELATED) == ()
    found = problems_of(model(entry={"all": [topic, city, {"interaction": "EmailClicked"}]}), RELATED)
    assert [problem.field for problem in found] == ["/entry/all/1/field", "/entry/all/2/interaction"]
    assert Dependency("lead.topic") in compile_model(model(entry=topic), RELATED).dependencies


@pytest.mark.rule("SCO-9")
def test_a_rule_is_a_name_with_points_and_all_its_logic_lies_in_its_conditions():
    assert problems(rule()) == ["/rules/0/conditions"]
    assert problems({**rule(IN_LONDON), "name": "Londoners"}) == []
    with pytest.raises(ValidationError):
        model({**rule(IN_LONDON), "where": [LONDON]})
