"""Journeys, enrolments and triggers through the API."""

import json

import pytest
from chalice.test import Client

from app import app
from chalicelib.access import service as access
from chalicelib.clock import now
from chalicelib.journeys import entry, plans, versions
from chalicelib.journeys.models import Enrolment, Standing
from tests.support.consents import minimum_counts
from tests.support.journeys import NOW, burst, contact, document, publish, ready, ring, wait

pytestmark = [pytest.mark.usefixtures("cloud"), pytest.mark.usefixtures("fresh")]


@pytest.fixture
def fresh(cloud):
    ready()
    publish("trigger", "t", {"attributes": [{"name": "order", "type": "text"}]})
    publish("segment", "s", {"type": "static"})


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def send(client):
    _, key = access.create_key("root", "root", ["*"], ["*"], now())

    def send(method, path, body=None, **headers):
        fields = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", **headers}
        answer = client.http.request(method, path, headers=fields, body=json.dumps(body or {}).encode())
        return answer.status_code, json.loads(answer.body or b"null")

    return send


def draft(send, **more):
    content = document({"w": wait("PT1H", "r"), "r": ring()}, **more)
    _, made = send("POST", "/journeys", {"name": "Welcome", "document": content})
    return made


@pytest.mark.rule("JRN-7")
def test_a_journey_is_drafted_checked_published_and_stopped(send):
    made = draft(send)

    _, checked = send("POST", f"/journeys/{made['id']}/check")
    status, live = send("POST", f"/journeys/{made['id']}/publish", {"inside": "keep"}, **{"If-Match": '"1"'})
    _, stopped = send(
        "POST", f"/journeys/{made['id']}/stop", {"inside": "stop"}, **{"If-Match": f'"{live["version"]}"'}
    )

    assert (checked["problems"], [each["field"] for each in checked["warnings"]]) == ([], ["/tiles"])
    assert (status, live["state"], stopped["state"]) == (200, "live", "stopped")


@pytest.mark.rule("JRN-7", "TRG-9")
def test_a_journey_that_raises_a_trigger_with_attributes_it_does_not_have_is_refused(send):
    content = document({"r": {**ring(), "attributes": {"colour": "red", "order": 7}}})
    _, made = send("POST", "/journeys", {"name": "Welcome", "document": content})

    status, problem = send("POST", f"/journeys/{made['id']}/publish", **{"If-Match": '"1"'})

    assert status == 422
    assert {error["field"] for error in problem["errors"]} == {
        "/tiles/r/attributes/colour",
        "/tiles/r/attributes/order",
    }


@pytest.mark.rule("SUB-4")
def test_a_form_that_updates_nothing_cannot_be_used_in_a_journey(send):
    publish("form", "f", {"update": "none"})
    publish("form", "g", {"update": "contacts"})
    publish("trigger", "u", {"attributes": []})
    content = document({"r": ring(trigger="u")}, audience={"forms": ["f", "g"]})
    _, made = send("POST", "/journeys", {"name": "Welcome", "document": content})

    status, problem = send("POST", f"/journeys/{made['id']}/publish", **{"If-Match": '"1"'})

    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["form:f"])


@pytest.mark.rule("JRN-7")
def test_a_journey_with_problems_is_refused_with_all_of_them(send):
    made = draft(send, audience={}, end="2020-01-01T00:00:00Z")

    status, problem = send("POST", f"/journeys/{made['id']}/publish", **{"If-Match": '"1"'})

    assert status == 422
    assert {error["field"] for error in problem["errors"]} == {"/audience", "/end"}


def test_an_unknown_kind_of_tile_is_a_plain_mistake(send):
    status, problem = send("POST", "/journeys", {"name": "x", "document": {"tiles": {"a": {"kind": "fax"}}}})

    assert status == 400
    assert problem["errors"][0]["field"].startswith("document.tiles.a")


def enrolled():
    publish("journey", "j", document({"w": wait("PT1H", "r"), "r": ring()}))
    contact("c")
    entry.enter(versions.running("j"), "c", entry.Call(entry.FORM), NOW)


