"""Contacts over HTTP: made, changed, found, deleted."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.clock import now
from chalicelib.contacts import service
from chalicelib.contacts.context import MarketingContext
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def post(api, **values):
    return api.post("/contacts", {"last_name": "Juhl", **values})


@pytest.mark.rule("CON-1", "CORE-2")
def test_a_contact_is_one_person_and_is_shown_as_it_was_made(api):
    made = post(api, first_name=" Ada ", email="Ada <Ada@Example.dk>", phone="+45 12 34 56 78")

    shown = api.get(f"/contacts/{made['id']}")

    assert shown == made
    assert (shown["first_name"], shown["email"], shown["phone"]) == ("Ada", "Ada@example.dk", "+4512345678")


@pytest.mark.rule("CON-18")
@pytest.mark.parametrize("body", [{}, {"last_name": ""}, {"last_name": "\u2003"}, {"last_name": None}])
def test_a_contact_needs_a_last_name(api, body):
    status, problem, _ = api.call("POST", "/contacts", {"first_name": "Ada", **body})

    assert status == 400
    assert [error["field"] for error in problem["errors"]] == ["last_name"]


@pytest.mark.rule("CON-18")
def test_a_last_name_cannot_be_cleared(api):
    made = post(api)

    status, _, _ = api.call("PATCH", f"/contacts/{made['id']}", {"last_name": " "}, If_Match='"1"')

    assert (status, api.get(f"/contacts/{made['id']}")["last_name"]) == (400, "Juhl")


@pytest.mark.rule("CON-3")
def test_a_contact_says_which_initiatives_brought_it(api):
    context = MarketingContext(journey_id="j", email_id="e", form_id="f", page_id="p", submission_id="s", at=now())
    service.create("c", {"last_name": "Juhl"}, now(), by="user:u", context=context)

    shown = api.get("/contacts/c")

    named = ("journey", "email", "form", "page", "submission")
    assert [shown[f"source_{name}_id"] for name in named] == ["j", "e", "f", "p", "s"]


@pytest.mark.rule("CON-3")
def test_what_brought_a_contact_cannot_be_changed_by_hand(api):
    made = post(api)

    status, _, _ = api.call("PATCH", f"/contacts/{made['id']}", {"source_form_id": "f"}, If_Match='"1"')

    assert status == 400


@pytest.mark.rule("CON-20")
def test_a_second_contact_of_an_address_is_refused_and_the_first_one_named(api):
    first = post(api, email="ada@example.dk")

    status, problem, _ = api.call("POST", "/contacts", {"last_name": "J", "email": "ADA@example.dk"})

    assert status == 409
    assert first["id"] in str(problem["errors"])


@pytest.mark.rule("CON-20")
def test_a_contact_that_is_given_anothers_address_is_suggested_as_its_duplicate(api):
    first, second = post(api, email="ada@example.dk"), post(api)

    api.change("PATCH", f"/contacts/{second['id']}", second, {"email": "ada@example.dk"})

    found = api.get(f"/contacts/{second['id']}/duplicates")["items"]
    assert [(each["contact_id"], each["strategy_id"]) for each in found] == [(first["id"], "email")]
    both = api.post("/contacts/search", {"email": "Ada@example.dk"})["items"]
    assert {each["id"] for each in both} == {first["id"], second["id"]}


@pytest.mark.rule("CON-20")
def test_only_the_first_address_is_looked_at_for_duplicates(api):
    post(api, email="ada@example.dk")

    second = post(api, email_2="ada@example.dk", email_3="ada@example.dk")

    assert api.get(f"/contacts/{second['id']}/duplicates")["items"] == []


def test_the_same_request_again_makes_no_second_contact(api):
    body = {"last_name": "Juhl", "email": "ada@example.dk"}

    first = api.post("/contacts", body, Idempotency_Key="once")
    again = api.post("/contacts", body, Idempotency_Key="once")

    assert again == first


def test_a_change_of_what_has_changed_since_is_refused(api):
    made = post(api)
    api.change("PATCH", f"/contacts/{made['id']}", made, {"city": "Aarhus"})

    status, _, _ = api.call("PATCH", f"/contacts/{made['id']}", {"city": "Odense"}, If_Match='"1"')

    assert (status, api.get(f"/contacts/{made['id']}")["city"]) == (412, "Aarhus")


def test_a_deleted_contact_frees_its_address_for_the_heir_that_was_updated_last(api):
    owner, older, newer = post(api, email="ada@example.dk"), post(api), post(api)
    newer = api.change("PATCH", f"/contacts/{newer['id']}", newer, {"email": "ada@example.dk"})
    api.change("PATCH", f"/contacts/{older['id']}", older, {"email": "ada@example.dk"})
    api.change("PATCH", f"/contacts/{newer['id']}", newer, {"city": "Aarhus"})

    api.change("DELETE", f"/contacts/{owner['id']}", owner)

    status, problem, _ = api.call("POST", "/contacts", {"last_name": "J", "email": "ada@example.dk"})
    assert status == 409
    assert newer["id"] in str(problem["errors"])
    assert api.call("GET", f"/contacts/{owner['id']}")[0] == 404
