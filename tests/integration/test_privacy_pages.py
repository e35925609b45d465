"""The shipped pages by which people make demands: form, task for the officer, acknowledgement; with the real engine."""

import json
from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.activities.models import Activity
from chalicelib.consent import rules
from chalicelib.consent import service as consent
from chalicelib.consent.rules import Designation, Preferences
from chalicelib.contacts import service as contacts
from chalicelib.journeys.models import Refusal
from infra.local.demo.company import OFFICER, privacy_pages
from tests.support import campaign, journeys
from tests.support.api import Caller
from tests.support.consents import changes
from tests.support.mail import letter_links

ADA = "ada@contoso.example"
VALUES = {"get": {}, "forget": {}, "correct": {"comment": "My name is Lovelace."}}


@pytest.fixture
def client(world):
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client, world):
    journeys.forget_documents()
    api = Caller(client)
    made = api.post("/content-settings", {"name": "cs", "document": campaign.content_settings()})
    api.change("POST", f"/content-settings/{made['id']}/publish", made)
    api.settings_id = made["id"]
    return api


def ship(api):
    status, answer, _ = api.call("PUT", "/privacy-requests", privacy_pages(api.settings_id))
    assert status == 200, answer
    return answer["items"]


def send(client, world, name, address=ADA):
    body = json.dumps({"values": {"email": address, **VALUES[name]}}).encode()
    headers = {"Content-Type": "application/json"}
    answer = client.http.post(f"/forms/privacy-{name}/submissions", headers=headers, body=body)
    assert answer.status_code == 201, answer.body
    world.settle()
    return answer.body.decode()


def tasks():
    found = [item for item in Activity.scan(consistent_read=True) if isinstance(item, Activity)]
    return sorted((each.owner_id, each.subject, each.regarding) for each in found)


TOLD = {
    "get": ("Get my data: we have received this", "Somebody asks for their data"),
    "correct": ("Correct my data: we have received this", "Somebody asks for a correction"),
    "forget": ("Forget me: we have received this", "Somebody asks to be forgotten"),
}


@pytest.mark.rule("PRV-15", "PRV-16")
def test_who_sends_a_form_has_a_task_for_the_officer_and_an_acknowledgement(api, client, world, office):
    ship(api)

    for name, (subject, task) in TOLD.items():
        address = f"{name}@contoso.example"
        ada = api.post("/contacts", {"first_name": "Ada", "last_name": "Byron", "email": address, "city": "London"})
        page = client.http.get(f"/p/privacy-{name}").body.decode()
        answered = send(client, world, name, address)

        assert (OFFICER, task, f"contact#{ada['id']}") in tasks()
        [letter] = office.letters(address)
        assert letter.subject == subject
        links = [link for link in letter_links(letter) if "/subscriptions/" in link]
        assert bool(links) == (name == "correct")
        assert api.get(f"/contacts/{ada['id']}")["version"] == ada["version"]  # an address alone changes nobody's data
        for told in (answered, page, letter.body("html"), letter.body("plain")):
            assert not any(known in told for known in ("Byron", "London"))
    assert len(tasks()) == 3
    assert api.get("/privacy-requests")["items"] == []  # that is the officer's, once it knows who asked


@pytest.mark.rule("PRV-15", "CON-10", "CON-14")
def test_whom_a_demand_makes_a_contact_allows_the_answer_and_nothing_else(api, client, world, office):
    ship(api)

    send(client, world, "get")

    [ada] = contacts.by_email(ADA)
    allowed = consent.of_person(contacts.who_is(ada.contact_id))
    assert [letter.subject for letter in office.letters(ADA)] == [TOLD["get"][0]]
    assert rules.refusal(allowed, Designation.COMMERCIAL) is rules.Refusal.DO_NOT_BULK_EMAIL
    assert (rules.trackable(allowed), allowed.prefill, allowed.consent_level) == (False, False, 0)
    [change] = changes(ada.contact_id)
    assert (change.method, change.source, change.source_version) == ("privacy demand", "form:privacy-get", 1)
    assert change.after == {"bulk_email": False, "tracking": False}


@pytest.mark.rule("PRV-15")
def test_a_demand_of_somebody_who_is_known_changes_nothing_that_it_allows(api, client, world, office):
    ship(api)
    ada = api.post("/contacts", {"last_name": "Byron", "email": ADA})["id"]

    send(client, world, "get")

    assert consent.of_person(contacts.who_is(ada)) == Preferences(ada)
    assert changes(ada) == []


@pytest.mark.rule("PRV-15")
def test_each_further_demand_is_heard_and_the_same_one_once_a_day(api, client, world, office):
    ship(api)

    for name in ("get", "get", "correct"):
        send(client, world, name)
    world.replay(shuffle=3)
    same_day = [subject for _, subject, _ in tasks()]
    world.advance(timedelta(days=2))
    send(client, world, "get")

    assert same_day == ["Somebody asks for a correction", "Somebody asks for their data"]
    assert len(tasks()) == 3
    [ada] = contacts.by_email(ADA)
    assert ada.description is None
    [kept] = api.get("/submissions?form_id=privacy-correct")["items"]
    assert (kept["state"], kept["values"]["comment"]) == ("success", "My name is Lovelace.")


@pytest.mark.rule("PRV-15")
def test_who_had_the_use_of_its_data_restricted_may_still_ask_to_be_forgotten(api, client, world, office):
    ship(api)
    ada = api.post("/contacts", {"last_name": "Byron", "email": ADA})
    restricted = api.post("/privacy-requests", {"type": "restrict", "identifier": ADA})
    path = f"/privacy-requests/{restricted['id']}/carry-out"
    assert api.call("POST", path, None, If_Match=f'"{restricted["version"]}"')[0] == 202
    world.settle()

    send(client, world, "forget")

    assert tasks() == [(OFFICER, "Somebody asks to be forgotten", f"contact#{ada['id']}")]
    assert not [item for item in Refusal.scan() if isinstance(item, Refusal)]
    assert office.letters(ADA) == []  # nothing is sent to whom it is restricted: the officer answers


@pytest.mark.rule("PRV-15")
def test_what_is_shipped_is_edited_like_anything_else_and_shipping_again_leaves_that_alone(api, world):
    first = ship(api)
    form = api.get("/forms/privacy-get")
    changed = {**form["document"], "success_message": "Ours."}
    saved = api.change("PUT", "/forms/privacy-get", form, {"name": "Ask us", "document": changed})
    api.change("POST", "/forms/privacy-get/publish", saved)

    again = ship(api)

    assert len(first) == 10
    assert {each["state"] for each in first} == {"live"}
    assert api.get("/forms/privacy-get")["document"]["success_message"] == "Ours."
    assert {each["id"] for each in again} == {each["id"] for each in first}


def test_what_cannot_go_live_is_told_and_shipping_goes_on_from_there(api, world):
    status, answer, _ = api.call("PUT", "/privacy-requests", privacy_pages("none"))

    assert status == 422
    assert any("content" in each["field"] for each in answer["errors"])
    assert api.call("GET", "/journeys/privacy-requests")[1]["live_version"] == 0