def test_an_enrolment_says_where_it_stands_what_it_waits_for_and_why(send):
    enrolled()
    burst("c.j.1")

    _, listed = send("GET", "/enrolments?journey_id=j")
    _, of_contact = send("GET", "/enrolments?contact_id=c")
    status, shown = send("GET", "/enrolments/c.j.1")

    assert status == 200
    assert [each["id"] for each in listed["items"]] == [each["id"] for each in of_contact["items"]] == ["c.j.1"]
    assert (shown["standing"], shown["tile"], shown["waits_until"]) == ("active", "w", "2026-11-24T10:00:00Z")
    assert [(visit["tile"], visit["figures"]) for visit in shown["visits"]] == [("w", ["entered"])]


def test_enrolments_are_asked_for_by_journey_or_by_contact(send):
    status, _ = send("GET", "/enrolments")

    assert status == 400
    assert send("GET", "/enrolments/nonsense")[0] == 404


def test_a_user_resumes_what_was_set_aside_and_nothing_else(send):
    enrolled()
    assert send("POST", "/enrolments/c.j.1/resume")[0] == 409
    aside = Enrolment.find(*Enrolment.at("c.j.1"))
    aside.update(
        actions=[Enrolment.standing.set(Standing.SET_ASIDE.value), Enrolment.attempts.set(plans.MOST_ATTEMPTS)]
    )

    status, resumed = send("POST", "/enrolments/c.j.1/resume")

    assert (status, resumed["standing"], resumed["attempts"]) == (200, "active", 0)


def test_a_refusal_is_shown_with_a_sentence(send):
    minimum_counts()
    publish("journey", "j", document({"r": ring()}, minimum_consent=4))
    contact("c")
    entry.enter(versions.running("j"), "c", entry.Call(entry.FORM), NOW)

    _, refused = send("GET", "/contacts/c/refusals")

    assert refused["items"][0]["reason"] == "consent_below_minimum"
    assert refused["items"][0]["sentence"].endswith(".")


@pytest.mark.rule("TRG-6", "TRG-7")
def test_a_trigger_is_raised_by_id_or_by_address_once_a_key(send):
    contact("c", email="anna@nygaard.example")

    first = send("POST", "/triggers/t/raise", {"contact_id": "c"}, **{"Idempotency-Key": "k"})
    again = send("POST", "/triggers/t/raise", {"contact_id": "c"}, **{"Idempotency-Key": "k"})
    by_address = send("POST", "/triggers/t/raise", {"email": "Anna@nygaard.example", "attributes": {"order": "7"}})
    wrong, problem = send("POST", "/triggers/t/raise", {"contact_id": "c", "attributes": {"order": 7}})

    assert first == again
    assert (first[0], by_address[0], by_address[1]["contact_id"]) == (202, 202, "c")
    assert (wrong, problem["errors"][0]["field"]) == (400, "attributes.order")
    for whose in ({}, {"contact_id": "c", "email": "anna@nygaard.example"}):
        assert send("POST", "/triggers/t/raise", whose)[0] == 400


@pytest.mark.rule("TRG-6")
def test_one_key_raises_each_of_two_triggers(send):
    contact("c")
    publish("trigger", "delivered", {"attributes": []})

    shipped, delivered = (
        send("POST", f"/triggers/{trigger}/raise", {"contact_id": "c"}, **{"Idempotency-Key": "order 7"})[1]
        for trigger in ("t", "delivered")
    )

    assert (shipped["trigger_id"], delivered["trigger_id"]) == ("t", "delivered")
    assert shipped["id"] != delivered["id"]


@pytest.mark.rule("TRG-7")
def test_a_trigger_that_is_not_published_cannot_be_raised(send):
    contact("c")
    _, made = send("POST", "/triggers", {"name": "Purchase shipped", "document": {}})

    assert send("POST", f"/triggers/{made['id']}/raise", {"contact_id": "c"})[0] == 409
