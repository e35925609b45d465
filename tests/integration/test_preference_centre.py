# ruff: noqa: F401, F811  (fixtures are imported and then named as arguments)
"""The preference centre: what the link of a message with a compliance profile offers, and what saving it does."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.consent import service as consent
from chalicelib.consent.points import profile, records
from chalicelib.consent.points import service as points
from chalicelib.contacts import service as contacts
from chalicelib.interactions import service as log
from chalicelib.messages import centre, feedback, suppression
from chalicelib.messages.checks import check_email
from chalicelib.messages.optin.models import Confirmation
from chalicelib.messages.reasons import Reason
from chalicelib.messages.schemas import EmailDocument
from chalicelib.tokens import sign
from tests.integration.test_messages_by_purpose import ADA, IN, OUT, enforce, name, say, sent
from tests.integration.test_messages_feedback import event
from tests.integration.test_messages_sending import NOW, publish, published
from tests.support.between import before_the_next_write
from tests.support.centre import FORM, Reader
from tests.support.confirming import FORM_EMAIL
from tests.support.consents import changes

pytestmark = pytest.mark.usefixtures("cloud")

NEWS, BOATS, TRACKING = "Offers and news", "Boats", "Seeing what you open and click"
ONE_CLICK = b"List-Unsubscribe=One-Click"


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def reader(sent, client):
    """Ada, who got a message of the default profile's commercial purpose."""
    name()
    sent()
    return Reader(client, "s0")


def said(address=ADA):
    return {
        choice: each.state for one in points.every(points.point_of(address)) for choice, each in one.choices.items()
    }


@pytest.mark.rule("RCN-6")
def test_the_centre_offers_the_purposes_and_topics_that_something_can_be_said_of(reader):
    shown = reader.open()

    assert list(shown.boxes.items()) == [(NEWS, True), (BOATS, True), (TRACKING, False)]
    assert "What you ordered or asked for" not in shown.text  # nothing that is said of it counts
    assert said() == {}


@pytest.mark.rule("RCN-6", "RCN-1")
def test_what_is_not_ticked_is_refused_and_what_is_newly_ticked_agreed_with_the_words_as_proof(reader):
    after = reader.open().save(**{BOATS: False, TRACKING: True})

    assert after.boxes == {NEWS: True, BOATS: False, TRACKING: True}
    assert said() == {"commercial/boats": OUT, "tracking": IN}  # of what was ticked already nobody said anything
    [change] = points.log(points.point_of(ADA), points.Asked()).items
    assert (change.who, change.source, change.method) == ("contact:ada", "send:s0", "preference-centre")
    assert (change.wording, change.source_version) == (f"{BOATS} · {TRACKING}", 2)
    assert len(log.of_contact("ada", "EmailSubscriptionSubmit")) == 1


@pytest.mark.rule("RCN-6", "RCN-9")
def test_it_never_writes_what_the_contact_allows(reader):
    reader.open().save(**{NEWS: False, BOATS: False, TRACKING: False})
    reader.open().save(**{NEWS: True, BOATS: True, TRACKING: True})

    assert consent.preferences("ada").version == 0
    assert changes("ada") == []
    assert suppression.find(suppression.hash_of(ADA)) == []
    assert set(said().values()) == {IN}


@pytest.mark.rule("RCN-6")
def test_saving_the_page_as_it_is_refuses_what_is_not_ticked_and_agrees_to_nothing(reader):
    reader.open().save()

    assert said() == {"tracking": OUT}


def test_a_page_from_before_a_refusal_takes_nothing_back(reader):
    opened = reader.open()
    say(commercial=OUT)

    opened.save(**{TRACKING: True})

    assert said() == {"commercial": OUT, "tracking": IN}


@pytest.mark.rule("RCN-7")
def test_what_the_page_does_not_offer_stays_as_it_is(reader):
    say(transactional=IN)
    found = records.find("default")
    purposes = [{**each, "active": each["id"] != "tracking"} for each in profile.stored(found.purposes)]
    records.amend("default", {"purposes": [profile.made(each) for each in purposes]}, found.version, NOW)

    offered = reader.open().boxes
    reader.send([("shown", "commercial"), ("shown", "tracking"), ("shown", "none"), ("choice", "tracking")])

    assert set(offered) == {NEWS, BOATS}
    assert said() == {"transactional": IN, "commercial": OUT}


