"""Qualification: leads that reach the scores of one or several models, through routes, queue and rescoring."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.definitions import live as definitions
from chalicelib.definitions.models import Job
from chalicelib.leads import process
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.choices import State, StatusReason
from chalicelib.scoring import bulk, configuration, service
from chalicelib.scoring.models import Qualified
from chalicelib.scoring.schemas import NewConfiguration
from tests.support.api import Caller
from tests.support.meter import metered
from tests.support.scoring import DAY, NOW, click, clicked, lead, lives_in, person, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def qualify(api, *criteria, combine="all", **actions):
    """Publish a qualification of pairs of model and minimum, and return it as it is then."""
    document = {
        "criteria": [{"model_id": model_id, "minimum": minimum} for model_id, minimum in criteria],
        "combine": combine,
        **actions,
    }
    made = api.post("/qualifications", {"name": "Q", "document": document})
    return api.change("POST", f"/qualifications/{made['id']}/publish", made)


def stop(api, kind, definition_id):
    return api.change("POST", f"/{kind}/{definition_id}/stop", api.get(f"/{kind}/{definition_id}"))


def set_reason(reason, lead_id="l", **also):
    found = lead_reading.find(lead_id)
    leads.amend(lead_id, {"status_reason": reason, **also}, by="user:u", version=found.version, now=NOW)


def position(lead_id="l"):
    found = lead_reading.find(lead_id)
    return found.status_reason, found.sales_ready, found.stage


@pytest.mark.rule("RSC-12")
@pytest.mark.parametrize(("combine", "qualified"), [("all", False), ("any", True)])
def test_one_model_of_two_suffices_where_any_does(api, combine, qualified):
    person(city="Odense")
    lead()
    clicks, city = publish(clicked(30)), publish(lives_in("Paris", 20))
    qualify(api, (clicks, 60), (city, 20), combine=combine)
    click("1", NOW - 2 * DAY)
    click("2", NOW - DAY)

    rescore()

    assert position() == ("marketing_qualified" if qualified else "new", False, "automated_marketing_qualification")


@pytest.mark.rule("RSC-12")
def test_being_qualified_sets_the_status_reason_and_readiness_for_sales_in_the_time_of_the_facts(api):
    person(city="Odense")
    lead()
    clicks, city = publish(clicked(30)), publish(lives_in("Odense", 20))
    made = qualify(api, (clicks, 60), (city, 20), sales_ready=True)
    click("1", NOW + DAY)
    click("2", NOW + 2 * DAY)

    rescore(NOW + 3 * DAY)

    assert position() == ("marketing_qualified", True, "sales_acceptance")
    assert lead_reading.find("l").sales_ready_at == NOW + 2 * DAY
    [move] = lead_reading.history("l")
    assert (move.by, move.why) == ("scoring", f"qualification {made['id']}")
    assert move.changes["status_reason"] == ["new", "marketing_qualified"]


@pytest.mark.rule("RSC-12")
def test_readiness_by_qualification_does_not_ask_the_scoring_configuration(api):
    person()
    lead()
    configuration.configure("x", NewConfiguration(name="ours", automatic_sales_ready=False), "user:u", NOW)
    model = publish(clicked(30), threshold=30)
    qualify(api, (model, 30), marketing_qualified=False, sales_ready=True)
    click("1")

    rescore()

    assert position() == ("new", True, "sales_acceptance")


@pytest.mark.rule("RSC-13")
def test_a_later_drop_of_the_score_reverts_nothing(api):
    person()
    lead()
    model = publish(clicked(30, within="P7D"))
    qualify(api, (model, 30), sales_ready=True)
    click("1")
    rescore()

    rescore(NOW + 8 * DAY)

    assert position() == ("marketing_qualified", True, "sales_acceptance")


@pytest.mark.rule("RSC-13")
def test_a_person_who_thinks_otherwise_is_not_overruled_by_the_same_qualification(api):
    person()
    lead()
    model = publish(clicked(30))
    qualify(api, (model, 30))
    click("1")
    rescore()
    assert position()[0] == "marketing_qualified"
    set_reason("contacted")
    click("2")

    rescore()

    assert position()[0] == "contacted"


@pytest.mark.rule("RSC-13")
def test_only_open_leads_are_qualified_and_closed_ones_when_they_are_opened_again(api):
    person()
    lead()
    model = publish(clicked(30))
    qualify(api, (model, 30), sales_ready=True)
    leads.close("l", State.DISQUALIFIED, StatusReason.LOST, by="user:u", why="", version=1, now=NOW)
    click("1")
    rescore()
    assert position() == ("lost", False, "inquiry")
    assert Qualified.find(*Qualified.at("l", next(iter(definitions.all_live("qualification"))).id)) is None

    leads.reopen("l", by="user:u", why="", version=lead_reading.find("l").version, now=NOW)
    service.react({"fact": "lead.changed", "id": "l", "contact": "c", "changed": ["state"]}, NOW)

    assert position() == ("marketing_qualified", True, "sales_acceptance")


def test_a_lead_that_sales_gave_back_is_qualified_by_what_happens_since(api):
    person()
    lead()
    model = publish(clicked(30, within="P7D"), threshold=1000)
    qualify(api, (model, 30), sales_ready=True)
    click("1")
    rescore()
    version = lead_reading.find("l").version
    leads.step("l", process.return_to_marketing, by="user:s", why="", version=version, now=NOW + DAY)
    rescore(NOW + DAY)
    assert not lead_reading.find("l").sales_ready

    click("2", NOW + 20 * DAY)
    rescore(NOW + 20 * DAY)

    assert lead_reading.find("l").sales_ready
    assert lead_reading.find("l").sales_ready_at == NOW + 20 * DAY


@pytest.mark.rule("RSC-13")
def test_criteria_change_only_after_stopping(api):
    model = publish(clicked(30))
    made = qualify(api, (model, 30))
    path = f"/qualifications/{made['id']}"
    draft = {"name": "Q", "document": {**made["document"], "criteria": [{"model_id": model, "minimum": 5}]}}

    status, answer, _ = api.call("PUT", path, draft, If_Match=f'"{made["version"]}"')
    assert (status, answer["detail"][:50]) == (409, "A qualification changes only after it was stopped.")

    stopped = stop(api, "qualifications", made["id"])
    saved = api.change("PUT", path, stopped, draft)
    assert api.change("POST", f"{path}/publish", saved)["live_version"] == 2


@pytest.mark.rule("RSC-12")
def test_only_live_models_qualify_and_none_of_them_is_stopped_unawares(api):
    model = publish(clicked(30))
    made = qualify(api, (model, 30))
    found = api.get(f"/scoring-models/{model}")

    status, answer, _ = api.call("POST", f"/scoring-models/{model}/stop", {}, If_Match=f'"{found["version"]}"')
    assert status == 409
    assert [each["field"] for each in answer["errors"]] == [f"qualification:{made['id']}"]

    stop(api, "qualifications", made["id"])
    stop(api, "scoring-models", model)
    again = api.get(f"/qualifications/{made['id']}")
    status, answer, _ = api.call("POST", f"/qualifications/{made['id']}/publish", If_Match=f'"{again["version"]}"')
    assert status == 422
    assert [each["field"] for each in answer["errors"]] == [f"scoring-model:{model}"]


@pytest.mark.rule("RSC-12")
def test_leads_that_meet_it_already_are_qualified_when_it_goes_live(api):
    person()
    lead()
    model = publish(clicked(30))
    click("1")
    rescore()

    made = qualify(api, (model, 30))

    assert Job.find(*Job.at(f"qualification-{made['id']}-1")).work == bulk.RESCORE_ALL
    service.react({"fact": "lead.created", "id": "l", "contact": "c"}, NOW)
    assert position()[0] == "marketing_qualified"


def test_without_a_qualification_nothing_more_is_read_and_with_one_no_more_requests_are_made(api):
    person()
    lead()
    model = publish(clicked(30))
    click("1")
    rescore()
    with metered() as without:
        rescore()
    qualify(api, (model, 300))
    rescore()

    with metered() as usage:
        rescore()

    # What is live of qualifications was read already; their marks come with the scores.
    assert usage.round_trips == without.round_trips
    assert usage.write_units == without.write_units


@pytest.mark.rule("RSC-12")
def test_models_of_contacts_and_of_accounts_are_never_all_met(api):
    model, of_accounts = publish(clicked(30)), publish(clicked(30), target="account")
    criteria = [{"model_id": each, "minimum": 30} for each in (model, of_accounts)]
    made = api.post("/qualifications", {"name": "Q", "document": {"criteria": criteria}})

    assert [each["field"] for each in api.post(f"/qualifications/{made['id']}/check")["problems"]] == ["/criteria"]

    qualify(api, (model, 30), (of_accounts, 30), combine="any")


@pytest.mark.rule("RSC-14")
def test_whoever_waits_for_qualified_leads_hears_of_them(world):
    person()
    lead()
    model = publish(clicked(30))
    with Client(app) as client:
        caller = Caller(client)
        query = {"field": "lead.status_reason", "operator": "equals", "values": ["marketing_qualified"]}
        made = caller.post("/segments", {"name": "S", "document": {"type": "dynamic", "query": query}})
        caller.change("POST", f"/segments/{made['id']}/publish", made)
        qualify(caller, (model, 30))
        click("1")
        world.settle()

        assert [each["contact_id"] for each in caller.get(f"/segments/{made['id']}/members")["items"]] == ["c"]
