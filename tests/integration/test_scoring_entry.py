"""Which leads a model takes at all: entry conditions, and what becomes of a lead that no longer meets them."""

from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.dynamodb import commit
from chalicelib.interactions.plans import NewInteraction, record
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.scoring import reading, service
from chalicelib.scoring.models import Evaluation, ScoreChange
from tests.support.api import Caller
from tests.support.scoring import DAY, NOW, click, clicked, lead, person, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")

ABOUT_KAYAKS = {"field": "lead.topic", "operator": "equals", "values": ["Kayaks"]}


def scores(lead_id="l"):
    return {score.model_id: score.score for score in reading.scores_of(lead_id)}


def changes(lead_id="l"):
    rows = ScoreChange.query(f"LEAD#{lead_id}", ScoreChange.sk.startswith("HISTORY#"))
    return [(change.score, change.why) for change in rows]


def change(lead_id, now=NOW, **values):
    leads.amend(lead_id, values, by="user:u", version=lead_reading.find(lead_id).version, now=now)
    service.react({"fact": "lead.changed", "id": lead_id, "contact": "c", "changed": list(values)}, now)


@pytest.mark.rule("RSC-2")
def test_only_leads_that_meet_the_entry_conditions_are_scored():
    person()
    lead("l", topic="Kayaks")
    lead("m", topic="Paddles")
    everything, kayaks = publish(clicked(3)), publish(clicked(5), entry=ABOUT_KAYAKS)
    click("1")

    rescore()

    assert scores("l") == {everything: 3, kayaks: 5}
    assert scores("m") == {everything: 3}


@pytest.mark.rule("RSC-2")
def test_a_lead_that_no_longer_meets_them_loses_its_score_and_keeps_the_history_until_it_comes_back():
    person()
    lead("l", topic="Kayaks")
    model = publish(clicked(5), entry=ABOUT_KAYAKS)
    click("1")
    rescore()

    change("l", topic="Paddles")
    assert scores() == {}
    change("l", now=NOW + DAY, topic="Kayaks")

    assert scores() == {model: 5}
    assert changes() == [(5, None), (None, "The lead does not meet the model's entry conditions."), (5, None)]


@pytest.mark.rule("RSC-8")
def test_a_model_of_a_business_unit_scores_the_leads_of_that_unit_alone():
    person()
    for lead_id, unit in {"l": "north", "m": "south", "n": None}.items():
        lead(lead_id, business_unit=unit)
    of_north = publish(clicked(5), entry={"field": "lead.business_unit", "operator": "equals", "values": ["north"]})
    click("1")
    rescore()

    assert [scores(each) for each in "lmn"] == [{of_north: 5}, {}, {}]
    change("m", business_unit="north")
    assert scores("m") == {of_north: 5}


@pytest.mark.rule("RSC-2")
def test_entry_conditions_that_change_with_the_time_have_the_agenda_look_again():
    person()
    lead()
    young = {"field": "lead.created_at", "operator": "in_last", "values": ["P7D"]}
    model = publish(clicked(5), entry=young)
    rescore()
    assert scores() == {model: 0}

    due = Evaluation.find(*Evaluation.at("c")).due
    service.react({"fact": "due", "contact": "c"}, due)

    assert due == NOW + timedelta(days=7)
    assert scores() == {}


def test_a_lead_is_told_why_a_model_has_no_score_of_it():
    person()
    lead("l", topic="Paddles")
    model = publish(clicked(5), entry=ABOUT_KAYAKS)
    rescore()

    with Client(app) as client:
        found = Caller(client).get("/leads/l/scores")

    [unscored] = found["unscored"]
    assert (unscored["model_id"], unscored["status"]) == (model, None)
    assert unscored["reason"] == "The lead does not meet the model's entry conditions."


@pytest.mark.rule("RSC-7")
def test_a_submission_counts_once_a_model_and_with_its_own_lead_where_the_model_says_so():
    """Peers 21."""
    person()
    lead("l")
    lead("m")
    submitted = NewInteraction(
        InteractionType.FORM_SUBMITTED, NOW, "test", "s", contact_id="c", lead_id="l", attributes={"form_id": "f"}
    )
    commit(record(submitted, NOW))
    rule = {"id": "r", "points": 10, "conditions": [{"entity": "FormSubmitted", "frequency": "each"}]}
    theirs, own = publish(rule), publish(rule, count_contact_interactions=False)

    rescore()

    assert scores("l") == {theirs: 10, own: 10}
    assert scores("m") == {theirs: 10, own: 0}


@pytest.mark.rule("RSC-9")
def test_a_draft_beside_a_live_model_changes_no_score_until_it_is_published():
    person()
    lead()
    model = publish(clicked(5))
    click("1")
    with Client(app) as client:
        caller = Caller(client)
        found = caller.get(f"/scoring-models/{model}")
        document = {**found["document"], "rules": [clicked(9)]}
        caller.change("PUT", f"/scoring-models/{model}", found, {"name": "M", "document": document})

    rescore()

    assert scores() == {model: 5}
