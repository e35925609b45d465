# ruff: noqa: F401  (fixtures are imported and then named as arguments)
"""Messages that name a compliance profile: what their address said decides, and a send keeps the proof of it."""

from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.consent import switches
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import profile, records
from chalicelib.consent.points import service as points
from chalicelib.consent.points.rules import State
from chalicelib.interactions import service as log
from chalicelib.messages import previews, suppression
from chalicelib.messages.checks import check_email
from chalicelib.messages.ledger import State as SendState
from chalicelib.messages.reasons import Reason
from chalicelib.messages.schemas import EmailDocument, PreviewRequest
from chalicelib.messages.suppression import Wanted
from chalicelib.tokens import sign
from tests.integration.test_messages_sending import (
    NOW,
    contact,
    prefer,
    publish,
    published,
    queue,
    take_up,
)
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.campaign import EMAIL
from tests.support.mail import letter_links
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

ADA = "ada@contoso.example"
OUT, IN = State.OPTED_OUT, State.OPTED_IN
BY = Evidence(who="recipient", source="test", method="test", reason="asked")
BOATS = {"id": "boats", "name": "Boats"}


def say(address=ADA, at=NOW, **choices):
    wanted = {name.replace("_", "/"): state for name, state in choices.items()}
    points.change_by_user(points.point_of(address), "default", wanted, BY, f"{at}-{wanted}", at)


def enforce(**models):
    """Let the default profile's purposes be enforced otherwise; they have a topic and there is a company address."""
    found = records.find("default")
    changed = []
    for each in profile.stored(found.purposes):
        topics = [BOATS] if each["id"] == "commercial" else []
        changed.append(profile.made({**each, "topics": topics, "email": models.get(each["id"], each["email"])}))
    records.amend("default", {"purposes": changed, "company_address": "2 Side Street"}, found.version, NOW)


def name(purpose="commercial", topic=None, **changed):
    """Publish the email for a purpose of the default profile."""
    compliance = {"profile_id": "default", "purpose": purpose, "topic": topic}
    document = EmailDocument.model_validate({**EMAIL, "compliance": compliance, **changed})
    publish("email", "e", document, lambda it: check_email(it, profile=records.find("default")))


@pytest.fixture
def sent(office):
    """Let Ada's next message be taken up, and return what became of it."""
    contact()
    enforce()
    numbers = iter(range(100))

    def send(at=NOW):
        number = next(numbers)
        queue(f"s{number}", tile=f"t{number}")
        return take_up(f"s{number}", at)

    return send


@pytest.mark.rule("RCN-3", "RCN-9")
def test_what_the_address_said_decides_instead_of_bulk_email_and_consent_level(sent, office):
    switches.save(0, NOW, minimum_consent=False, ages={}, preference_fields=False)
    name()
    prefer(bulk_email=False, email=False, consent_level=0)

    not_set = sent()
    say(commercial=OUT)
    refused = sent()

    assert (not_set.state, refused.state, refused.reason) == (SendState.SENT, SendState.BLOCKED, Reason.PURPOSE)
    assert len(office.letters()) == 1


@pytest.mark.rule("RCN-9")
def test_a_message_without_a_profile_does_not_ask_what_the_address_said(sent):
    say(commercial=OUT, tracking=OUT)

    send = sent()
    prefer(bulk_email=False)

    assert (send.state, send.tracked, send.consent.get("point")) == (SendState.SENT, True, None)
    assert sent().reason == Reason.BULK_EMAIL


@pytest.mark.rule("RCN-5")
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, None),
        ({"commercial_boats": OUT}, Reason.TOPIC),
        ({"commercial": OUT, "commercial_boats": IN}, Reason.PURPOSE),
    ],
)
def test_a_message_with_a_topic_needs_purpose_and_topic(sent, said, reason):
    name(topic="boats")
    if said:
        say(**said)

    assert sent().reason == reason


@pytest.mark.rule("RCN-3", "RCN-7")
def test_messages_go_by_the_model_as_it_is_when_they_go_out_also_of_what_was_deactivated(sent):
    name()
    enforce(commercial="restrictive")
    found = records.find("default")
    records.amend("default", {"active": False}, found.version, NOW)
    say("bo@contoso.example", commercial=IN)

    held_back = sent()
    say(commercial=IN)

    assert (held_back.reason, sent().state) == (Reason.PURPOSE, SendState.SENT)


@pytest.mark.rule("RCN-1")
def test_everybody_who_has_the_address_is_bound_by_what_it_said(office):
    enforce()
    for each in ("ada", "twin"):
        contact(each, f"{each}@contoso.example", email_2=ADA)
    name(to="{{ contact.email_2 }}")
    say(commercial=OUT)

    for each in ("ada", "twin"):
        queue(f"s-{each}", each)

    assert [take_up(f"s-{each}").reason for each in ("ada", "twin")] == [Reason.PURPOSE] * 2


