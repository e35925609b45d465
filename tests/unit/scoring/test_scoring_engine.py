"""What a rule gives, by each, at least and none, over time, with what it says about it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import asdict

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType, Relation
from chalicelib.conditions.facts import Interaction, KnownFacts, Verdict
from chalicelib.scoring.compiler import compile_model
from chalicelib.scoring.engine import score
from chalicelib.scoring.model import ScoringModel

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CATALOGUE = Catalogue(
    {
        "contact": {"city": Field(FieldType.TEXT), "country": Field(FieldType.TEXT), "joined": Field(FieldType.DATE)},
        "lead": {"budget": Field(FieldType.NUMBER)},
        "account": {"name": Field(FieldType.TEXT)},
    }
).merged(Catalogue.of_interactions(["EmailOpened", "EmailClicked"]))
OPENED = {"entity": "EmailOpened"}
CLICKED = {"entity": "EmailClicked"}


def where(entity, field, operator, *values):
    return {"entity": entity, "where": [{"field": field, "operator": operator, "values": values}]}


LONDON = where("contact", "city", "equals", "London")
ENGLAND = where("contact", "country", "equals", "England")


def rule(points, *conditions, id_="r"):
    return {"id": id_, "name": id_.upper(), "points": points, "conditions": conditions}


def scored(*rules, contact=None, interactions=(), now=NOW, threshold=100, since=None, **records):
    model = ScoringModel.model_validate({"name": "M", "sales_ready_score": threshold, "rules": rules})
    facts = KnownFacts.of({"contact": [contact or {}], **records}, interactions)
    return score(compile_model(model, CATALOGUE), facts, now, since)


def opened(id_, ago=DAY, verdict=Verdict.HUMAN, type_="EmailOpened", **attributes):
    return Interaction(id_, type_, NOW - ago, attributes, verdict)


def clicked(id_, ago=DAY, **attributes):
    return opened(id_, ago, type_="EmailClicked", **attributes)


@pytest.mark.rule("SCO-13", "SCO-1", "SCO-14")
@pytest.mark.parametrize(
    ("city", "country", "expected"),
    [("London", "England", 110), ("Manchester", "England", 40), ("London", "Ohio", 70), ("Paris", "France", 0)],
)
def test_the_points_of_rules_are_summed(city, country, expected):
    rules = [rule(70, LONDON), rule(40, ENGLAND, id_="s")]

    evaluation = scored(*rules, contact={"city": city, "country": country})

    assert evaluation.score == expected
    assert sum(contribution.points for contribution in evaluation.contributions) == expected


@pytest.mark.rule("SCO-10")
@pytest.mark.parametrize(("country", "opens", "expected"), [("England", 1, 5), ("France", 1, 0), ("England", 0, 0)])
def test_all_conditions_of_a_rule_have_to_hold(country, opens, expected):
    interactions = [opened(str(number)) for number in range(opens)]

    assert scored(rule(5, ENGLAND, OPENED), contact={"country": country}, interactions=interactions).score == expected


@pytest.mark.rule("SCO-11")
def test_all_expressions_of_a_condition_have_to_hold_for_one_occurrence():
    both = {
        **CLICKED,
        "where": [*where("x", "email_id", "equals", "e")["where"], *where("x", "link", "equals", "l")["where"]],
    }

    apart = scored(rule(5, both), interactions=[clicked("1", email_id="e"), clicked("2", link="l")])
    together = scored(rule(5, both), interactions=[clicked("1", email_id="e", link="l")])

    assert (apart.score, together.score) == (0, 5)


@pytest.mark.rule("SCO-12")
def test_a_condition_without_expressions_means_any_occurrence():
    assert scored(rule(5, OPENED), interactions=[opened("1", journey_id="any")]).score == 5
    assert scored(rule(5, {"entity": "account"})).score == 0
    assert scored(rule(5, {"entity": "account"}), account=[{"name": "Acme"}]).score == 5


@pytest.mark.rule("RSC-3")
def test_a_rule_asks_of_attributes_or_of_interactions_down_to_one_email():
    of_one_email = {**CLICKED, "frequency": "each", "where": where("", "email_id", "equals", "spring")["where"]}
    interactions = [clicked("1", email_id="spring"), clicked("2", email_id="autumn"), clicked("3")]

    assert scored(rule(10, of_one_email), interactions=interactions).score == 10
    assert scored(rule(10, LONDON), contact={"city": "London"}, interactions=interactions).score == 10


@pytest.mark.rule("SCO-16", "RSC-4")
@pytest.mark.parametrize(
    ("condition", "opens", "expected"),
    [
        ({"frequency": "each"}, 0, 0),
        ({"frequency": "each"}, 3, 30),
        ({}, 0, 0),
        ({}, 3, 10),
        ({"frequency": "at_least", "times": 3}, 2, 0),
        ({"frequency": "at_least", "times": 3}, 3, 10),
        ({"frequency": "at_least", "times": 3}, 7, 10),
        ({"frequency": "none"}, 0, 10),
        ({"frequency": "none"}, 1, 0),
    ],
)
def test_each_scores_every_time_at_least_once_and_none_without_any(condition, opens, expected):
    """Reference 9.4, decision 15."""
    interactions = [opened(str(number), number * DAY) for number in range(opens)]

    assert scored(rule(10, {**OPENED, **condition}), interactions=interactions).score == expected


def test_a_rule_with_each_fires_as_often_as_that_if_the_others_hold():
    conditions = [{**OPENED, "frequency": "each"}, {**CLICKED, "times": 2}]
    opens = [opened("1"), opened("2"), opened("3")]

    once = scored(rule(10, *conditions), interactions=[*opens, clicked("a")])
    twice = scored(rule(10, *conditions), interactions=[*opens, clicked("a"), clicked("b")])

    assert (once.score, twice.score) == (0, 30)


@pytest.mark.rule("RSC-4")
def test_occurrences_older_than_the_date_range_stop_to_count_and_the_score_falls():
    rules = [rule(10, {**OPENED, "frequency": "each", "within": "P30D"})]
    interactions = [opened("old", 29 * DAY), opened("new", DAY)]

    today = scored(*rules, interactions=interactions)
    tomorrow = scored(*rules, interactions=interactions, now=today.changes_at)

    assert (today.score, today.changes_at) == (20, NOW + DAY)
    assert (tomorrow.score, tomorrow.contributions[0].first_interaction_id) == (10, "new")
    assert today.contributions[0].expires_at == NOW + DAY


def test_none_begins_to_score_when_the_last_occurrence_has_left_the_range():
    rules = [rule(-10, {**OPENED, "frequency": "none", "within": "P30D"})]
    interactions = [opened("a", 10 * DAY), opened("b", 3 * DAY)]

    before = scored(*rules, interactions=interactions)
    after = scored(*rules, interactions=interactions, now=before.changes_at)

    assert (before.score, before.changes_at, after.score) == (0, NOW + 27 * DAY, -10)


def test_an_interaction_of_the_future_scores_when_its_time_comes():
    """Decision 7."""
    rules = [rule(10, OPENED)]
    future = [opened("1", -2 * DAY)]

    before = scored(*rules, interactions=future)
    after = scored(*rules, interactions=future, now=before.changes_at)

    assert (before.score, before.changes_at, after.score) == (0, NOW + 2 * DAY, 10)


def test_an_interaction_given_twice_counts_once():
    """Decision 19."""
    assert scored(rule(10, {**OPENED, "frequency": "each"}), interactions=[opened("1"), opened("1")]).score == 10


@pytest.mark.parametrize("verdict", [Verdict.MACHINE, Verdict.UNDECIDED])
def test_what_a_machine_did_does_not_score_unless_the_rule_says_so(verdict):
    """Decision 35."""
    interactions = [opened("1", verdict=verdict)]

    assert scored(rule(10, OPENED), interactions=interactions).score == 0
    assert scored(rule(10, {**OPENED, "include_machine": True}), interactions=interactions).score == 10


def test_there_is_no_floor_and_no_ceiling():
    """Decision 13."""
    opens = [opened(str(number)) for number in range(50)]

    assert scored(rule(-10, {**OPENED, "frequency": "each"}), interactions=opens).score == -500
    assert scored(rule(10**6, {**OPENED, "frequency": "each"}), interactions=opens).score == 5 * 10**7


@pytest.mark.rule("SCO-19")
def test_rules_may_ask_of_contact_lead_and_account():
    rules = [
        rule(1, LONDON),
        rule(2, where("lead", "budget", "more_than", 1000), id_="s"),
        rule(4, where("account", "name", "starts_with", "acme"), id_="t"),
    ]

    evaluation = scored(*rules, contact={"city": "London"}, lead=[{"budget": 5000}], account=[{"name": "Acme Ltd"}])

    assert evaluation.score == 7


def test_of_several_contacts_one_has_to_satisfy_all_that_a_rule_asks():
    """Decision 5."""
    apart = [{"city": "London", "country": "Ohio"}, {"city": "Leeds", "country": "England"}]
    together = [*apart, {"city": "London", "country": "England"}]
    model = ScoringModel.model_validate({"name": "M", "sales_ready_score": 1, "rules": [rule(5, LONDON, ENGLAND)]})
    compiled = compile_model(model, CATALOGUE)

    assert score(compiled, KnownFacts.of({"contact": apart}), NOW).score == 0
    assert score(compiled, KnownFacts.of({"contact": together}), NOW).score == 5


def test_a_contribution_says_what_it_rests_on():
    opens = [opened("first", 9 * DAY), opened("second", 2 * DAY)]
    rules = [rule(10, LONDON, {**OPENED, "frequency": "each", "within": "P10D"})]

    (contribution,) = scored(*rules, contact={"city": "London"}, interactions=opens).contributions

    assert asdict(contribution) == {
        "rule_id": "r",
        "name": "R",
        "points": 20,
        "occurrences": 2,
        "first_interaction_id": "first",
        "last_interaction_id": "second",
        "expires_at": NOW + DAY,
        "saw": (("contact.city", "London"),),
    }


def test_a_relative_date_of_a_record_changes_the_score_by_time_alone():
    rules = [rule(10, where("contact", "joined", "in_last", "P7D"))]

    before = scored(*rules, contact={"joined": date(2026, 6, 12)})
    after = scored(*rules, contact={"joined": date(2026, 6, 12)}, now=before.changes_at)

    assert (before.score, before.changes_at, after.score) == (10, datetime(2026, 6, 19, tzinfo=UTC), 0)


@pytest.mark.rule("SCO-3")
def test_the_threshold_is_reached_at_it_and_above_it():
    """Decision 13: “reaches” is ≥."""
    rules = [rule(10, {**OPENED, "frequency": "each"})]
    opens = [opened("1", 3 * DAY), opened("2", 2 * DAY), opened("3", DAY)]

    assert scored(*rules, interactions=opens, threshold=20).reached_at == NOW - 2 * DAY
    assert scored(*rules, interactions=opens, threshold=21).reached_at == NOW - DAY
    assert scored(*rules, interactions=opens, threshold=31).reached_at is None


def test_the_threshold_counts_as_reached_though_the_score_has_fallen_since():
    """Design 4.3, decision 17: decided in event time."""
    rules = [rule(100, {**OPENED, "times": 2, "within": "P2D"})]
    opens = [opened("1", 40 * DAY), opened("2", 39 * DAY)]

    evaluation = scored(*rules, interactions=opens)

    assert (evaluation.score, evaluation.reached_at) == (0, NOW - 39 * DAY)


def test_the_threshold_is_not_reached_between_facts_of_one_instant():
    rules = [rule(100, OPENED), rule(-50, CLICKED, id_="s")]

    assert scored(*rules, interactions=[opened("1"), clicked("2")]).reached_at is None


def test_the_creation_of_the_lead_belongs_to_the_timeline():
    rules = [rule(100, {**OPENED, "frequency": "none"})]
    opens = [opened("1", DAY)]

    assert scored(*rules, interactions=opens).reached_at is None
    assert scored(*rules, interactions=opens, since=NOW - 2 * DAY).reached_at == NOW - 2 * DAY
    assert scored(*rules, interactions=[], since=NOW - 2 * DAY).reached_at == NOW - 2 * DAY


def test_it_does_not_matter_at_which_place_in_the_rule_each_stands():
    conditions = [{**CLICKED, "times": 2}, {**OPENED, "frequency": "each"}]
    interactions = [opened("1"), opened("2"), opened("3"), clicked("a"), clicked("b")]

    (contribution,) = scored(rule(10, *conditions), interactions=interactions).contributions

    assert (contribution.points, contribution.occurrences) == (30, 3)


def test_what_only_the_future_brings_has_not_reached_the_threshold():
    rules = [rule(60, LONDON), rule(-50, {**OPENED, "within": "P5D"}, id_="s")]
    interactions = [opened("1")]

    evaluation = scored(*rules, contact={"city": "London"}, interactions=interactions, threshold=60)

    assert (evaluation.score, evaluation.reached_at, evaluation.changes_at) == (10, None, NOW + 4 * DAY)


def test_a_rule_that_several_conditions_deny_is_looked_at_again_when_the_last_may_have_changed():
    none = {**OPENED, "frequency": "none"}
    rules = [rule(10, {**none, "within": "P5D"}, {**none, "within": "P9D"})]

    assert scored(*rules, interactions=[opened("1")]).changes_at == NOW + 8 * DAY


# Paths -------------------------------------------------------------------------------------------------------------

GRAPH = Catalogue(
    {"opportunity": {"value": Field(FieldType.NUMBER), "state": Field(FieldType.TEXT)}},
    relations={"lead": {"opportunities": Relation("opportunity")}, "contact": {"leads": Relation("lead")}},
).merged(CATALOGUE)


def along(*rules, interactions=(), **records):
    model = ScoringModel.model_validate({"name": "M", "sales_ready_score": 100, "rules": rules})
    return score(compile_model(model, GRAPH), KnownFacts.of(records, interactions), NOW).score


BIG = {"field": "value", "operator": "at_least", "values": [1000]}
WON = {"field": "state", "operator": "equals", "values": ["won"]}


@pytest.mark.rule("SCO-11", "SCO-18")
@pytest.mark.parametrize(
    ("opportunities", "expected"),
    [
        ([{"value": 5000, "state": "won"}], 10),
        ([{"value": 5000, "state": "open"}, {"value": 5, "state": "won"}], 0),
        ([{"value": 5, "state": "open"}, {"value": 5000, "state": "won"}], 10),
        ([], 0),
    ],
)
def test_of_several_records_at_a_paths_end_one_satisfies_all_that_a_rule_asks_of_it(opportunities, expected):
    """Decision 5."""
    at_once = rule(10, {"entity": "lead.opportunities", "where": [BIG, WON]})
    in_two_parts = rule(
        10, {"entity": "lead.opportunities", "where": [BIG]}, {"entity": "lead.opportunities", "where": [WON]}
    )

    assert along(at_once, **{"lead.opportunities": opportunities}) == expected
    assert along(in_two_parts, **{"lead.opportunities": opportunities}) == expected


def test_where_no_record_is_at_a_paths_end_its_values_are_absent():
    """Decision 5."""
    lost = {"field": "state", "operator": "not_equals", "values": ["won"]}

    assert along(rule(10, {"entity": "lead.opportunities", "where": [lost]})) == 10
    assert along(rule(10, {"entity": "lead.opportunities"})) == 0


@pytest.mark.rule("SCO-10", "SCO-12")
@pytest.mark.parametrize(("opportunities", "expected"), [([{"state": "open"}], 10), ([{"state": "won"}], 0), ([], 0)])
def test_a_condition_without_expressions_asks_for_a_record_also_beside_one_that_absent_values_satisfy(
    opportunities, expected
):
    there = {"entity": "lead.opportunities"}
    not_won = {**there, "where": [{"field": "state", "operator": "not_equals", "values": ["won"]}]}

    for conditions in ((there, not_won), (not_won, there)):
        assert along(rule(10, *conditions), **{"lead.opportunities": opportunities}) == expected


@pytest.mark.rule("SCO-20")
@pytest.mark.parametrize(("frequency", "expected"), [("each", 20), ("at_least", 10), ("none", 0)])
def test_an_interaction_counts_where_who_did_it_is_as_the_condition_says(frequency, expected):
    who = [{"field": "city", "operator": "equals", "values": ["London"]}]
    asked = rule(10, {"entity": "EmailClicked.contact", "frequency": frequency, "where": who})
    clicks = [clicked("1"), clicked("2")]

    assert along(asked, contact=[{"city": "London"}], interactions=clicks) == expected
    elsewhere = along(asked, contact=[{"city": "Paris"}], interactions=clicks)
    assert elsewhere == (10 if frequency == "none" else 0)


@pytest.mark.rule("RSC-7")
def test_without_the_contacts_interactions_only_those_of_the_lead_itself_count_each_once():
    interactions = [opened("1", lead_id="l"), opened("1", lead_id="l"), opened("2", lead_id="m"), opened("3")]
    facts = KnownFacts.of({"lead": [{"lead_id": "l"}]}, interactions)

    def counted(*, contacts):
        rules = [rule(10, {**OPENED, "frequency": "each"})]
        document = {"name": "M", "sales_ready_score": 1, "rules": rules, "count_contact_interactions": contacts}
        return score(compile_model(ScoringModel.model_validate(document), CATALOGUE), facts, NOW).score

    assert (counted(contacts=True), counted(contacts=False)) == (30, 10)
