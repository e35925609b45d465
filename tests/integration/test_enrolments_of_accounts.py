"""What becomes of an account's people in a journey (ABM-4)."""

import json

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.journeys import entry, narrowing, versions
from chalicelib.journeys.models import Enrolment
from tests.support.api import Caller
from tests.support.journeys import NOW, contact, document, publish, ready, ring, wait
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

TILES = {"w": wait("PT1H", "r"), "r": ring()}


@pytest.fixture
def api():
    ready()
    publish("trigger", "t", {"attributes": [{"name": "order", "type": "text"}]})
    publish("segment", "s", {"type": "static"})
    for journey in ("j", "k"):
        publish("journey", journey, document(TILES))
    for account in ("acme", "other"):
        accounts.create(account, {"name": account}, NOW, by="user:u")
    with Client(app) as client:
        yield Caller(client)


def enrolled(contact_id, *journeys, **values):
    contact(contact_id, **values)
    for journey in journeys or ("j",):
        entry.enter(versions.running(journey), contact_id, entry.Call(entry.FORM), NOW)


def again(contact_id, occurrence):
    """Let a contact have walked the journey once more, as it does where the journey recurs."""
    row = Enrolment.find(*Enrolment.at(f"{contact_id}.j.1"))
    assert row is not None
    row.sk, row.occurrence = f"ENROLMENT#j#{occurrence}", occurrence
    row.save()


def asked(api, account_id="acme", **more):
    query = "&".join(f"{name}={value}" for name, value in {"account_id": account_id, **more}.items())
    return api.get(f"/enrolments?journey_id=j&{query}")


def everything(api, **more):
    """Follow the cursors to the end."""
    found, answer = [], asked(api, **more)
    while True:
        found += [each["id"] for each in answer["items"]]
        if answer["next_cursor"] is None:
            return found
        answer = asked(api, **more, cursor=answer["next_cursor"])


@pytest.mark.rule("ABM-4")
def test_the_enrolments_of_a_journey_are_narrowed_to_an_account(api):
    enrolled("ada", account_id="acme")
    enrolled("bo", account_id="other")
    enrolled("eva")
    enrolled("kim", "j", "k", account_id="acme")
    contact("lee", account_id="acme")  # not in the journey

    assert everything(api) == ["ada.j.1", "kim.j.1"]
    assert everything(api, account_id="other") == ["bo.j.1"]
    assert everything(api, account_id="nobodys") == []


@pytest.mark.rule("ABM-4")
def test_who_changes_the_employer_is_found_at_the_one_of_now(api):
    enrolled("ada", account_id="acme")
    contacts.amend("ada", {"account_id": "other"}, contacts.find("ada").version, NOW)

    assert everything(api) == []
    assert everything(api, account_id="other") == ["ada.j.1"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_any_size_hold_each_enrolment_once(api, limit, monkeypatch):
    monkeypatch.setattr(narrowing, "PEOPLE", 2)
    for name in ("ada", "bo", "eva", "kim", "lee"):
        enrolled(name, account_id="acme", last_name=name)
    for occurrence in ("2", "3"):
        again("bo", occurrence)

    found = everything(api, limit=limit)

    assert found == ["ada.j.1", "bo.j.1", "bo.j.2", "bo.j.3", "eva.j.1", "kim.j.1", "lee.j.1"]


def test_a_page_asks_for_a_bounded_number_of_contacts(api):
    for number in range(narrowing.PEOPLE + 5):
        contact(f"c{number:02}", account_id="acme", last_name=f"n{number:02}")
    enrolled("last", account_id="acme", last_name="z")

    with metered() as usage:
        first = asked(api)

    assert (first["items"], first["next_cursor"] is None) == ([], False)
    assert usage.requests["Query"] <= narrowing.PEOPLE + 3  # of the account, in steps of twelve
    assert everything(api) == ["last.j.1"]


@pytest.mark.parametrize("query", ["account_id=acme", "contact_id=ada&account_id=acme", "journey_id=j&account_id="])
def test_an_account_narrows_a_journey_only(api, query):
    status, problem, _ = api.call("GET", f"/enrolments?{query}")

    assert status == 400
    assert problem["errors"]


def test_a_cursor_of_another_account_is_refused(api):
    for number in range(narrowing.PEOPLE + 1):
        contact(f"c{number:02}", account_id="acme", last_name=f"n{number:02}")
    cursor = asked(api)["next_cursor"]

    status, problem, _ = api.call("GET", f"/enrolments?journey_id=j&account_id=other&cursor={cursor}")

    assert (status, "another list" in json.dumps(problem)) == (400, True)
