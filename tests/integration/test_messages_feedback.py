# ruff: noqa: F401  (fixtures are imported and then named as arguments)
"""The provider's events, tracked links, verdicts, the subscription centre and one-click, through their real edges."""

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from chalice.test import Client

from app import app
from chalicelib.clock import as_text, now
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.interactions import plans as interaction_plans
from chalicelib.interactions import service as log
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.lists import Asked
from chalicelib.messages import feedback, plans, service, suppression, tracking
from chalicelib.messages.checks import check_email
from chalicelib.messages.ledger import State
from chalicelib.messages.models import Bounces, MessagesItem
from chalicelib.messages.reasons import Reason
from chalicelib.messages.routes import send_view
from chalicelib.messages.schemas import EmailDocument
from chalicelib.tokens import sign, verify
from tests.integration.test_messages_sending import (
    EMAIL,
    NOW,
    contact,
    prefer,
    publish,
    published,
    queue,
    take_up,
)
from tests.support import mail
from tests.support.consents import changes

pytestmark = pytest.mark.usefixtures("cloud")

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


def event(kind, at=NOW, send_id="s1", message="m1", **detail):
    content = {"timestamp": as_text(at), **detail}
    names = {"Delivery": "delivery", "Bounce": "bounce", "Complaint": "complaint", "Reject": "reject", "Send": "send"}
    tags = {"send": [send_id]} if send_id else {}
    return {
        "eventType": kind,
        "mail": {"timestamp": as_text(at), "messageId": message, "tags": tags},
        names.get(kind, "subscription"): content,
    }


def soft(number, at=None):
    return event("Bounce", at or NOW + timedelta(days=number), bounceType="Transient", bounceSubType="MailboxFull")


def sent_message(send_id="s1", contact_id="ada"):
    queue(send_id, contact_id)
    return take_up(send_id)


def suppressed(address="ada@contoso.example"):
    return {row.scope: row.reason for row in service.suppressions(address)}


# Events ------------------------------------------------------------------------------------------------------------


def test_the_events_of_the_real_post_office_are_understood(office):
    contact("ada", "bounce@simulator.amazonses.com")
    sent_message()

    for body in office.events:
        feedback.receive({"Type": "Notification", "Message": json.dumps(body)}, NOW)

    [bounced] = log.of_contact("ada", "EmailHardBounced")
    assert bounced.attributes["send_id"] == "s1"
    assert suppressed("bounce@simulator.amazonses.com") == {"all": "hard-bounce"}


@pytest.mark.parametrize("wrap", [dict, lambda body: {"Type": "Notification", "Message": json.dumps(body)}])
@pytest.mark.parametrize("name", ["eventType", "notificationType"])
def test_an_event_counts_once_however_it_is_wrapped_and_however_often_it_comes(office, wrap, name):
    contact()
    sent_message()
    body = event("Delivery")
    body[name] = body.pop("eventType")

    for _ in range(3):
        feedback.receive(wrap(body), NOW)

    assert len(log.of_contact("ada", "EmailDelivered")) == 1


@pytest.mark.parametrize(("kind", "state"), [("Send", State.SENT), ("Delivery", State.SENT), ("Reject", State.FAILED)])
def test_an_event_settles_a_send_whose_answer_was_lost(office, kind, state):
    contact()
    queue()
    office.faults = [mail.LOST]
    take_up()

    feedback.receive(event(kind), NOW)
    feedback.receive(event(kind), NOW)

    assert service.find("s1").state == state
    assert service.find("s1").due is None
    take_up(at=NOW + timedelta(hours=80))
    assert len(office.letters()) == 1


@pytest.mark.rule("EML-23")
def test_a_hard_bounce_suppresses_the_address_for_180_days(office):
    contact()
    sent_message()

    feedback.receive(event("Bounce", bounceType="Permanent", bounceSubType="General"), NOW)
    queue("s2", visit=2)
    queue("s3", visit=3)
    blocked = take_up("s2", at=NOW + timedelta(days=180) - timedelta(seconds=1))
    free = take_up("s3", at=NOW + timedelta(days=180))

    assert (blocked.state, blocked.reason) == (State.BLOCKED, Reason.SUPPRESSED)
    assert free.state == State.SENT


@pytest.mark.rule("EML-24", "EML-25")
def test_five_soft_bounces_in_a_row_are_a_hard_one_and_repeats_do_not_count(office):
    contact()
    sent_message()

    for number in (1, 1, 2, 2, 3, 4):
        feedback.receive(soft(number), NOW)
    before = suppressed()
    block = event("Bounce", NOW + timedelta(days=5), bounceType="Transient", bounceSubType="ContentRejected")
    feedback.receive(block, NOW)

    assert before == {}
    assert suppressed() == {"all": "soft-bounces"}
    assert len(log.of_contact("ada", "EmailSoftBounced")) == 4
    assert len(log.of_contact("ada", "EmailBlockBounced")) == 1


