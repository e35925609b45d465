"""Double opt-in for all forms: what is asked for waits, and only the button behind the mailed link makes it count."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.clock import as_text, now
from chalicelib.consent import service as consent
from chalicelib.consent.subscriptions import records, service
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.interactions import service as log
from chalicelib.messages import plans, suppression
from chalicelib.messages.models import Bounces
from chalicelib.messages.optin import mailing
from chalicelib.messages.optin.models import Confirmation, Mailed
from chalicelib.tokens import sign
from infra.local.demo.company import landing_page
from tests.integration.test_capture import Browser, publish
from tests.integration.test_lists_on_forms import ADA, WORDS, ada, document, element, move, on, submit
from tests.support import mail
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.centre import Reader
from tests.support.confirming import EMAIL, Mailbox
from tests.support.consents import changes as consent_changes
from tests.support.merged import merge


@pytest.fixture
def client(world):
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def lists(api):
    given = {"public_description": "Once a month"}
    return [api.post("/subscription-lists", {"name": name, **given})["id"] for name in ("News", "Lamps", "Events")]


@pytest.fixture
def box(office, client):
    return Mailbox(office, client)


def set_up(api, **more):
    """Name the messages of double opt-in, and switch it on."""
    content = publish(api, "/content-settings", {"address_main": "1 Main Street"})
    email_id = publish(api, "/emails", EMAIL)
    named = {"subscriptions_email_id": email_id, "consent_email_id": email_id, "content_settings_id": content}
    settings = {"enabled": True, **named, **more}
    status, saved, _ = api.call("PUT", "/settings/double-opt-in", settings, If_Match='"0"')
    assert status == 200, saved
    return settings


def change(api, settings, version=1, **more):
    status, saved, _ = api.call("PUT", "/settings/double-opt-in", {**settings, **more}, If_Match=f'"{version}"')
    return status, saved


@pytest.fixture
def form_id(api, lists):
    return publish(api, "/forms", document(*(element(each) for each in lists)))


@pytest.fixture
def asked(client, api, world, box, lists, form_id):
    """Ada asked for the first list, and got the message. Returns the path behind its link."""
    set_up(api)
    status, answer = submit(client, form_id, subscription_list=[lists[0]])
    assert (status, answer["awaits_confirmation"]) == (201, True)
    world.settle()
    [path] = box.paths
    return path


def requests():
    return list(Confirmation.scan(Confirmation.confirmation_id.exists()))


# From the form to the list ------------------------------------------------------------------------------------------


@pytest.mark.rule("DOI-1", "DOI-3")
def test_a_list_is_joined_when_the_button_behind_the_mailed_link_is_pressed_and_no_earlier(asked, box, world, lists):
    contact_id = ada()
    opened = [box.open(asked) for _ in range(3)]  # as scanners do
    world.settle()
    before = on(contact_id), consent_changes(contact_id), log.of_contact(contact_id, "SegmentSubscribed")

    box.press(asked)

    assert "News" in opened[0]
    assert before == (set(), [], [])
    assert on(contact_id) == {lists[0]}
    assert len(log.of_contact(contact_id, "SegmentSubscribed")) == 1


@pytest.mark.rule("DOI-3", "PRV-13")
def test_the_proof_says_where_and_in_which_words_it_was_asked_for_and_when_each_step_was(asked, box, form_id, lists):
    [row] = requests()
    box.press(asked)

    [proof] = consent_changes(ada())
    assert (proof.list_id, proof.wording, proof.source) == (lists[0], WORDS, f"form:{form_id}")
    assert (proof.who, proof.method) == (f"contact:{ada()}", "double-opt-in")
    assert proof.reason == f"Asked for at {as_text(row.asked_at)}, the link was mailed at {as_text(row.mailed_at)}."


@pytest.mark.rule("DOI-3")
def test_global_double_opt_in_does_not_delay_the_contact_the_lead_and_the_interaction(asked):
    contact_id = ada()

    [sent] = log.of_contact(contact_id, "FormSubmitted")
    assert sent.lead_id
    assert contacts.find(contact_id).first_name == "Ada"


@pytest.mark.rule("DOI-2")
def test_one_message_a_list_however_many_are_ticked_at_once(client, api, world, box, lists, form_id):
    set_up(api)

    submit(client, form_id, subscription_list=lists[:2])
    world.settle()

    assert sorted(each.subject for each in box.letters) == ["Subscription: Lamps", "Subscription: News"]
    first, _ = box.paths
    box.press(first)
    assert len(on(ada())) == 1


@pytest.mark.rule("DOI-5")
def test_the_message_names_what_is_asked_for_and_goes_to_the_address(asked, box):
    [letter] = box.letters

    assert letter.recipients == ("ada@example.com",)
    assert letter.subject == "Subscription: News"
    assert "Hello Ada, Once a month" in letter.body("html")


def test_a_person_is_spoken_to_in_its_language(client, api, world, box, lists):
    form = document(element(lists[0]))
    form["fields"].append({"name": "language", "label": "Language", "contact_field": "language"})
    form["elements"].append({"kind": "field", "name": "language"})
    form_id = publish(api, "/forms", form)
    set_up(api)

    submit(client, form_id, subscription_list=lists[0], language="ar")
    world.settle()

    [path] = box.paths
    assert 'lang="ar" dir="rtl"' in box.open(path)
    assert "تم التأكيد" in box.press(path)[0]


@pytest.mark.rule("DOI-3")
def test_the_page_after_the_form_sends_people_to_their_mailbox_whether_they_are_known_or_not(client, api, lists):
    form = document(*(element(each) for each in lists), redirect_url="https://shop.example/thanks")
    publish(api, "/pages", landing_page("Letters", "letters", publish(api, "/forms", form)))
    settings = set_up(api)

    answers = [Browser(client).send("/p/letters", subscription_list=lists[0], **ADA) for _ in range(2)]
    move(ada(), lists[0], State.SUBSCRIBED)
    answers.append(Browser(client).send("/p/letters", subscription_list=lists[0], **ADA))
    nothing, _ = Browser(client).send("/p/letters", **ADA)
    change(api, settings, enabled=False)
    off, _ = Browser(client).send("/p/letters", subscription_list=lists[1], **ADA)

    assert {status for status, _ in answers} == {200}
    assert len({text for _, text in answers}) == 1
    assert "look into your mailbox" in answers[0][1]
    assert (nothing, off) == (303, 303)


def test_asking_for_a_list_that_one_is_on_is_mailed_nothing(client, api, world, box, lists, form_id):
    set_up(api)
    submit(client, form_id)
    move(ada(), lists[0], State.SUBSCRIBED)

    submit(client, form_id, subscription_list=lists[0])
    world.settle()

    assert (box.letters, requests()) == ([], [])


# Whoever left ---------------------------------------------------------------------------------------------------------


def left(client, form_id, list_id, world):
    submit(client, form_id, subscription_list=[list_id])
    move(ada(), list_id, State.UNSUBSCRIBED)
    world.advance(timedelta(seconds=1))


@pytest.mark.rule("DOI-1")
def test_without_double_opt_in_lists_are_joined_at_once_but_never_again_without_a_confirmation(
    client, api, world, box, lists, form_id
):
    set_up(api, enabled=False)
    left(client, form_id, lists[0], world)

    status, answer = submit(client, form_id, subscription_list=lists[:2])
    world.settle()
    at_once = on(ada())
    [path] = box.paths
    box.press(path)

    assert (status, answer["awaits_confirmation"]) == (201, False)  # nobody learns that the address left a list
    assert at_once == {lists[1]}
    assert on(ada()) == {lists[0], lists[1]}


def test_whoever_left_stays_off_where_no_message_could_ask_and_the_form_says_so_when_it_goes_live(
    client, api, world, box, lists
):
    made = api.post("/forms", {"name": "n", "document": document(element(lists[0]))})
    live = api.change("POST", f"/forms/{made['id']}/publish", made)
    left(client, made["id"], lists[0], world)

    status, _ = submit(client, made["id"], subscription_list=[lists[0]])
    world.settle()

    assert (status, on(ada()), box.letters) == (201, set(), [])
    [request] = requests()
    assert (request.state, request.due) == ("failed", None)
    assert any("cannot come back" in each["message"] for each in live["warnings"])


# Twice, late, forged, overtaken ------------------------------------------------------------------------------------


def test_confirming_twice_changes_nothing_and_says_the_same(asked, box):
    first, _ = box.press(asked)
    second, _ = box.press(asked)

    assert first == second == box.open(asked)
    assert len(consent_changes(ada())) == 1


def test_of_many_who_press_at_once_one_confirms(asked, box, lists):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: box.press(asked), range(6)))

    assert len(consent_changes(ada())) == 1
    assert len(log.of_contact(ada(), "SegmentSubscribed")) == 1


def test_a_press_that_another_overtakes_finds_it_confirmed(asked, box):
    with before_the_next_write(lambda: box.press(asked)):
        box.press(asked)

    assert len(consent_changes(ada())) == 1


@pytest.mark.rule("DOI-4")
@pytest.mark.parametrize(("days", "status"), [(30, 200), (30.001, 410)])
def test_a_link_is_good_for_30_days(asked, box, world, days, status):
    [row] = requests()
    world.move_to(row.asked_at + timedelta(days=days) - timedelta(minutes=1 if status == 200 else 0))

    box.press(asked, status)

    assert bool(on(ada())) is (status == 200)


@pytest.mark.rule("DOI-4")
def test_a_request_is_kept_as_long_as_its_link_is_good_and_then_it_expires(asked):
    [row] = requests()

    assert timedelta(days=30) < timedelta(seconds=row.expires - row.asked_at.timestamp()) <= timedelta(days=31)


def test_a_link_of_a_request_that_has_expired_says_that_it_is_too_old(asked, box, world):
    [row] = requests()
    row.delete()
    gone = box.open(asked, 404)
    world.advance(timedelta(days=31))

    assert "not there any more" in gone
    assert "30 days" in box.open(asked, 410)


@pytest.mark.parametrize("token", ["x", "é", "AAAA", "%00"])
def test_a_forged_link_confirms_nothing(asked, box, token):
    [row] = requests()
    foreign = sign("send", row.address_hash, row.confirmation_id, as_text(row.asked_at))
    damaged = asked[:-4] + "AAAA"

    for path in (f"/confirm/{token}", f"/confirm/{foreign}", damaged):
        box.open(path, 400)
        box.press(path, 400)

    assert on(ada()) == set()


@pytest.mark.rule("DOI-3")
def test_whoever_left_the_list_after_asking_is_not_put_back_by_the_link(asked, box, lists, world):
    world.advance(timedelta(minutes=1))
    move(ada(), lists[0], State.SUBSCRIBED)
    move(ada(), lists[0], State.UNSUBSCRIBED)

    text, _ = box.press(asked, 409)

    assert "taken this back" in text
    assert on(ada()) == set()


def test_whoever_asks_again_after_leaving_is_on_the_list_by_a_new_message(asked, box, client, world, lists, form_id):
    box.press(asked)
    world.advance(timedelta(hours=2))
    move(ada(), lists[0], State.UNSUBSCRIBED)
    assert "taken this back" in box.open(asked, 409)
    world.advance(timedelta(minutes=1))

    submit(client, form_id, subscription_list=[lists[0]])
    world.settle()
    box.press(box.paths[1])

    assert on(ada()) == {lists[0]}


def test_the_link_of_a_deleted_contact_confirms_nothing(asked, box, world):
    contacts.remove(ada(), contacts.find(ada()).version, now())

    box.open(asked, 404)
    box.press(asked, 404)
    world.settle()

    assert contacts.by_email("ada@example.com") == []
    assert requests() == []
    box.press(asked, 404)


def test_the_link_of_a_merged_contact_counts_for_the_person(asked, box, lists):
    contact_id = ada()
    contacts.create("main", {"last_name": "Berg", "email": "berg@example.com"}, now(), by="user:u")
    merge("main", contact_id, now())

    box.press(asked)

    assert on("main") == on(contact_id) == {lists[0]}
    assert {each.contact_id for each in consent_changes("main") if each.list_id} == {"main"}


def test_an_address_that_the_person_does_not_have_any_more_confirms_nothing(asked, box):
    contacts.amend(ada_id := ada(), {"email": "new@example.com"}, contacts.find(ada()).version, now())

    text, _ = box.press(asked, 409)

    assert "has been changed since" in text
    assert on(ada_id) == set()


def test_a_list_that_was_stopped_cannot_be_confirmed_until_it_goes_on(client, api, world, box):
    list_id = api.post("/subscription-lists", {"name": "News"})["id"]
    form_id = publish(api, "/forms", document(element(list_id)))
    set_up(api)
    submit(client, form_id, subscription_list=list_id)
    world.settle()
    stopped = api.call("POST", f"/forms/{form_id}/stop", {"confirmed": True}, If_Match='"2"')
    record = records.stop(list_id, 1, now())
    [path] = box.paths

    box.press(path, 409)
    records.restart(list_id, record.version, now())
    box.press(path)

    assert stopped[0] == 200
    assert on(ada()) == {list_id}


def test_a_list_that_is_stopped_at_the_moment_of_the_press_is_not_joined(client, api, world, box, lists):
    form_id = publish(api, "/forms", document(element(lists[0])))
    set_up(api)
    submit(client, form_id, subscription_list=lists[0])
    world.settle()
    api.call("POST", f"/forms/{form_id}/stop", {"confirmed": True}, If_Match='"2"')
    [path] = box.paths

    with before_the_next_write(lambda: records.stop(lists[0], 1, now())):
        box.press(path, 409)

    assert on(ada()) == set()


# Mail ---------------------------------------------------------------------------------------------------------------


def test_a_stranger_cannot_flood_a_mailbox(client, api, world, box, lists, form_id):
    set_up(api)

    for _ in range(30):
        submit(client, form_id, subscription_list=lists)
        world.settle()
        world.advance(timedelta(minutes=10))

    day = [each for each in box.letters if each.recipients == ("ada@example.com",)]
    assert len(day) == 3 * len(lists)
    assert {each.state for each in requests()} == {"held"}
    assert {each.due for each in requests()} == {None}


def test_the_link_that_was_mailed_first_is_good_while_further_askings_are_held(
    asked, box, client, world, lists, form_id
):
    for _ in range(3):
        world.advance(timedelta(minutes=1))
        submit(client, form_id, subscription_list=[lists[0]])
        world.settle()

    box.press(asked)

    assert len(box.letters) == 1
    assert on(ada()) == {lists[0]}


def test_what_a_stranger_types_cannot_advertise_by_our_mail(client, api, world, box, lists, form_id):
    set_up(api)

    submit(client, form_id, subscription_list=[lists[0]], first_name="Win at https://evil.example")
    world.settle()

    [letter] = box.letters
    assert "evil.example" not in letter.mime.as_string()
    assert "Hello there" in letter.body("html")


@pytest.mark.parametrize("fault", [mail.LOST, mail.REFUSED])
def test_a_message_goes_out_at_most_once_an_asking(client, api, world, box, office, lists, form_id, fault):
    set_up(api)
    office.faults = [fault]

    submit(client, form_id, subscription_list=[lists[0]])
    world.settle(duplicate=True)
    world.advance(timedelta(hours=2))
    world.poll("confirmation")

    [row] = requests()
    assert (row.state, row.due) == ("unknown" if fault is mail.LOST else "failed", None)
    assert len(office.letters()) == (fault is mail.LOST)


def test_a_provider_that_is_busy_is_asked_again_and_the_try_does_not_count(
    client, api, world, box, office, lists, form_id
):
    set_up(api)
    office.faults = [mail.TOO_FAST, mail.TOO_FAST]

    submit(client, form_id, subscription_list=[lists[0]])
    world.settle()

    [row] = requests()
    assert (row.state, len(box.letters)) == ("sent", 1)
    [mailed] = Mailed.scan(Mailed.mails.exists())
    assert [name for name, _ in mailed.mails] == [row.confirmation_id]


def test_a_request_whose_message_on_the_queue_was_lost_is_taken_up_by_the_agenda(
    client, api, world, box, lists, form_id
):
    set_up(api)
    submit(client, form_id, subscription_list=[lists[0]])
    world.queues["send"].clear()
    world._streams = type(world._streams)(world._declared.streams)

    world.advance(timedelta(minutes=16))
    world.poll("confirmation")

    assert len(box.letters) == 1


def test_a_sender_that_died_leaves_the_message_unknown_and_nobody_repeats_it(client, api, box, lists, form_id):
    set_up(api)
    submit(client, form_id, subscription_list=[lists[0]])
    [row] = requests()
    at, again = (row.address_hash, row.confirmation_id), now() + timedelta(minutes=6)
    row.state, row.token, row.leased_until = "claimed", "dead", now() + timedelta(minutes=5)
    row.save()

    with pytest.raises(mailing.Conflict):
        mailing.take_up(*at, now(), "t")
    mailing.take_up(*at, again, "t")

    [row] = requests()
    assert (row.state, row.due, box.letters) == ("unknown", None, [])


@pytest.mark.rule("CON-11")
@pytest.mark.parametrize("why", ["suppressed", "no email at all"])
def test_nothing_is_mailed_to_whom_nothing_may_be(client, api, world, box, lists, form_id, why):
    set_up(api)
    submit(client, form_id)
    if why == "suppressed":
        api.post("/settings/suppressions", {"address": "ada@example.com", "scope": "all", "reason": "r"})
    else:
        api.call("PATCH", f"/contacts/{ada()}/preferences", {"email": False}, If_Match='"0"')

    submit(client, form_id, subscription_list=[lists[0]])
    world.settle()

    assert box.letters == []
    assert [each.state for each in requests()] == ["failed"]


def test_whoever_unsubscribed_from_marketing_mail_may_still_confirm(client, api, world, box, lists, form_id):
    set_up(api)
    api.post("/settings/suppressions", {"address": "ada@example.com", "scope": "bulk", "reason": "r"})

    submit(client, form_id, subscription_list=[lists[0]], do_not_bulk_email=True)
    world.settle()

    assert len(box.letters) == 1


def test_a_bounce_of_such_a_message_suppresses_the_address_once(asked, world, office):
    [letter] = office.letters()
    [row] = requests()
    soft, hard = (bounce(letter, row, kind) for kind in ("Transient", "Permanent"))

    for event in (soft, soft, hard, hard):
        world.send("email-events", json.dumps(event))
        world.settle()

    [bounces] = Bounces.scan(Bounces.in_a_row.exists())
    [suppressed] = suppression.find(row.address_hash)
    assert (bounces.in_a_row, suppressed.reason, suppressed.scope) == (1, "hard-bounce", "all")
    assert log.of_contact(ada(), "EmailHardBounced") == []


def bounce(letter, row, kind):
    at = as_text(now())
    tags = {"confirmation": [row.confirmation_id], "address": [row.address_hash]}
    told = {"bounceType": kind, "bounceSubType": "General", "timestamp": at}
    return {"eventType": "Bounce", "bounce": told, "mail": {"messageId": letter.id, "timestamp": at, "tags": tags}}


@pytest.mark.rule("DOI-6")
def test_a_message_that_asks_for_a_confirmation_is_sent_by_double_opt_in_only(api, office):
    email_id = publish(api, "/emails", EMAIL)

    status, problem, _ = api.call("POST", f"/emails/{email_id}/test-send", {"addresses": ["a@contoso.example"]})

    assert (status, office.letters()) == (422, [])
    assert "would confirm nothing" in problem["detail"]


@pytest.mark.rule("DOI-6")
def test_a_journey_that_names_such_a_message_sends_nothing(api, world, office):
    email_id, content = publish(api, "/emails", EMAIL), publish(api, "/content-settings", {"address_main": "1 Main"})
    contacts.create("ada", {"last_name": "Berg", "email": "ada@example.com"}, now(), by="user:u")

    commit(plans.queue_send("s1", contact_id="ada", email_id=email_id, content_settings_id=content, now=now()))
    world.settle()

    assert (api.get("/sends/s1")["reason"], office.letters()) == ("missing-field", [])


# Thanks -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("DOI-3")
def test_a_confirmation_leads_to_the_page_that_thanks(client, api, world, box, lists, form_id):
    page_id = publish(api, "/pages", {**landing_page("Thanks", "thanks", form_id)})
    settings = set_up(api, subscriptions_page_id=page_id)
    submit(client, form_id, subscription_list=lists[:2])
    world.settle()
    first, second = box.paths

    _, headers = box.press(first, 303)
    api.call("POST", f"/pages/{page_id}/stop", {"confirmed": True}, If_Match='"2"')
    text, _ = box.press(second)

    assert headers["Location"] == "https://itinera.example/p/thanks"
    assert "Thank you" in text
    assert settings["enabled"]


def test_a_confirmation_leads_to_no_address_that_is_not_allowed(client, api, world, box, lists, form_id):
    shop = "https://shop.example/thanks"
    settings = set_up(api, subscriptions_address=shop, allowed_addresses=[shop])
    submit(client, form_id, subscription_list=lists[0])
    world.settle()
    [path] = box.paths

    opened = box._asked("GET", path, b"", 200)[1]["Content-Security-Policy"]
    _, there = box.press(f"{path}?next=https://evil.example&redirect_url=https://evil.example", 303)
    status, problem = change(api, settings, allowed_addresses=["https://shop.example/"])

    assert "form-action 'self' https://shop.example;" in opened
    assert there["Location"] == shop
    assert (status, [each["field"] for each in problem["errors"]]) == (422, ["subscriptions_address"])


def test_double_opt_in_needs_live_messages_of_its_own_kind(api, world):
    other = publish(api, "/emails", {**EMAIL, "content_type": "default", "subject": "s", "html": "<p>x</p>"})
    draft = api.post("/emails", {"name": "n", "document": EMAIL})["id"]
    wrong = {"subscriptions_email_id": other, "consent_email_id": draft, "consent_page_id": "none"}

    status, problem, _ = api.call("PUT", "/settings/double-opt-in", {"enabled": True, **wrong}, If_Match='"0"')
    missing, told, _ = api.call("PUT", "/settings/double-opt-in", {"enabled": True}, If_Match='"0"')

    named = sorted(each["field"] for each in problem["errors"])
    assert (status, named) == (422, ["consent_email_id", "consent_page_id", "subscriptions_email_id"])
    assert (missing, len(told["errors"])) == (422, 2)
    assert api.get("/settings/double-opt-in")["version"] == 0


# The subscription centre --------------------------------------------------------------------------------------------


@pytest.fixture
def reader(client, api, world, office, lists):
    """Ada at the centre of a message that she got; double opt-in is on."""
    set_up(api)
    offered = {"address_main": "1 Main Street", "lists": lists[:2], "centre_consent_level": True}
    content = publish(api, "/content-settings", offered)
    html = '<p><a href="{{ message.subscription_center_url }}">P</a> {{ content_settings.address_main }}</p>'
    news = {"subject": "N", "from_name": "C", "from_address": "n@contoso.example", "language": "en", "html": html}
    email_id = publish(api, "/emails", news)
    contacts.create("ada", {"last_name": "Berg", "email": "ada@example.com"}, now(), by="user:u")
    commit(plans.queue_send("s1", contact_id="ada", email_id=email_id, content_settings_id=content, now=now()))
    world.settle()
    return Reader(client)


@pytest.mark.rule("DOI-1", "DOI-2")
def test_what_is_joined_at_the_centre_waits_as_well_and_leaving_does_not(reader, box, world, lists):
    move("ada", lists[1], State.SUBSCRIBED)

    after = reader.open().save(News=True, Lamps=False)
    world.settle()
    waiting = on("ada")
    [path] = box.paths
    box.press(path)

    assert "look into your mailbox" in after.text
    assert waiting == set()
    assert on("ada") == {lists[0]}
    proof = consent_changes("ada")[-1]
    assert (proof.source, proof.wording, proof.method) == ("send:s1", "News", "double-opt-in")


@pytest.mark.rule("DOI-1", "DOI-5", "PRV-13")
def test_a_higher_consent_level_waits_and_a_lower_one_does_not(reader, box, world):
    reader.open().save(pick="Send me marketing")
    world.settle()
    waiting = consent.preferences("ada").consent_level
    [path] = box.paths
    shown = box.open(path)
    box.press(path)
    raised = consent.preferences("ada").consent_level
    reader.open().save(pick="Ask me for my consent")

    assert (waiting, raised, consent.preferences("ada").consent_level) == (0, 4, 1)
    assert "Send me marketing" in shown
    [letter] = box.letters
    assert letter.subject == "Consent: What may we do?"
    assert "Send me marketing 4" in letter.body("html")
    proof = consent_changes("ada")[-2]
    assert (proof.method, proof.after) == ("double-opt-in", {"consent_level": 4})
    assert proof.wording == "What may we do? Send me marketing"


@pytest.mark.rule("DOI-1")
def test_a_level_that_was_lowered_after_asking_is_not_raised_by_the_link(reader, box, world):
    reader.open().save(pick="Send me marketing")
    world.settle()
    world.advance(timedelta(minutes=1))
    for level in (3, 1):
        version = consent.preferences("ada").version
        given = {"consent_level": level, "reason": "by telephone"}
        evidence = consent.Evidence(who="user:u", source="api", method="by user", reason=given.pop("reason"))
        consent.change_by_user("ada", given, version, evidence, f"c{level}", now())

    [path] = box.paths
    box.press(path, 409)

    assert consent.preferences("ada").consent_level == 1


def test_a_level_that_is_higher_already_stays(reader, box, world):
    reader.open().save(pick="Offer me newsletters to subscribe to")
    world.settle()
    evidence = consent.Evidence(who="user:u", source="api", method="by user", reason="by telephone")
    consent.change_by_user("ada", {"consent_level": 5}, 0, evidence, "c", now())

    [path] = box.paths
    box.press(path)

    assert consent.preferences("ada").consent_level == 5


def test_at_the_centre_nothing_waits_where_double_opt_in_is_off(reader, box, world, api, lists):
    settings = api.get("/settings/double-opt-in")
    change(api, {name: value for name, value in settings.items() if name != "version"}, enabled=False)
    move("ada", lists[0], State.SUBSCRIBED)
    move("ada", lists[0], State.UNSUBSCRIBED)

    reader.open().save(pick="Send me marketing", News=True)

    assert (on("ada"), consent.preferences("ada").consent_level) == ({lists[0]}, 4)
    assert service.of_person(contacts.who_is("ada"))[0].on
