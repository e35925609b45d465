"""A lead's parents and stakeholders, and the sections that it is shown in; through their real edges."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.leads import deletion, stakeholders
from chalicelib.leads.choices import LeadSource, Need, PurchaseProcess, PurchaseTimeframe, Rating
from tests.support.api import Caller
from tests.support.merged import merge
from tests.support.scoring import NOW, click, clicked, person, publish


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


def made(api, **values):
    return api.post("/leads", {"last_name": "Juhl", **values})


def scores(api, lead):
    return [each["score"] for each in api.get(f"/leads/{lead['id']}/scores")["items"]]


# Parents -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LEAD-3", "LEAD-8", "CORE-6")
def test_a_parent_that_is_set_changed_or_taken_away_is_scored_at_once(api, world):
    person("quiet"), person("busy")
    publish(clicked(points=30))
    click("1", contact_id="quiet"), click("2", contact_id="busy"), click("3", contact_id="busy")
    lead = made(api)
    path = f"/leads/{lead['id']}"
    world.settle()
    assert scores(api, lead) == []

    seen = []
    for parent in ("quiet", "busy", None):
        lead = api.change("PATCH", path, api.get(path), {"contact_id": parent})
        world.settle()
        seen.append(scores(api, lead))

    assert seen == [[30], [60], []]
    changes = [each["changes"].get("contact_id") for each in api.get(f"{path}/history")["items"]]
    assert [each for each in changes if each] == [[None, "quiet"], ["quiet", "busy"], ["busy", None]]


@pytest.mark.rule("LEAD-3")
def test_a_lead_of_a_contact_and_an_account_is_scored_by_its_contact_only(api, world):
    account = api.post("/accounts", {"name": "Kajak ApS"})
    person("c"), person("colleague", account_id=account["id"])
    publish(clicked(points=30))
    click("1", contact_id="c"), click("2", contact_id="colleague")

    lead = made(api, contact_id="c", account_id=account["id"])
    world.settle()

    assert scores(api, lead) == [30]


@pytest.mark.rule("LEAD-4")
def test_after_a_single_interaction_a_lead_is_nurtured_and_not_qualified(api, world):
    person("c")
    publish(clicked(points=30), threshold=100)
    lead = made(api, contact_id="c")
    click("1")

    world.settle()

    lead = api.get(f"/leads/{lead['id']}")
    assert (lead["state"], lead["sales_ready"]) == ("open", False)
    assert lead["stage"] == "automated_marketing_qualification"


@pytest.mark.rule("LEAD-1", "LEAD-2", "CORE-6")
def test_a_contact_has_an_open_lead_for_each_thing_it_is_interested_in(api):
    person("c")
    for topic in ("Kayaks", "Tents"):
        made(api, topic=topic, contact_id="c")
    closed = made(api, topic="Boats", contact_id="c")
    api.change("POST", f"/leads/{closed['id']}/disqualify", closed)

    found = api.get("/leads?contact_id=c")["items"]

    assert [(each["topic"], each["state"]) for each in found] == [
        ("Boats", "disqualified"),
        ("Tents", "open"),
        ("Kayaks", "open"),
    ]


@pytest.mark.parametrize(
    ("field", "choices", "number"),
    [
        ("rating", Rating, 3),
        ("lead_source", LeadSource, 11),
        ("purchase_timeframe", PurchaseTimeframe, 5),
        ("purchase_process", PurchaseProcess, 3),
        ("need", Need, 4),
    ],
)
def test_a_lead_takes_each_of_its_choices(api, field, choices, number):
    lead = made(api)
    for choice in choices:
        lead = api.change("PATCH", f"/leads/{lead['id']}", lead, {field: choice.value})
        assert lead[field] == choice.value
    assert len(choices) == number


# Stakeholders --------------------------------------------------------------------------------------------------------


def stakes(api, lead):
    return [(each["contact_id"], each["role"]) for each in api.get(f"/leads/{lead['id']}/stakeholders")["items"]]


@pytest.mark.rule("LEAD-12")
def test_stakeholders_are_the_parent_and_who_was_added_until_they_are_taken_away(api):
    person("c"), person("boss"), person("user")
    lead = made(api)
    path = f"/leads/{lead['id']}/stakeholders"
    assert stakes(api, lead) == []

    api.change("PATCH", f"/leads/{lead['id']}", lead, {"contact_id": "c"})
    api.post(path, {"contact_id": "boss", "role": "decides"})
    api.post(path, {"contact_id": "user"})
    again = api.post(path, {"contact_id": "boss", "role": "other"})

    assert stakes(api, lead) == [("c", None), ("boss", "decides"), ("user", None)]
    assert again["role"] == "decides"
    assert [each["id"] for each in api.get("/leads?stakeholder_id=boss")["items"]] == [lead["id"]]
    assert api.get("/leads?contact_id=boss")["items"] == []
    assert api.call("DELETE", f"{path}/boss")[0] == 204
    assert api.call("DELETE", f"{path}/boss")[0] == 404
    assert stakes(api, lead) == [("c", None), ("user", None)]
    told = [each["changes"] for each in api.get(f"/leads/{lead['id']}/history")["items"]]
    assert told[-1] == {"stakeholder": ["boss", None]}


@pytest.mark.rule("LEAD-12")
def test_the_stakeholders_of_a_merged_lead_are_those_of_the_one_that_stays_and_can_be_taken_away(api):
    person("c"), person("boss"), person("user")
    lead, other = (made(api, contact_id="c") for _ in range(2))
    for each, contact_id in ((lead, "boss"), (other, "boss"), (other, "user")):
        api.post(f"/leads/{each['id']}/stakeholders", {"contact_id": contact_id})

    api.change("POST", f"/leads/{lead['id']}/merges", lead, {"other_id": other["id"], "why": "one interest"})

    assert stakes(api, lead) == [("c", None), ("boss", None), ("user", None)]
    for contact_id in ("boss", "user"):
        assert api.call("DELETE", f"/leads/{lead['id']}/stakeholders/{contact_id}")[0] == 204
    assert stakes(api, lead) == [("c", None)]


@pytest.mark.rule("LEAD-12")
def test_the_parent_is_no_other_stakeholder_under_another_of_its_identities(api):
    person("c"), person("twin"), person("boss")
    lead = made(api, contact_id="twin")
    path = f"/leads/{lead['id']}/stakeholders"
    api.post(path, {"contact_id": "boss"})

    merge("c", "twin", NOW)
    as_itself, _, _ = api.call("POST", path, {"contact_id": "c"})
    merge("c", "boss", NOW)

    assert as_itself == 409
    assert stakes(api, lead) == [("twin", None)]


def test_nobody_has_a_stake_who_is_not_there_and_the_parent_has_it_anyway(api):
    person("c")
    lead = made(api, contact_id="c")
    path = f"/leads/{lead['id']}/stakeholders"

    assert api.call("POST", path, {"contact_id": "nobody"})[0] == 422
    assert api.call("POST", path, {"contact_id": "c"})[0] == 409
    assert api.call("POST", "/leads/none/stakeholders", {"contact_id": "c"})[0] == 404


def test_a_lead_has_as_many_stakeholders_as_its_list_shows(api, monkeypatch):
    monkeypatch.setattr(stakeholders, "MOST", 2)
    lead = made(api)
    for contact_id in ("a", "b", "c"):
        person(contact_id)

    answers = [api.call("POST", f"/leads/{lead['id']}/stakeholders", {"contact_id": each})[0] for each in "abc"]

    assert answers == [201, 201, 409]
    assert [each for each, _ in stakes(api, lead)] == ["a", "b"]


def test_a_contact_or_a_lead_that_goes_takes_its_stakes_along(api):
    person("boss")
    first, second = made(api), made(api)
    for lead in (first, second):
        api.post(f"/leads/{lead['id']}/stakeholders", {"contact_id": "boss"})

    api.change("DELETE", f"/leads/{second['id']}", second)
    assert [each["id"] for each in api.get("/leads?stakeholder_id=boss")["items"]] == [first["id"]]
    deletion.sweep("boss", NOW)

    assert stakes(api, first) == []
    assert api.get("/leads?stakeholder_id=boss")["items"] == []


@pytest.mark.rule("LEAD-12")
def test_the_stakes_of_a_merged_contact_are_listed_with_the_one_that_counts_each_lead_once(api):
    person("boss"), person("twin")
    lead = made(api)
    for contact_id in ("boss", "twin"):
        api.post(f"/leads/{lead['id']}/stakeholders", {"contact_id": contact_id})
    other = made(api)
    api.post(f"/leads/{other['id']}/stakeholders", {"contact_id": "twin"})

    merge("boss", "twin", NOW)

    assert [each["id"] for each in api.get("/leads?stakeholder_id=boss")["items"]] == [other["id"], lead["id"]]


# Sections ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LEAD-11")
def test_every_section_of_a_lead_can_be_had(api, world):
    person("c")
    publish(clicked(points=30))
    lead = made(api, contact_id="c", linkedin_campaign="Kayaks", seniority="manager")
    api.post("/activities", {"subject": "Call", "regarding": {"kind": "lead", "id": lead["id"]}})
    click("1")
    world.settle()

    summary = api.get(f"/leads/{lead['id']}")
    timeline = api.get(f"/activities?regarding_kind=lead&regarding_id={lead['id']}")["items"]
    insights = api.get(f"/interactions?contact_id={summary['contact_id']}&type=EmailClicked")["items"]

    assert (summary["linkedin_campaign"], summary["seniority"]) == ("Kayaks", "manager")
    assert {"source_journey_id", "source_form_id", "source_page_id", "originating_event_id"} <= summary.keys()
    assert [each["subject"] for each in timeline] == ["Call"]
    assert [each["type"] for each in insights] == ["EmailClicked"]
    assert scores(api, lead) == [30]
    assert api.get(f"/leads/{lead['id']}/process")["stage"] == "automated_marketing_qualification"
    assert api.get(f"/leads/{lead['id']}/history")["items"][0]["why"] == "first score"
    assert [each["contact_id"] for each in api.get(f"/leads/{lead['id']}/stakeholders")["items"]] == ["c"]
