"""The ledger and the sender, against a real post office: a message goes out at most once, whatever fails."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from chalicelib.capture.websites import service as websites
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import commit
from chalicelib.interactions import service as log
from chalicelib.messages import plans, sender, sent, service, suppression
from chalicelib.messages.checks import check_content_settings, check_email
from chalicelib.messages.ledger import State
from chalicelib.messages.models import MessageSettings, Send
from chalicelib.messages.reasons import Reason
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument
from chalicelib.messages.suppression import Wanted
from tests.support import mail
from tests.support.campaign import EMAIL
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def office():
    with mail.opened() as office:
        yield office


@pytest.fixture(autouse=True)
def published(cloud):
    live_definitions.document.cache_clear()  # versions never change, but every test begins with an empty table
    publish("content-settings", "c", ContentSettingsDocument(address_main="1 Main Street"), check_content_settings)
    publish("email", "e", EmailDocument(**EMAIL), check_email)


def publish(kind, identity, document, check):
    found = definitions.create(kind, identity, identity, document.model_dump(mode="json"), "user:u", NOW)
    if found.document != document.model_dump(mode="json"):
        found = definitions.save_draft(
            kind, identity, identity, document.model_dump(mode="json"), version=found.version, by="u", now=NOW
        )
    parsed = type(document).model_validate
    definitions.publish(kind, identity, lambda raw: check(parsed(raw)), version=found.version, by="user:u", now=NOW)


def stop(kind, identity):
    version = definitions.get(kind, identity).version
    definitions.stop(kind, identity, version=version, by="user:u", now=NOW, confirmed=True)


def contact(contact_id="ada", address="ada@contoso.example", **values):
    given = {"first_name": "Ada", "last_name": "Lovelace", "email": address, **values}
    return contacts.create(contact_id, given, NOW, by="user:u")


def queue(send_id="s1", contact_id="ada", **options):
    given = {"journey_id": "j", "occurrence": "1", "tile": "t", "visit": 1, "enrolment_id": f"enrolment-{contact_id}"}
    rows = plans.queue_send(
        send_id, contact_id=contact_id, email_id="e", content_settings_id="c", now=NOW, **{**given, **options}
    )
    commit(rows)
    return send_id


def prefer(contact_id="ada", **wanted):
    evidence = Evidence(who="user:u", source="test", method="test")
    commit(consent_plans.change(consent.preferences(contact_id), wanted, evidence, f"change-{wanted}", NOW))


def take_up(send_id="s1", at=NOW, token="t0"):  # noqa: S107  a claim's token
    sender.take_up(send_id, at, token)
    return service.find(send_id)


def mime(office):
    [letter] = office.letters()
    return message_from_bytes(letter.mime.as_bytes(), policy=default)


@pytest.mark.rule("EML-13")
def test_a_queued_message_is_rendered_for_its_contact_and_handed_over(office):
    contact()
    queue()

    send = take_up()

    assert (send.state, send.email_version, send.settled_at) == (State.SENT, 1, NOW)
    [letter] = office.letters()
    assert send.provider_id == letter.id
    assert letter.subject == "News for Ada"
    assert letter.recipients == ("ada@contoso.example",)
    assert "Hello Ada" in letter.body("html")
    assert "1 Main Street" in letter.body("plain")
    assert letter.tags["send"] == ["s1"]
    assert send.due is None


OF_ACCOUNT = {
    **EMAIL,
    "subject": "News for {{ contact.account.name | default: 'you' }}",
    "html": EMAIL["html"]
    + '{% if contact.account.id == "acme" %}<p>Ahoy {{ contact.account.industry }}</p>{% endif %}',
}


@pytest.mark.rule("ABM-6")
def test_a_message_names_the_account_of_its_contact_and_asks_for_it_in_conditions(office):
    publish("email", "e", EmailDocument(**OF_ACCOUNT), check_email)
    accounts.create("acme", {"name": "Acme", "industry": "Boats"}, NOW, by="user:u")
    accounts.create("other", {"name": "Other & Sons"}, NOW, by="user:u")
    for name, account_id in (("ada", "acme"), ("bo", "other"), ("eva", None)):
        contact(name, f"{name}@contoso.example", account_id=account_id)
        queue(f"s-{name}", name)
        take_up(f"s-{name}")

    letters = {each.recipients[0].partition("@")[0]: each for each in office.letters()}

    assert {name: each.subject for name, each in letters.items()} == {
        "ada": "News for Acme",
        "bo": "News for Other & Sons",
        "eva": "News for you",
    }
    assert {name: "Ahoy" in each.body("html") for name, each in letters.items()} == {
        "ada": True,
        "bo": False,
        "eva": False,
    }
    assert "Ahoy Boats" in letters["ada"].body("html")


@pytest.mark.rule("ABM-6")
def test_only_a_message_that_asks_for_the_account_reads_it_and_it_writes_no_more(office):
    accounts.create("acme", {"name": "Acme"}, NOW, by="user:u")
    contact(account_id="acme")
    asked = {}
    for number, document in enumerate((EMAIL, OF_ACCOUNT), start=1):
        publish("email", f"e{number}", EmailDocument(**document), check_email)
        for time in (1, 2):  # the first one reads what processes remember
            send_id = f"s{number}{time}"
            named = {"journey_id": "j", "occurrence": send_id, "tile": "t", "email_id": f"e{number}"}
            commit(plans.queue_send(send_id, contact_id="ada", content_settings_id="c", now=NOW, **named))
            with metered() as usage:
                sender.take_up(send_id, NOW, "token")
            asked[number] = usage

    assert len(office.letters()) == 4
    assert asked[2].round_trips == asked[1].round_trips + 1
    assert asked[2].write_units == asked[1].write_units <= 8


def test_a_message_taken_up_again_after_it_went_out_does_nothing(office):
    contact()
    queue()
    first = take_up()

    for _ in range(3):
        again = take_up(token="other")

    assert len(office.letters()) == 1
    assert again.serialize() == first.serialize()


@pytest.mark.parametrize("round_", range(5))
def test_of_many_senders_racing_over_one_row_one_sends(office, round_):
    contact()
    queue()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: sender.take_up("s1", NOW, f"token-{number}"), range(8)))

    assert len(office.letters()) == 1
    assert service.find("s1").state == State.SENT


def test_after_a_lost_answer_the_message_is_unknown_and_is_not_sent_again(office):
    contact()
    queue()
    office.faults = [mail.LOST]

    send = take_up()
    take_up(at=NOW + timedelta(hours=71))

    assert (send.state, send.due) == (State.UNKNOWN, NOW + timedelta(hours=72))
    assert len(office.letters()) == 1


def test_an_answer_of_the_kind_500_leaves_it_unknown(office):
    contact()
    queue()
    office.faults = [mail.BROKEN]

    assert take_up().state == State.UNKNOWN


def test_bulk_mail_that_stays_unknown_is_closed_after_72_hours_and_never_sent_again(office):
    contact()
    queue()
    office.faults = [mail.LOST]
    take_up()

    later = take_up(at=NOW + timedelta(hours=72))
    much_later = take_up(at=NOW + timedelta(days=30))

    assert (later.state, later.due) == (State.UNKNOWN, None)
    assert much_later.settled_at == later.settled_at
    assert len(office.letters()) == 1


def test_transactional_mail_without_an_event_goes_out_once_more_and_no_third_time(office):
    publish("email", "receipt", EmailDocument(**{**EMAIL, "legal_designation": "transactional"}), check_email)
    contact()
    commit(plans.queue_send("s1", contact_id="ada", email_id="receipt", content_settings_id="c", now=NOW))
    office.faults = [mail.LOST, mail.LOST]
    take_up()

    again = take_up(at=NOW + timedelta(hours=72), token="second")
    third = take_up(at=NOW + timedelta(hours=145), token="third")

    assert (again.state, again.tries) == (State.UNKNOWN, 2)
    assert third.due is None
    assert len(office.letters()) == 2


def test_a_definite_refusal_is_a_failure_with_its_reason(office):
    contact()
    queue()
    office.faults = [mail.REFUSED]

    send = take_up()

    assert (send.state, send.reason) == (State.FAILED, "MessageRejected")
    assert office.letters() == []


@pytest.mark.parametrize("fault", [mail.TOO_FAST, mail.DAILY])
def test_throttling_is_back_pressure_neither_an_attempt_nor_a_failure(office, fault):
    contact()
    queue()
    office.faults = [fault] * 7

    states = [take_up(token=f"token-{number}") for number in range(7)]
    last = take_up(token="last")

    assert [(send.state, send.tries) for send in states] == [(State.QUEUED, 0)] * 7
    assert all(send.due is not None for send in states)
    assert last.state == State.SENT
    assert len(office.letters()) == 1


def test_a_provider_that_cannot_be_reached_was_certainly_not_given_the_message(monkeypatch):
    with mail.opened():
        sender._pace()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:9")
    monkeypatch.setattr(sender, "_pace", lambda: sender.Pace(1000))
    contact()
    queue()

    assert take_up().state == State.QUEUED


def test_a_claim_whose_sender_died_is_unknown_once_its_lease_has_passed(office):
    contact()
    queue()
    row = Send.find(*Send.at("s1"))
    lease = NOW + timedelta(seconds=300)
    commit(plans.claim(row, plans.Claimed("dead", lease, 1, "commercial", "hash", None, True, {}, [])))

    during = take_up(at=lease - timedelta(seconds=1))
    after = take_up(at=lease)

    assert during.state == State.CLAIMED
    assert (after.state, after.due) == (State.UNKNOWN, lease + timedelta(hours=72))
    assert office.letters() == []


@pytest.mark.rule("EML-14")
def test_a_second_contact_with_the_same_address_does_not_get_the_same_message(office):
    contact("ada", "ada@contoso.example", email_2="shared@contoso.example")
    contact("bo", "bo@contoso.example", email_2="shared@contoso.example")
    publish("email", "e", EmailDocument(**{**EMAIL, "to": "{{ contact.email_2 }}"}), check_email)
    queue("s1", "ada")
    queue("s2", "bo")

    first, second = take_up("s1"), take_up("s2")

    assert first.state == State.SENT
    assert (second.state, second.reason) == (State.BLOCKED, Reason.DUPLICATE)
    assert len(office.letters()) == 1


@pytest.mark.rule("EML-14")
def test_another_visit_of_the_tile_is_another_message_to_the_address(office):
    contact()
    queue("s1", visit=1)
    queue("s2", visit=2)

    states = [take_up("s1").state, take_up("s2").state]

    assert states == [State.SENT, State.SENT]


@pytest.mark.rule("EML-15")
def test_deduplication_can_be_bypassed(office):
    contact("ada", "ada@contoso.example", email_2="shared@contoso.example")
    contact("bo", "bo@contoso.example", email_2="shared@contoso.example")
    publish("email", "e", EmailDocument(**{**EMAIL, "to": "{{ contact.email_2 }}"}), check_email)
    service.save_message_settings(MessageSettings(*MessageSettings.at(), bypass_deduplication=True), 0)
    queue("s1", "ada")
    queue("s2", "bo")

    assert [take_up("s1").state, take_up("s2").state] == [State.SENT, State.SENT]


@pytest.mark.rule("EML-7")
def test_with_stopped_content_settings_the_message_waits_until_they_are_live_again(office):
    contact()
    queue()
    stop("content-settings", "c")

    waiting = take_up()
    publish("content-settings", "c", ContentSettingsDocument(address_main="2 New Street"), check_content_settings)
    after = take_up(at=NOW + timedelta(minutes=1))

    assert (waiting.state, waiting.due) == (State.QUEUED, NOW + timedelta(minutes=1))
    assert after.state == State.SENT
    assert "2 New Street" in office.letters()[0].body("html")


@pytest.mark.rule("EML-5")
def test_a_stopped_message_of_a_live_journey_is_still_sent(office):
    contact()
    queue()
    stop("email", "e")

    assert take_up().state == State.SENT


def test_consent_withdrawn_between_the_check_and_the_claim_blocks_the_message(office, monkeypatch):
    contact()
    queue()
    claim = sender._claim

    def withdraw_first(*arguments):
        monkeypatch.setattr(sender, "_claim", claim)
        prefer(bulk_email=False)
        return claim(*arguments)

    monkeypatch.setattr(sender, "_claim", withdraw_first)

    send = take_up()

    assert (send.state, send.reason) == (State.BLOCKED, Reason.BULK_EMAIL)
    assert office.letters() == []


def _email(**changed):
    publish("email", "e", EmailDocument(**{**EMAIL, **changed}), check_email)


def _forbid(host):
    service.save_message_settings(MessageSettings(*MessageSettings.at(), forbidden_links=[host]), 0)


def _suppress():
    suppression.suppress(Wanted(suppression.hash_of("ada@contoso.example"), "all", suppression.HARD_BOUNCE), NOW)


BLOCKS = {
    "10": (Reason.BULK_EMAIL, lambda: prefer(bulk_email=False)),
    "11": (Reason.EMAIL, lambda: prefer(email=False)),
    "13": (Reason.RECIPIENT, lambda: _email(to="{{ contact.email_3 }}")),
    "14 sender": (Reason.SENDER, lambda: _email(from_address="{{ contact.email_3 }}")),
    "14 reply-to": (Reason.REPLY_TO, lambda: _email(reply_to="{{ contact.city }}")),
    "15": (Reason.LINKS, lambda: _forbid("shop.example")),
    "16": (Reason.MISSING_FIELD, lambda: _email(subject="{{ contact.city }}")),
    "17": (Reason.CONTACT_DELETED, lambda: contacts.remove("ada", contacts.find("ada").version, NOW)),
    "18": (Reason.CONTACT_INACTIVE, lambda: contacts.amend("ada", {"inactive": True}, 1, NOW)),
    "21": (Reason.SUPPRESSED, _suppress),
}


@pytest.mark.rule("JRN-70", "CON-10", "CON-11", "CON-19")
@pytest.mark.parametrize("row", BLOCKS)
def test_a_row_of_the_skip_matrix_blocks_and_says_so(office, row):
    reason, arrange = BLOCKS[row]
    contact()
    queue()
    arrange()

    send = take_up()
    sent.record("s1", NOW)

    assert (send.state, send.reason, send.tries) == (State.BLOCKED, reason, 0)
    assert send.due is None
    assert office.letters() == []


@pytest.mark.rule("EML-20")
def test_a_message_that_has_expired_when_its_turn_comes_is_skipped(office):
    contact()
    queue("s1", expires=NOW)
    queue("s2", expires=NOW + timedelta(seconds=1), visit=2)

    expired, valid = take_up("s1"), take_up("s2")

    assert (expired.state, expired.reason) == (State.BLOCKED, Reason.EXPIRED)
    assert valid.state == State.SENT


@pytest.mark.rule("CON-11", "CON-15", "EML-2")
def test_who_refuses_email_gets_no_transactional_mail_either(office):
    publish("email", "receipt", EmailDocument(**{**EMAIL, "legal_designation": "transactional"}), check_email)
    contact()
    prefer(email=False)
    commit(plans.queue_send("s1", contact_id="ada", email_id="receipt", content_settings_id="c", now=NOW))

    assert (take_up().reason, office.letters()) == (Reason.EMAIL, [])


@pytest.mark.rule("CON-13")
def test_follow_email_changes_neither_sending_nor_tracking(office):
    contact()
    prefer(follow_email=False)
    queue()

    send = take_up()

    assert (send.state, send.tracked) == (State.SENT, True)


@pytest.mark.rule("CON-15", "EML-2")
def test_who_refuses_bulk_mail_still_gets_transactional_mail(office):
    publish("email", "receipt", EmailDocument(**{**EMAIL, "legal_designation": "transactional"}), check_email)
    contact()
    prefer(bulk_email=False)
    commit(plans.queue_send("s1", contact_id="ada", email_id="receipt", content_settings_id="c", now=NOW))

    assert take_up().state == State.SENT
    assert mime(office)["List-Unsubscribe"] is None


def test_commercial_mail_has_the_headers_of_one_click_unsubscription(office):
    contact()
    queue()
    take_up()

    message = mime(office)

    assert re.fullmatch(r"<https://itinera\.example/unsubscribe/[\w-]+>", message["List-Unsubscribe"].strip())
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.rule("CON-14", "PRV-12")
def test_who_refuses_tracking_gets_plain_links_and_no_pixel(office):
    contact()
    prefer(tracking=False)
    queue()

    send = take_up()

    body = office.letters()[0].body("html")
    assert 'href="https://shop.example/lamp"' in body
    assert "/t/" not in body
    assert "/o/" not in body
    assert send.tracked is False


def test_what_became_of_a_send_is_one_interaction_however_often_it_is_recorded(office):
    contact()
    queue()
    take_up()

    for _ in range(3):
        sent.record("s1", NOW)

    [interaction] = log.of_contact("ada", "EmailSent")
    assert interaction.attributes["send_id"] == "s1"
    assert interaction.attributes["journey_id"] == "j"
    assert interaction.at == NOW


def test_every_intended_message_is_in_exactly_one_state(office):
    for number in range(6):
        contact(f"contact-{number}", f"person-{number}@contoso.example")
        queue(f"s{number}", f"contact-{number}")
    prefer("contact-0", bulk_email=False)
    office.faults = [mail.REFUSED, mail.LOST, mail.TOO_FAST]

    states = sorted(take_up(f"s{number}").state for number in range(6))

    assert states == sorted([State.BLOCKED, State.FAILED, State.UNKNOWN, State.QUEUED, State.SENT, State.SENT])


@pytest.mark.rule("SBC-2")
def test_a_commercial_message_that_came_out_without_its_centre_is_blocked(office):
    link = '<a href="{{ message.subscription_center_url }}">Your preferences</a>'
    hidden = "{% unless contact.city %}" + link + "{% endunless %}<p>{{ content_settings.address_main }}</p>"
    publish("email", "e", EmailDocument(**{**EMAIL, "html": hidden}), check_email)
    contact(city="Aarhus")
    contact("bo", "bo@contoso.example")
    queue()
    queue("s2", "bo")

    assert (take_up().reason, take_up("s2").state) == (Reason.MISSING_FIELD, State.SENT)


@pytest.mark.rule("SBC-2")
def test_content_settings_without_an_own_centre_lead_to_ours(office):
    link = '<a href="{{ content_settings.subscription_center }}">P</a> {{ content_settings.address_main }}'
    publish("email", "e", EmailDocument(**{**EMAIL, "html": link}), check_email)
    contact()
    queue()

    assert take_up().state == State.SENT
    [letter] = office.letters()
    assert "https://itinera.example/subscriptions/" in letter.body("html")


def test_an_address_that_no_host_can_have_holds_no_message_up(office):
    address = "https://ex℀mple.dk/a"
    contact()
    queue()
    _email(automatic_text=False, text=f"Look at {address}, {EMAIL['html']}")

    send = take_up()

    assert (send.state, len(office.letters())) == (State.SENT, 1)
    assert not websites.is_tracked(address)