def test_two_who_save_at_the_same_moment_are_both_heard(reader):
    opened = reader.open()

    with before_the_next_write(lambda: say(commercial_boats=OUT)):
        opened.save(**{NEWS: False})

    assert said() == {"commercial": OUT, "commercial/boats": OUT, "tracking": OUT}


@pytest.mark.rule("RCN-8")
def test_nothing_that_is_chosen_here_has_to_be_confirmed(reader):
    publish("email", "ask", EmailDocument.model_validate(FORM_EMAIL), check_email)
    asked = {"enabled": True, "email_id": "ask"}
    records.amend("default", {"double_opt_in": asked}, records.find("default").version, NOW)

    reader.open().save(**{BOATS: False, TRACKING: True})

    assert said() == {"commercial/boats": OUT, "tracking": IN}
    assert list(Confirmation.scan(Confirmation.confirmation_id.exists())) == []


@pytest.mark.rule("RCN-7")
def test_the_link_leads_there_for_ever_also_when_the_profile_ended_and_the_contact_is_gone(reader):
    found = records.find("default")
    records.amend("default", {"active": False}, found.version, NOW)
    contacts.remove("ada", contacts.find("ada").version, NOW)

    assert centre.behind(sign("send", "s0")).queued_at == NOW  # the link has no moment in it that could pass
    after = reader.open().save(**{NEWS: False})

    assert not after.boxes[NEWS]
    assert said()["commercial"] is OUT
    [change] = points.log(points.point_of(ADA), points.Asked()).items
    assert change.who == "recipient"


@pytest.mark.rule("RCN-2")
def test_it_speaks_the_languages_that_there_are(reader):
    contact = contacts.find("ada")
    contacts.amend("ada", {"language": "da"}, contact.version, NOW)

    shown = reader.open()

    assert 'lang="da"' in shown.text
    assert "Tilbud og nyheder" in shown.boxes


@pytest.mark.rule("RCN-2")
def test_whoever_chooses_elsewhere_is_led_there_and_one_click_counts_here(reader, client):
    found = records.find("default")
    records.amend("default", {"type": "external-link", "external_url": "https://x.example/me"}, found.version, NOW)

    for path in ("subscriptions", "unsubscribe"):
        answer = client.http.get(f"/{path}/{sign('send', 's0')}")
        assert (answer.status_code, answer.headers["Location"]) == (302, "https://x.example/me")
    client.http.post(f"/unsubscribe/{sign('send', 's0')}", headers=FORM, body=ONE_CLICK)

    assert said() == {"commercial": OUT}


@pytest.mark.rule("RCN-9")
def test_one_click_opts_the_address_out_of_the_purpose_and_of_nothing_else(reader, client, sent):
    path = f"/unsubscribe/{sign('send', 's0')}"
    for _ in range(2):
        assert client.http.post(path, headers=FORM, body=ONE_CLICK).status_code == 200
    client.http.get(path)
    client.http.request("HEAD", path)

    assert said() == {"commercial": OUT}
    assert (consent.preferences("ada").version, suppression.find(suppression.hash_of(ADA))) == (0, [])
    [change] = points.log(points.point_of(ADA), points.Asked()).items
    assert (change.method, change.wording) == ("one-click", ONE_CLICK.decode())
    assert sent().reason == Reason.PURPOSE


def test_looking_changes_nothing(reader, client):
    for path in ("subscriptions", "unsubscribe"):
        assert client.http.get(f"/{path}/{sign('send', 's0')}").status_code == 200

    assert said() == {}
    assert log.of_contact("ada", "EmailSubscriptionSubmit") == []


def test_an_opt_out_that_the_provider_reports_counts_for_the_purpose_once(reader):
    out = event("Subscription", send_id="s0", newTopicPreferences={"unsubscribeAll": True})

    feedback.receive(out, NOW)
    say(commercial=IN)
    feedback.receive(out, NOW)

    assert said() == {"commercial": IN}
    assert consent.preferences("ada").bulk_email