@pytest.mark.rule("RCN-6")
@pytest.mark.parametrize(
    ("said", "reason"), [({"email": False}, Reason.EMAIL), ({"bulk_email": False}, Reason.BULK_EMAIL)]
)
def test_the_contacts_own_preferences_count_besides_where_that_is_switched_on(sent, said, reason):
    name()
    say(commercial=IN, tracking=IN)
    prefer(**said, tracking=False)

    with_fields = sent()
    switches.save(0, NOW, minimum_consent=False, ages={}, preference_fields=False)
    without = sent()

    assert (with_fields.reason, without.state, without.tracked) == (reason, SendState.SENT, True)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"restricted": True}, Reason.RESTRICTED),
        ({"is_child": True}, Reason.GUARDIAN),
        ({"objected": True}, Reason.BULK_EMAIL),
    ],
)
def test_what_the_law_says_counts_whatever_the_address_said(sent, said, reason):
    switches.save(0, NOW, minimum_consent=False, ages={}, preference_fields=False)
    name()
    say(commercial=IN)
    prefer(**said)

    assert sent().reason == reason


def test_a_suppression_counts_but_for_what_the_address_agreed_to_after_it_unsubscribed(sent):
    name()
    say(commercial=IN, at=NOW - timedelta(days=2))
    hashed = suppression.hash_of(ADA)
    suppression.suppress(Wanted(hashed, suppression.BULK, suppression.UNSUBSCRIBED), NOW - timedelta(days=1))
    before = sent()

    say(commercial=None)
    say(commercial=IN, at=NOW + timedelta(days=1))
    agreed = sent(NOW + timedelta(days=1))
    suppression.suppress(Wanted(hashed, suppression.ALL, suppression.COMPLAINT), NOW)

    assert (before.reason, agreed.state, sent().reason) == (Reason.SUPPRESSED, SendState.SENT, Reason.SUPPRESSED)


def test_an_opt_out_right_before_the_claim_is_not_overlooked(sent, office):
    name()
    queue()

    with before_the_next_write(lambda: say(commercial=OUT)):
        send = take_up()

    assert (send.state, send.reason) == (SendState.BLOCKED, Reason.PURPOSE)
    assert office.letters() == []


@pytest.mark.rule("RCN-4", "CON-14")
def test_the_tracking_purpose_says_whether_links_and_opens_are_recorded(sent, office):
    name()

    assert not sent().tracked
    say(tracking=IN)
    assert sent().tracked

    plain, rewritten = office.letters()
    assert any("shop.example" in each for each in letter_links(plain))
    assert not any("/t/" in each for each in letter_links(plain))
    assert any("/t/" in each for each in letter_links(rewritten))


@pytest.mark.rule("RCN-4", "PRV-12")
def test_who_takes_tracking_back_is_not_recorded_any_more(sent):
    name()
    say(tracking=IN)
    send = sent()

    with Client(app) as client:
        follow = f"/t/{sign('link', send.send_id, '0')}"
        client.http.get(follow)
        say(tracking=OUT)
        answer = client.http.get(follow)

    assert answer.status_code == 302
    assert len(log.of_contact("ada", "EmailClicked")) == 1


def test_a_send_keeps_the_proof_of_what_it_relied_on(sent):
    name(topic="boats")
    say(commercial=IN, commercial_boats=IN)
    send = sent()

    with Client(app) as client:
        shown = Caller(client).get(f"/sends/{send.send_id}")["consent"]

    [change] = points.log(points.point_of(ADA), points.Asked()).items
    assert shown["point"] == {
        "profile": "default",
        "profile_version": 1,
        "purpose": "commercial",
        "topic": "boats",
        "model": "non-restrictive",
        "stood": {"commercial": "opted-in", "commercial/boats": "opted-in", "tracking": None},
        "version": 1,
        "record": change.sk.removeprefix("CHANGE#"),
    }
    assert shown["records"] == {"ada": None}


def test_a_message_tells_who_writes_and_where_to_choose(sent, office):
    name(html=EMAIL["html"].replace("content_settings.address_main", "message.company_address"))
    found = records.find("default")
    sent()
    records.amend("default", {"type": "external-link", "external_url": "https://x.example/choose"}, found.version, NOW)
    sent()

    ours, theirs = (each.body("html") for each in office.letters())
    assert "2 Side Street" in ours
    assert "/subscriptions/" in ours
    assert "https://x.example/choose" in theirs


def test_a_preview_says_what_the_address_has_against_it_and_what_a_draft_names_wrongly(sent):
    name()
    say(commercial=OUT)

    shown = previews.preview("e", PreviewRequest(contact_id="ada"), NOW)

    assert "The address refused the purpose" in shown.warnings[-1].message
    with Client(app) as client:
        api = Caller(client)
        document = {**EMAIL, "compliance": {"profile_id": "none", "purpose": "commercial"}}
        draft = api.post("/emails", {"name": "E", "document": document})
        status, problem, _ = api.call("POST", f"/emails/{draft['id']}/publish", If_Match='"1"')
        preview = api.post(f"/emails/{draft['id']}/preview", {"contact_id": "ada"})
    assert (status, problem["errors"][0]["field"]) == (422, "compliance.profile_id")
    assert "no such compliance profile" in preview["problems"][0]["message"]


def test_a_message_without_a_profile_costs_nothing_more(sent):
    def asked():
        with metered() as usage:
            send = sent()
        assert send.state == SendState.SENT
        return usage

    asked()
    plain = asked()
    name()
    asked()
    with_profile = asked()

    assert with_profile.round_trips - plain.round_trips == 2  # the profile with the consent, and settings that are kept
    assert with_profile.write_units - plain.write_units <= 2
