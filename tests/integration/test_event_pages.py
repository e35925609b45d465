"""The page of an event, as people see it: open, closed, sent with faults, taken, full; without script."""

from datetime import timedelta
from html import unescape
from re import findall
from urllib.parse import urlencode

import pytest
import time_machine
from chalice.test import Client

from app import app
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.registrations import seats
from chalicelib.registrations.models import Registration
from chalicelib.tokens import sign
from tests.support.accessible import faults
from tests.support.registering import NOW, published

pytestmark = pytest.mark.usefixtures("cloud")

ADA = {"first_name": "Ada", "last_name": "Nygård", "email": "ada@contoso.example"}


@pytest.fixture
def http():
    with time_machine.travel(NOW, tick=False), Client(app) as client:
        yield client.http


def shown(answer, status=200):
    """The page's HTML, of which nothing keeps anybody out."""
    assert answer.status_code == status, answer.body
    text = answer.body.decode()
    assert faults(text, answer.headers) == []
    return text


def opened(http, event, link=""):
    page = shown(http.get(f"/e/{event}{link}"))
    return unescape(findall(r'name="_nonce" value="([^"]+)"', page)[0])


def send(http, event, nonce, **fields):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"_nonce": nonce, "_form": event, "_more": "", **fields}).encode()
    return http.post(f"/e/{event}", headers=headers, body=body)


def registrations():
    return [each for each in Registration.scan() if isinstance(each, Registration)]


@pytest.mark.rule("EVT-6", "EVT-7")
def test_a_page_shows_the_event_and_registers_who_fills_it_in_once(http):
    size = {"name": "size", "label": "Shirt", "type": "single_choice", "options": ["S", "L"], "required": True}
    event = published(readable_id="regatta", description="Row with us.", fields=[size])

    page = shown(http.get("/e/regatta"))
    nonce = opened(http, "regatta")
    first, again = (send(http, "regatta", nonce, **ADA, size="L") for _ in range(2))

    assert all(each in page for each in ("Regatta", "2026-11-30 09:00", "Harbour 1, Aarhus", "Row with us.", "Shirt"))
    assert "<script" not in page
    assert "You are registered." in shown(first)
    assert shown(first) == shown(again)
    [done] = registrations()
    assert (done.event_id, done.answers, done.state) == (event, {"size": "L"}, "registered")


def test_what_is_wrong_is_told_and_what_was_typed_stays(http):
    event = published()
    nonce = opened(http, event)

    page = shown(send(http, event, nonce, **{**ADA, "email": "none", "last_name": ""}), 422)

    assert 'value="Ada"' in page
    assert page.count('aria-invalid="true"') == 2
    assert registrations() == []
    assert contacts.by_email(ADA["email"]) == []


@pytest.mark.rule("EVT-11")
def test_once_registration_has_ended_the_message_stands_in_the_place_of_the_button(http):
    event = published(closed_message="See you next year.")
    nonce = opened(http, event)

    with time_machine.travel(NOW + timedelta(days=5), tick=False):
        page = shown(http.get(f"/e/{event}"))
        late = shown(send(http, event, nonce, **ADA), 422)

    assert "See you next year." in page
    assert "See you next year." in late
    assert "<button" not in page + late
    assert registrations() == []


def test_who_finds_no_seat_reads_so(http):
    event = published(maximum_capacity=1, full_message="Sold out, sorry.")
    shown(send(http, event, opened(http, event), **ADA))

    page = shown(send(http, event, opened(http, event), **{**ADA, "email": "bo@contoso.example"}), 409)

    assert "Sold out, sorry." in page
    assert seats.of(event).taken == 1


def test_only_who_was_invited_sees_the_form_of_an_event_for_guests(http):
    event = published(allow_anonymous_registrations=False)
    link = sign("visitor", "ada", "journey", "email")

    stranger = shown(http.get(f"/e/{event}"))
    done = send(http, event, opened(http, event, f"?v={link}"), **ADA)

    assert ("<button" in stranger, "invitation" in stranger) == (False, True)
    shown(done)
    assert len(registrations()) == 1


def test_only_live_events_have_a_page_and_only_what_was_opened_there_is_taken(http):
    event, other = published(), published("Gala")
    nonce = opened(http, other)
    forged = [send(http, event, each, **ADA) for each in (nonce, "", "x" * 40)]
    robot = send(http, event, opened(http, event), **ADA, _more="buy this")
    definitions.stop("event", event, version=2, by="u", now=NOW)

    gone = shown(http.get(f"/e/{event}"), 404)

    assert [each.status_code for each in (*forged, robot)] == [400, 400, 400, 400]
    assert "no live event" in gone
    assert registrations() == []