@pytest.mark.rule("EML-24")
def test_a_delivery_ends_the_row_of_soft_bounces(office):
    contact()
    sent_message()
    for number in range(4):
        feedback.receive(soft(number), NOW)

    feedback.receive(event("Delivery", NOW + timedelta(days=4)), NOW)
    feedback.receive(soft(5), NOW)

    assert suppressed() == {}
    assert Bounces.find(*Bounces.at(suppression.hash_of("ada@contoso.example"))).in_a_row == 1


@pytest.mark.rule("EML-26")
def test_a_complaint_suppresses_without_end_and_a_later_bounce_does_not_shorten_it(office):
    contact()
    sent_message()

    feedback.receive(event("Complaint", complaintFeedbackType="abuse"), NOW)
    feedback.receive(event("Bounce", bounceType="Permanent", bounceSubType="General"), NOW)

    [row] = service.suppressions("ada@contoso.example")
    assert (row.reason, row.until) == ("complaint", None)


def test_not_spam_is_recorded_and_nothing_else(office):
    contact()
    sent_message()

    feedback.receive(event("Complaint", complaintFeedbackType="not-spam"), NOW)

    assert suppressed() == {}
    assert len(log.of_contact("ada", "EmailFeedbackLoop")) == 1


def test_an_opt_out_that_a_provider_reports_counts_and_an_opt_in_does_not(office):
    contact()
    sent_message()
    out = event("Subscription", newTopicPreferences={"unsubscribeAll": True})
    back = event("Subscription", NOW + timedelta(days=1), newTopicPreferences={"unsubscribeAll": False})

    feedback.receive(out, NOW)
    feedback.receive(back, NOW)

    assert consent.preferences("ada").bulk_email is False
    [change] = changes("ada")
    assert (change.source, change.method) == ("send:s1", "provider-opt-out")


def test_events_of_foreign_mail_are_let_go(office):
    feedback.receive(event("Bounce", send_id=None, bounceType="Permanent", bounceSubType="General"), NOW)
    feedback.receive(event("Bounce", send_id="nobody's", bounceType="Permanent", bounceSubType="General"), NOW)
    feedback.receive({"AnythingElse": 1}, NOW)

    assert [*MessagesItem.scan(), *Interaction.scan()] == []


# Links and opens ---------------------------------------------------------------------------------------------------


def links(office):
    found = mail.letter_links(office.letters()[-1])
    tracked = [link for link in found if "/t/" in link]
    return [urlsplit(link).path for link in tracked]


def get(client, path, method="GET", agent=BROWSER):
    return client.http.request(method, path, headers={"User-Agent": agent})


def decide(kind="EmailClicked", at=None):
    for each in log.of_contact("ada", kind):
        tracking.decide("ada", each.sk, at or now())
    return [each.verdict for each in log.of_contact("ada", kind)]


@pytest.mark.rule("EML-28")
def test_a_click_is_recorded_undecided_and_leads_to_the_link_of_the_message(office, client):
    contact()
    sent_message()

    answer = get(client, links(office)[0])

    assert (answer.status_code, answer.headers["Location"]) == (302, "https://shop.example/lamp")
    [click] = log.of_contact("ada", "EmailClicked")
    assert (click.verdict, click.attributes["link"]) == ("undecided", "https://shop.example/lamp")
    assert click.attributes["email_id"] == "e"


def test_a_head_request_says_where_a_link_leads_and_records_nothing(office, client):
    contact()
    sent_message()

    answer = get(client, links(office)[0], "HEAD")
    pixel = get(client, f"/o/{sign('open', 's1')}.gif", "HEAD")

    assert pixel.status_code == 200
    assert log.of_contact("ada", "EmailOpened") == []
    assert answer.headers["Location"] == "https://shop.example/lamp"
    assert log.of_contact("ada", "EmailClicked") == []


@pytest.mark.parametrize(
    "token",
    [
        lambda: "nonsense",
        lambda: "-",
        lambda: "AAAA",
        lambda: "A" + sign("link", "s1", "0")[1:],
        lambda: sign("link", "s1", "0")[:-4],
        lambda: sign("open", "s1"),
    ],
)
def test_a_token_that_we_did_not_sign_leads_nowhere(office, client, token):
    contact()
    sent_message()

    answer = get(client, f"/t/{token()}")

    assert answer.status_code in {400, 404}
    assert "Location" not in answer.headers


@pytest.mark.parametrize("index", ["99", "c0", "c-1", "-1", "x", ""])
def test_a_number_that_the_message_does_not_have_leads_nowhere(office, client, index):
    contact()
    sent_message()

    assert get(client, f"/t/{sign('link', 's1', index)}").status_code == 404


