"""Scores from records along paths: the lead, its contact, their accounts, the contact's other leads."""

import pytest

import app  # noqa: F401  it tells conditions what there is
from chalicelib.conditions import sources
from chalicelib.conditions.catalogue import Field, FieldType
from chalicelib.contacts import accounts
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.scoring import reading, service
from chalicelib.scoring.compiler import problems_of
from chalicelib.scoring.live import live_models, touched
from chalicelib.scoring.model import ScoringModel
from tests.support.meter import metered
from tests.support.scoring import NOW, click, clicked, lead, person, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")


def asks(entity, field, value, points=10, operator="equals"):
    where = [{"field": field, "operator": operator, "values": [value]}]
    return {
        "id": f"{entity}-{field}-{operator}".replace(".", "-"),
        "points": points,
        "conditions": [{"entity": entity, "where": where}],
    }


def scores(lead_id="l"):
    return {score.model_id: score.score for score in reading.scores_of(lead_id)}


def company(account_id, **values):
    accounts.create(account_id, {"name": account_id, **values}, NOW, by="user:u")


@pytest.mark.rule("SCO-19")
def test_a_rule_says_which_account_it_means_by_the_path_to_it():
    company("own", industry="leisure")
    company("contacts", industry="trade")
    person(account_id="contacts")
    lead("l", account_id="own")
    own = publish(asks("lead.account", "industry", "leisure", 1), asks("lead.contact.account", "industry", "trade", 2))
    neither = publish(asks("lead.account", "industry", "trade"), asks("contact.account", "industry", "leisure"))

    rescore()

    assert scores() == {own: 3, neither: 0}


@pytest.mark.rule("SCO-18")
def test_a_path_leads_on_through_the_contacts_other_leads_to_their_accounts():
    company("other", city="Odense")
    person()
    lead("l", topic="Kayaks")
    lead("m", topic="Paddles", account_id="other")
    path = "lead.contact.leads.contact.leads.account"
    model = publish(asks("contact.leads", "topic", "Paddles", 1), asks(path, "city", "Odense", 2))

    rescore()

    assert scores("l") == scores("m") == {model: 3}


def test_a_record_that_is_not_there_is_an_absent_value():
    """Decision 5."""
    person()
    lead("l", account_id=None)
    model = publish(asks("lead.account", "city", "Odense", 1), asks("lead.account", "city", "Odense", 2, "not_equals"))

    rescore()

    assert scores() == {model: 2}


@pytest.mark.rule("SCO-18")
def test_a_domain_brings_an_entity_with_the_paths_to_it():
    bikes = {"l": [{"id": "b", "colour": "red"}], "m": []}
    sources.register(
        "bike",
        {"colour": Field(FieldType.TEXT)},
        lambda _: [],
        reached_by={"lead.bikes": lambda lead_id: bikes.get(lead_id, [])},
    )
    person()
    lead("l")
    lead("m")
    model = publish(asks("lead.bikes", "colour", "red"))

    rescore()

    assert (scores("l"), scores("m")) == ({model: 10}, {model: 0})


def test_only_what_lies_on_a_path_wakes_a_model():
    publish(asks("lead.contact.account", "industry", "leisure"))
    models = live_models()

    def wakes(**fact):
        return touched(models, fact)

    assert wakes(fact="account.changed", changed=["industry"])
    assert wakes(fact="contact.changed", changed=["account_id"])
    assert not wakes(fact="account.changed", changed=["city"])
    assert not wakes(fact="contact.changed", changed=["city"])
    assert not wakes(fact="opportunity.created")


def test_a_record_is_read_once_however_many_models_and_leads_ask_for_it():
    company("a", industry="leisure")
    person(account_id="a", city="Odense")
    for lead_id in ("l", "m", "n"):
        lead(lead_id, account_id="a")
    publish(asks("contact", "city", "Odense"))
    rescore()
    with metered() as one:
        rescore()
    publish(asks("contact.account", "industry", "leisure"), asks("contact.leads", "topic", "Kayaks"))
    publish(asks("account", "industry", "leisure"), asks("lead.account", "industry", "trade"), clicked(3))
    rescore()

    with metered() as many:
        rescore()

    # The account, and the clicks.
    assert many.round_trips == one.round_trips + 2


def test_a_change_of_the_leads_account_rescores_what_is_asked_along_the_path_to_it():
    company("a", industry="leisure")
    person()
    lead("l")
    model = publish(asks("lead.account", "industry", "leisure"))
    rescore()
    made = lead_reading.find("l")
    leads.amend("l", {"account_id": "a"}, by="user:u", version=made.version, now=NOW)

    service.react({"fact": "lead.changed", "id": "l", "contact": "c", "changed": ["account_id"]}, NOW)

    assert scores() == {model: 10}


def test_a_click_counts_where_the_one_who_clicked_is_as_the_condition_says():
    company("a", industry="leisure")
    person(account_id="a")
    lead("l")
    where = [{"field": "industry", "operator": "equals", "values": ["leisure"]}]
    condition = {"entity": "EmailClicked.contact.account", "frequency": "each", "where": where}
    model = publish({"id": "r", "points": 5, "conditions": [condition]})
    click("1")
    click("2")

    rescore()

    assert scores() == {model: 10}


@pytest.mark.rule("SCO-17")
@pytest.mark.parametrize("field", ["score", "grade", "age_in_days"])
def test_nothing_that_is_computed_of_a_record_can_be_asked(field):
    model = ScoringModel.model_validate(
        {"name": "M", "sales_ready_score": 1, "rules": [{**asks("lead", field, "x"), "id": "r"}]}
    )

    assert [problem.field for problem in problems_of(model, sources.catalogue())] == [
        "/rules/0/conditions/0/where/0/field"
    ]
