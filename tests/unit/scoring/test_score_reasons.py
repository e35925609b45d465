"""Why rules hold, in agreement with the engine; rules as sentences; what made a score fall."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings

from chalicelib.conditions.facts import Interaction, KnownFacts
from chalicelib.scoring.engine import score
from chalicelib.scoring.explanations.differing import Then, differences
from chalicelib.scoring.explanations.reasons import reasons
from chalicelib.scoring.explanations.wording import of_model, of_rule
from chalicelib.scoring.model import Rule, ScoringModel
from tests.unit.scoring.test_scoring_recount import compiled, contacts, instants, known, models, timelines

NOW = datetime.fromisoformat("2026-06-15T12:00:00+00:00")
DAY = timedelta(days=1)


@settings(max_examples=400, deadline=None)
@given(models, contacts, timelines, instants)
def test_reasons_agree_with_the_engine(document, people, timeline, now):
    model, facts = compiled(document), known(people, timeline)

    explained = reasons(model, facts, now)

    given = {contribution.rule_id: contribution for contribution in score(model, facts, now).contributions}
    assert {each.rule_id: each.contribution for each in explained} == {
        rule.id: given.get(rule.id) for rule in model.rules
    }
    for each in explained:
        assert (each.contribution is not None) == all(part.holds for part in each.parts)
        assert all(part.why.endswith(".") for part in each.parts)


@settings(max_examples=200, deadline=None)
@given(models, contacts, timelines, instants)
def test_what_a_reason_says_stays_so_until_it_says_it_changes(document, people, timeline, now):
    model, facts = compiled(document), known(people, timeline)

    for each in reasons(model, facts, now):
        if each.changes_at is not None:
            moment = each.changes_at - timedelta(microseconds=1)
            later = next(one for one in reasons(model, facts, moment) if one.rule_id == each.rule_id)
            assert later.contribution == each.contribution


def explained(conditions, interactions=(), *, own=False, **contact):
    rule = {"id": "r", "name": "R", "points": 5, "conditions": conditions}
    document = {"name": "M", "sales_ready_score": 1, "rules": [rule], "count_contact_interactions": not own}
    facts = {"contact": [contact] if contact else [], "lead": [{"lead_id": "l"}]}
    [reason] = reasons(compiled(document), KnownFacts.of(facts, interactions), NOW)
    return [(part.holds, part.why) for part in reason.parts]


def test_a_value_that_does_not_fit_is_named():
    asked = [{"entity": "contact", "where": [{"field": "city", "operator": "equals", "values": ["x"]}]}]

    assert explained(asked, city="y") == [(False, "It is “y”.")]
    assert explained(asked, city="x") == [(True, "It is “x”.")]
    assert explained(asked) == [(False, "It has no value.")]


def test_what_is_missing_what_is_too_old_and_what_goes_next_is_counted():
    asked = [{"entity": "A", "times": 3, "within": "P7D"}]
    at = [NOW - DAY, NOW - 2 * DAY, NOW - 9 * DAY, NOW - 3 * DAY]
    facts = [Interaction(str(number), "A", instant, {"link": "x"}) for number, instant in enumerate(at)]

    assert explained(asked, facts[:3]) == [(False, "2 count, 1 are missing. 1 more lie before the range.")]
    [(holds, why)] = explained(asked, facts)
    assert holds
    assert why == (
        "3 count. The first of them leaves the range at 2026-06-19T12:00:00.000000Z. 1 more lie before the range."
    )


@pytest.mark.rule("RSC-7")
def test_of_a_model_that_leaves_out_what_the_contact_did_only_what_is_the_leads_own_is_explained():
    done = [Interaction(of, "A", NOW - DAY, {"link": "x", "lead_id": of}) for of in ("l", "m", "n")]

    assert explained([{"entity": "A"}], done) == [(True, "3 count.")]
    assert explained([{"entity": "A"}], done, own=True) == [(True, "1 count.")]
    assert explained([{"entity": "A"}], done[1:], own=True) == [(False, "0 count, 1 are missing.")]


def test_what_keeps_a_rule_about_nothing_done_from_holding_goes_in_time():
    asked = [{"entity": "A", "frequency": "none", "within": "P7D"}]

    assert explained(asked) == [(True, "None counts.")]
    [(holds, why)] = explained(asked, [Interaction("1", "A", NOW - DAY, {"link": "x"})])
    assert not holds
    assert "leaves the range at 2026-06-21T12:00:00.000000Z" in why


# In words ----------------------------------------------------------------------------------------------------------

CLICKED = {"entity": "EmailClicked", "frequency": "each", "within": "P30D"}
WHERE = [{"field": "email_id", "operator": "equals", "values": ["e"]}]
FROM_LONDON = {"entity": "contact", "where": [{"field": "city", "operator": "in", "values": ["London", "Leeds"]}]}


@pytest.mark.rule("SCO-15")
@pytest.mark.parametrize(
    ("points", "conditions", "text"),
    [
        (1, [CLICKED], "Gives 1 point each time when “email clicked” is recorded within 30 days."),
        (
            -20,
            [{"entity": "EmailOpened", "frequency": "none", "within": "P1M"}],
            "Takes 20 points when no “email opened” is recorded within 1 month.",
        ),
        (
            5,
            [{"entity": "FormSubmitted", "times": 3, "where": WHERE}, FROM_LONDON],
            (
                "Gives 5 points when “form submitted” is recorded at least 3 times, where email id is “e”"
                " and contact city is one of “London” or “Leeds”."
            ),
        ),
        (
            5,
            [{"entity": "lead", "where": [{"field": "employees", "operator": "between", "values": [5, 9]}]}],
            "Gives 5 points when lead employees lies between 5 and 9.",
        ),
        (
            5,
            [{"entity": "contact", "where": [{"field": "birth_date", "operator": "in_next", "values": ["P2D"]}]}],
            "Gives 5 points when contact birth date lies in the next 2 days.",
        ),
        (
            5,
            [{"entity": "contact", "where": [{"field": "birth_date", "operator": "in_last", "values": ["soon"]}]}],
            "Gives 5 points when contact birth date lies in the last “soon”.",
        ),
        (5, [{"entity": "account"}], "Gives 5 points when there is a record: account."),
    ],
)
def test_a_rule_reads_as_a_sentence(points, conditions, text):
    assert of_rule(Rule.model_validate({"id": "r", "points": points, "conditions": conditions})) == text


@pytest.mark.rule("SCO-15", "SCO-22")
def test_what_holds_for_the_whole_model_reads_as_sentences():
    grades = [{"name": "Cold", "max": 25}, {"name": "Warm", "min": 26, "max": 60}, {"name": "Hot", "min": 61}]
    model = ScoringModel.model_validate(
        {"name": "M", "sales_ready_score": 80, "minimum_consent": 3, "grades": grades, "rules": []}
    )

    assert list(of_model(model)) == [
        "Only leads whose contact has given the consent level 3 or higher are scored.",
        "From 80 points on a lead is ready for sales.",
        "Up to 25 points the grade is Cold.",
        "From 26 to 60 points the grade is Warm.",
        "From 61 points on the grade is Hot.",
    ]


@pytest.mark.rule("SCO-15", "RSC-2", "RSC-6", "RSC-7")
def test_who_is_scored_and_grades_however_written_read_as_sentences():
    clauses = [{"field": "lead.topic", "operator": "contains", "values": ["x"]}, {"not": {"any": WHERE}}]
    model = ScoringModel.model_validate(
        {
            "name": "M",
            "entry": {"all": clauses},
            "count_contact_interactions": False,
            "grades": [{"name": "Cold", "operator": "less_than", "values": [26]}],
        }
    )

    assert list(of_model(model)) == [
        "Only leads are scored where (lead topic contains “x” and it is not so that (email id is “e”)).",
        "Of what the contact did, only what belongs to the lead itself counts.",
        "Up to 25 points the grade is Cold.",
    ]


def test_who_did_it_is_part_of_the_sentence():
    conditions = [{"entity": "EmailClicked.contact", "where": FROM_LONDON["where"]}]

    assert of_rule(Rule.model_validate({"id": "r", "points": 5, "conditions": conditions})) == (
        "Gives 5 points when “email clicked” is recorded at least once,"
        " where contact city is one of “London” or “Leeds”."
    )


def test_somebody_else_who_did_it_is_named_as_the_reason():
    asked = [{"entity": "A.contact", "where": [{"field": "city", "operator": "equals", "values": ["x"]}]}]
    facts = [Interaction("1", "A", NOW - DAY, {"link": "x"})]

    assert explained(asked, facts, city="x") == [(True, "1 count.")]
    assert explained(asked, facts, city="y") == [
        (False, "0 count, 1 are missing. Who did it is not who is asked for."),
    ]


# Between two moments -----------------------------------------------------------------------------------------------


def gave(rule_id="r", points=10, **more):
    return {rule_id: {"rule_id": rule_id, "name": "R", "points": points, **more}}


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (
            gave(saw=[["contact.city", "x"]], expires_at="2026-06-15T00:00:00+00:00"),
            {},
            (
                "It does not hold any more; it had held, having seen contact.city “x”;"
                " what it counted began to leave its range at 2026-06-15T00:00:00.000000Z."
            ),
        ),
        (gave(expires_at="2026-06-15T12:00:00.000001+00:00"), {}, "It does not hold any more; it had held."),
        (gave(saw=[["contact.city", "x"]]), {}, "does not hold any more; it had held, having seen contact.city “x”"),
        (gave(occurrences=3), gave(points=5, occurrences=1), "It counted 3 interactions, and then one interaction."),
        (gave(), gave(points=7), "Its points are 7 by version 2; they were 10 by version 1."),
        ({}, gave(occurrences=2), "It counts 2 interactions."),
        ({}, gave(saw=[["contact.city", "x"]]), "It holds, having seen contact.city “x”."),
        (gave("old"), {}, "The rule is not in version 2 any more."),
        ({}, gave("new"), "The rule came with version 2."),
    ],
)
def test_each_rule_that_gave_other_points_says_why(before, after, why):
    first = Then(NOW - DAY, 1, before, {"r": 10, "old": 1})
    last = Then(NOW, 2, after, {"r": 7, "new": 1})

    [change] = differences(first, last)

    assert why in change.why
    assert change.why.endswith(".")


def test_a_rule_that_counts_otherwise_is_not_said_to_have_other_points():
    first = Then(NOW - DAY, 1, gave(points=30, occurrences=3), {"r": 10})
    last = Then(NOW, 2, gave(points=10, occurrences=3), {"r": 10})

    [change] = differences(first, last)

    assert change.why == "Version 2 counts otherwise how often it gives its points than version 1."


def test_a_rule_that_gave_the_same_is_no_difference():
    assert list(differences(Then(NOW, 1, gave(), {"r": 10}), Then(NOW, 1, gave(expires_at="x"), {"r": 10}))) == []