def test_a_link_made_for_the_contact_leads_where_it_was_made_to(office, client):
    link = '<a href="https://shop.example/{{ contact.city }}?a=1&amp;b=2">Your shop</a>'
    publish("email", "e", EmailDocument(**{**EMAIL, "html": EMAIL["html"] + link}), check_email)
    contact(city="Bern")
    sent_message()

    answer = get(client, links(office)[-2])

    assert answer.headers["Location"] == "https://shop.example/Bern?a=1&b=2"


def test_a_link_to_a_page_of_ours_says_who_comes(office, client):
    link = '<a href="https://itinera.example/p/lamps?x=1">Our lamps</a>'
    publish("email", "e", EmailDocument(**{**EMAIL, "html": link + EMAIL["html"]}), check_email)
    contact()
    sent_message()

    location = get(client, links(office)[0]).headers["Location"]

    assert location.startswith("https://itinera.example/p/lamps?x=1&v=")
    assert verify("visitor", location.partition("&v=")[2])[:3] == ("ada", "j", "e")


@pytest.mark.rule("EML-28")
def test_the_pixel_is_a_picture_and_its_loading_an_open(office, client):
    contact()
    sent_message()

    answer = get(client, f"/o/{sign('open', 's1')}.gif")

    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.body.startswith(b"GIF89a")
    assert len(answer.body) == 43
    [opened] = log.of_contact("ada", "EmailOpened")
    assert opened.verdict == "undecided"


@pytest.mark.rule("CON-14", "PRV-12")
def test_what_somebody_does_who_refused_tracking_since_is_not_recorded(office, client):
    contact()
    sent_message()
    prefer(tracking=False)

    answer = get(client, links(office)[0])
    get(client, f"/o/{sign('open', 's1')}.gif")

    assert answer.status_code == 302
    assert log.of_contact("ada", "EmailClicked") == []
    assert log.of_contact("ada", "EmailOpened") == []


def click(link, at, send_id="s1"):
    new = NewInteraction(
        InteractionType.EMAIL_CLICKED,
        at,
        "link",
        f"{link}-{at}",
        contact_id="ada",
        attributes={"send_id": send_id, "link": link},
        verdict="undecided",
    )
    commit(interaction_plans.record(new, at))


def test_a_scanner_that_follows_every_link_at_once_is_no_person():
    for number in range(3):
        click(f"https://shop.example/{number}", NOW + timedelta(milliseconds=500 * number))

    assert decide() == ["machine"] * 3


def test_a_person_who_clicks_slowly_is_one():
    for number in range(3):
        click(f"https://shop.example/{number}", NOW + timedelta(seconds=3 * number))

    assert decide() == ["human"] * 3


def test_a_click_on_the_hidden_link_gives_away_the_clicks_around_it():
    click("https://shop.example/a", NOW)
    click("trap", NOW + timedelta(seconds=1))
    click("https://shop.example/b", NOW + timedelta(minutes=1))

    assert decide() == ["machine", "machine", "human"]


def test_a_click_within_two_seconds_of_delivery_is_no_persons(office):
    contact()
    sent_message()
    feedback.receive(event("Delivery", NOW), NOW)
    click("https://shop.example/a", NOW + timedelta(seconds=1))
    click("https://shop.example/b", NOW + timedelta(seconds=30))

    assert decide() == ["machine", "human"]


def test_deciding_twice_changes_nothing():
    click("https://shop.example/a", NOW)
    decide()
    before = log.of_contact("ada", "EmailClicked")[0].serialize()

    decide(at=now() + timedelta(days=1))

    assert log.of_contact("ada", "EmailClicked")[0].serialize() == before


def test_a_visit_decides_earlier_but_excuses_no_scanner():
    for number in range(3):
        click(f"https://shop.example/{number}", NOW)
    click("https://shop.example/mine", NOW + timedelta(seconds=20))
    click("https://shop.example/just-now", NOW + timedelta(seconds=29))

    service.confirm_human("ada", NOW + timedelta(seconds=30))

    verdicts = [each.verdict for each in log.of_contact("ada", "EmailClicked")]
    assert verdicts == ["machine", "machine", "machine", "human", "undecided"]


# Subscription centre and one-click ---------------------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded"
ONE_CLICK = b"List-Unsubscribe=One-Click"


def post(client, path, body, kind=FORM):
    return client.http.post(path, headers={"Content-Type": kind}, body=body)


def unsubscribe_path(office):
    header = dict(office.letters()[-1].headers())["List-Unsubscribe"]
    return urlsplit(header.strip("<>")).path


def test_one_click_unsubscribes_everyone_who_holds_the_address_and_the_address(office, client):
    contact()
    contacts.create("other", {"last_name": "L"}, NOW, by="u")
    sent_message()

    answers = [post(client, unsubscribe_path(office), ONE_CLICK) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert all("Location" not in answer.headers for answer in answers)
    assert consent.preferences("ada").bulk_email is False
    assert consent.preferences("other").bulk_email is True
    assert suppressed() == {"bulk": "unsubscribed"}
    [change] = changes("ada")
    assert (change.source, change.method, change.wording) == ("send:s1", "one-click", "List-Unsubscribe=One-Click")


def test_one_click_works_as_multipart_too(office, client):
    contact()
    sent_message()
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'

    answer = post(client, unsubscribe_path(office), body, "multipart/form-data; boundary=x")

    assert answer.status_code == 200
    assert consent.preferences("ada").bulk_email is False


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=Yes", b"\xff\xfe", b"List-Unsubscribe=One-Click&" * 400])
def test_any_other_body_unsubscribes_nobody(office, client, body):
    contact()
    sent_message()

    answer = post(client, unsubscribe_path(office), body)

    assert answer.status_code in {400, 413}
    assert consent.preferences("ada").bulk_email is True


def test_opening_the_unsubscribe_link_shows_the_centre_and_changes_nothing(office, client):
    contact()
    sent_message()

    answer = client.http.get(unsubscribe_path(office))

    assert answer.status_code == 200
    assert b"Your email preferences" in answer.body
    assert consent.preferences("ada").version == 0
    assert suppressed() == {}


def test_one_click_for_a_contact_that_is_gone_holds_for_the_address(office, client):
    contact()
    sent_message()
    contacts.remove("ada", contacts.find("ada").version, NOW)
    contact("ada-again", "ada@contoso.example")

    answer = post(client, unsubscribe_path(office), ONE_CLICK)

    assert answer.status_code == 200
    assert suppressed() == {"bulk": "unsubscribed"}
    assert consent.preferences("ada-again").bulk_email is False


@pytest.mark.rule("CON-10", "SBC-1", "SBC-3", "SBC-9")
def test_the_person_changes_bulk_email_and_back_again_and_each_time_is_recorded(office, client):
    contact()
    sent_message()
    path = f"/subscriptions/{sign('send', 's1')}"

    off = post(client, path, b"do_not_bulk_email=on")
    after = consent.preferences("ada").bulk_email
    on = post(client, path, b"")

    assert (off.status_code, on.status_code) == (200, 200)
    assert (after, consent.preferences("ada").bulk_email) == (False, True)
    said = changes("ada")
    assert [change.after for change in said] == [{"bulk_email": False}, {"bulk_email": True}]
    assert {change.wording for change in said} == {"Do not send me marketing emails"}
    assert len(log.of_contact("ada", "EmailSubscriptionSubmit")) == 2


@pytest.mark.rule("SBC-10")
def test_submitting_the_centre_without_a_change_is_recorded_as_well(office, client):
    contact()
    sent_message()

    post(client, f"/subscriptions/{sign('send', 's1')}", b"")

    assert len(log.of_contact("ada", "EmailSubscriptionSubmit")) == 1
    assert changes("ada") == []


@pytest.mark.rule("SBC-5")
@pytest.mark.parametrize("token", [lambda: "nonsense", lambda: sign("open", "s1"), lambda: sign("link", "s1", "0")])
def test_without_a_link_of_ours_nobody_is_verified(client, token):
    answer = client.http.get(f"/subscriptions/{token()}")

    assert answer.status_code == 400
    assert b"cannot tell whose link" in answer.body


def test_the_centre_needs_no_script_and_keeps_a_strict_policy(office, client):
    contact()
    sent_message()

    answer = client.http.get(f"/subscriptions/{sign('send', 's1')}")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert b"<script" not in answer.body
    assert b'<html lang="en" dir="ltr">' in answer.body
    assert b'<label for="do_not_bulk_email">' in answer.body


def test_who_opts_in_again_gets_bulk_mail_though_the_address_had_been_unsubscribed(office, client):
    contact()
    sent_message()
    post(client, unsubscribe_path(office), ONE_CLICK)

    post(client, f"/subscriptions/{sign('send', 's1')}", b"")
    queue("s2", visit=2)

    assert take_up("s2").state == State.SENT


def test_why_a_contact_did_not_get_a_message_can_be_read(office):
    contact()
    prefer(bulk_email=False)
    queue()
    take_up()

    [found] = service.why_not("ada", Asked()).items

    view = send_view(found)
    assert (view.state, view.reason) == ("blocked", "bulk-email-not-allowed")
    assert "does not allow bulk email" in view.explanation


def test_the_unlinked_plan_of_a_row_that_exists_is_refused(office):
    contact()
    queue()

    with pytest.raises(ConditionFailed):
        commit(plans.queue_send("s1", contact_id="ada", email_id="e", content_settings_id="c", now=NOW))
