"""Double opt-in of a form: nobody is made or changed before the address confirms, whoever sent the form."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import boto3
import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import pending
from chalicelib.capture.models import Submission
from chalicelib.clock import now
from chalicelib.consent.subscriptions import records
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.interactions import service as log
from chalicelib.leads import reading as leads
from chalicelib.messages.optin.models import Confirmation
from infra.local.demo.company import landing_page
from tests.integration.test_capture import Browser, publish
from tests.integration.test_double_opt_in import set_up
from tests.integration.test_lists_on_forms import ADA, WORDS, ada, document, element, move, on, submit
from tests.support.accessible import faults
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.confirming import FORM_EMAIL, Mailbox
from tests.support.consents import changes as consent_changes


@pytest.fixture
def client(world):
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def box(office, client):
    return Mailbox(office, client)


@pytest.fixture
def lists(api):
    return [api.post("/subscription-lists", {"name": name})["id"] for name in ("News", "Lamps & more")]


@pytest.fixture
def guarded(api, lists):
    """What makes a form one that has to be confirmed."""
    publish(api, "/content-settings", {"address_main": "1 Main Street"})
    return {"double_opt_in": True, "confirmation_email_id": publish(api, "/emails", FORM_EMAIL)}


@pytest.fixture
def form_id(api, lists, guarded):
    return publish(api, "/forms", document(*(element(each) for each in lists), **guarded))


@pytest.fixture
def path(client, world, box, form_id, lists):
    """Ada sent the form with both lists, and got the message. Returns the path behind its link."""
    status, answer = submit(client, form_id, subscription_list=lists)
    assert (status, answer["state"], answer["awaits_confirmation"]) == (202, "unconfirmed", True)
    world.settle()
    [path] = box.paths
    return path


def holding(declared, word):
    """The tables, without the test's prefix, in which a word can be found, by kind of item.

    The word has letters that no id has (i, l, o, u), or else an id would hold it now and then.
    """
    database = boto3.client("dynamodb")
    return sorted(
        f"{name.removeprefix('itinera-test-')}/{item['kind']['S']}"
        for name in declared.tables
        for item in database.scan(TableName=name)["Items"]
        if word in json.dumps(item).lower()
    )


@pytest.mark.rule("DOI-9")
def test_before_the_confirmation_nothing_of_the_person_is_stored_but_the_request_which_expires(path, world, declared):
    world.settle()

    [request] = Confirmation.scan(Confirmation.confirmation_id.exists())
    assert holding(declared, "ada@example.com") == holding(declared, "berglund") == ["messages/confirmation"]
    assert request.expires <= (request.asked_at + timedelta(days=31)).timestamp()
    assert list(Submission.scan(Submission.submission_id.exists())) == []


@pytest.mark.rule("DOI-9", "DOI-10")
def test_the_confirmation_makes_contact_lead_lists_and_interaction_as_if_it_were_sent_now(path, box, world, lists):
    box.open(path)
    world.advance(timedelta(days=29, hours=23))
    world.settle()
    before = contacts.by_email("ada@example.com")
    at = now()

    box.press(path)

    assert before == []
    assert on(ada()) == set(lists)
    [sent] = log.of_contact(ada(), "FormSubmitted")
    assert sent.at >= at
    assert leads.find(sent.lead_id).first_name == "Ada"
    stored = pending.find(sent.submission_id)
    assert (stored.state, stored.submitted_at >= at, stored.asked_at < at) == ("success", True, True)


def test_once_it_is_confirmed_the_request_holds_nothing_of_the_person(path, box, declared):
    box.press(path)

    assert "messages/confirmation" not in holding(declared, "berglund")


@pytest.mark.rule("DOI-8")
def test_one_message_names_all_lists_as_a_list_and_what_was_submitted(path, box):
    [letter] = box.letters

    assert letter.subject == "Please confirm, Ada"
    assert "<ul><li>News</li><li>Lamps &amp; more</li></ul>" in letter.body("html")
    assert letter.recipients == ("ada@example.com",)
    page = box.open(path)
    assert "News" in page
    assert "Lamps &amp; more" in page


@pytest.mark.rule("DOI-8", "PRV-13")
def test_the_proof_of_each_list_holds_its_words_and_when_it_was_asked_for(path, box, form_id):
    box.press(path)

    proofs = consent_changes(ada())
    assert {(each.method, each.wording, each.source) for each in proofs} == {
        ("double-opt-in", WORDS, f"form:{form_id}")
    }
    assert all(each.reason.startswith("Asked for at ") and "mailed at" in each.reason for each in proofs)


@pytest.mark.rule("DOI-7")
def test_where_both_are_on_only_that_of_the_form_runs(api, client, world, box, form_id, lists):
    set_up(api)

    submit(client, form_id, subscription_list=lists)
    world.settle()
    [path] = box.paths
    box.press(path)
    world.settle()

    assert (len(box.letters), on(ada())) == (1, set(lists))


def test_a_confirmed_form_brings_back_who_left_before_it_was_sent_but_not_who_left_after(
    path, box, world, lists, client
):
    contacts.create("a", {"last_name": "Berglund", "email": "ada@example.com"}, now(), by="user:u")
    world.advance(timedelta(minutes=1))
    move("a", lists[0], State.SUBSCRIBED)
    move("a", lists[0], State.UNSUBSCRIBED)

    box.press(path)

    assert on("a") == {lists[1]}


def test_whoever_left_a_list_before_is_back_by_a_confirmed_form(client, world, box, form_id, lists):
    contacts.create("a", {"last_name": "Berglund", "email": "ada@example.com"}, now(), by="user:u")
    move("a", lists[0], State.SUBSCRIBED)
    move("a", lists[0], State.UNSUBSCRIBED)
    world.advance(timedelta(seconds=1))

    submit(client, form_id, subscription_list=lists[0])
    world.settle()
    [path] = box.paths
    box.press(path)

    assert on("a") == {lists[0]}


# Twice, late, changed in between ------------------------------------------------------------------------------------


def test_confirming_twice_or_at_once_makes_one_submission(path, box):
    with before_the_next_write(lambda: box.press(path)):
        box.press(path)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: box.press(path), range(4)))

    assert len(log.of_contact(ada(), "FormSubmitted")) == 1
    assert len(list(Submission.scan(Submission.submission_id.exists()))) == 1


@pytest.mark.rule("DOI-10")
def test_after_30_days_the_link_makes_nothing(path, box, world):
    world.advance(timedelta(days=30, minutes=1))

    box.press(path, 410)

    assert contacts.by_email("ada@example.com") == []


def test_a_request_that_is_not_there_any_more_makes_nothing(path, box):
    [request] = Confirmation.scan(Confirmation.confirmation_id.exists())
    with before_the_next_write(request.delete):
        box.press(path, 404)
    box.press(path, 404)

    assert contacts.by_email("ada@example.com") == []


def test_what_a_deleted_contact_had_sent_before_is_forgotten_and_what_is_sent_after_is_a_new_start(
    client, world, box, form_id, declared
):
    contacts.create("a", {"last_name": "Berglund", "email": "Ada@example.com"}, now(), by="user:u")
    contacts.create("other", {"last_name": "Lund", "email": "lund@example.com"}, now(), by="user:u")
    submit(client, form_id)
    submit(client, form_id, last_name="Lund", email="lund@example.com")
    world.settle()
    before, _ = box.paths
    contacts.remove("a", contacts.find("a").version, now())
    world.settle()
    swept = holding(declared, "ada@example.com")
    world.advance(timedelta(hours=1))
    submit(client, form_id)
    world.settle()
    world.advance(timedelta(hours=25))
    world.poll("sweep")

    box.press(before, 404)
    box.press(box.paths[-1])

    assert swept == []
    assert contacts.find(ada()).last_name == "Berglund"
    assert "messages/confirmation" in holding(declared, "lund")


def test_a_form_that_was_changed_or_stopped_counts_as_it_was_sent(path, box, api, form_id, lists):
    made = api.get(f"/forms/{form_id}")
    other = document(element(lists[1], "Other words"), **{**made["document"], "elements": None, "fields": None})
    other |= {name: document(element(lists[1], "Other words"))[name] for name in ("fields", "elements")}
    saved = api.change("PUT", f"/forms/{form_id}", made, {"name": "n", "document": other})
    live = api.change("POST", f"/forms/{form_id}/publish", saved)
    api.change("POST", f"/forms/{form_id}/stop", live, {"confirmed": True})
    records.stop(lists[1], 1, now())

    box.press(path)

    assert on(ada()) == {lists[0]}
    assert [each.wording for each in consent_changes(ada())] == [WORDS]
    [sent] = log.of_contact(ada(), "FormSubmitted")
    assert pending.find(sent.submission_id).form_version == 1


def test_a_second_submission_with_an_address_never_takes_the_place_of_the_first(path, box, client, world, form_id):
    submit(client, form_id, first_name="Eve")
    world.settle()
    first, second = box.paths

    box.press(first)
    confirmed = contacts.find(ada()).first_name
    box.press(second)

    assert (first, confirmed) == (path, "Ada")
    assert contacts.find(ada()).first_name == "Eve"


def test_the_same_submission_sent_again_is_one_request(client, world, box, form_id):
    body = json.dumps({"values": ADA}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}

    answers = [client.http.post(f"/forms/{form_id}/submissions", headers=headers, body=body) for _ in range(3)]
    world.settle()

    assert [each.status_code for each in answers] == [202, 202, 202]
    assert (len(box.letters), len(list(Confirmation.scan(Confirmation.confirmation_id.exists())))) == (1, 1)


def test_a_stranger_cannot_flood_a_mailbox_by_one_form_or_many(client, api, world, box, form_id, guarded, lists):
    for number in range(6):
        submit(client, form_id, first_name=f"N{number}")
    for number in range(20):
        submit(client, publish(api, "/forms", document(topic=f"T{number}", **guarded)))
    world.settle()

    assert len(box.letters) == 20
    assert sum(each.subject.endswith(("N0", "N1", "N2", "N3", "N4", "N5")) for each in box.letters) <= 3


def test_what_a_stranger_types_cannot_advertise_by_our_mail(client, world, box, form_id):
    submit(client, form_id, first_name="www.evil.example")
    world.settle()

    [letter] = box.letters
    assert "evil.example" not in letter.mime.as_string()


@pytest.mark.rule("DOI-9")
@pytest.mark.parametrize("wrong", [{"email": "none"}, {"email": ""}, {"job_title": "none of them"}, {"phone": "x"}])
def test_what_could_only_fail_once_it_is_confirmed_is_told_at_once_and_nothing_is_stored(
    client, api, declared, guarded, wrong, box
):
    form = document(**guarded)
    choice = {"name": "job_title", "label": "Job", "type": "option_set", "contact_field": "job_title"}
    form["fields"] += [{**choice, "options": [{"value": "a", "label": "A"}]}]
    form["fields"] += [{"name": "phone", "label": "Phone", "contact_field": "phone"}]
    form["elements"] += [{"kind": "field", "name": name} for name in ("job_title", "phone")]
    form_id = publish(api, "/forms", form)

    status, problem = submit(client, form_id, **wrong)

    assert (status, [each["field"] for each in problem["errors"]]) == (400, list(wrong))
    assert holding(declared, "berglund") == []


def test_a_hosted_page_sends_people_to_their_mailbox_and_speaks_their_language(api, client, world, box, form_id):
    publish(api, "/pages", {**landing_page("Briefe", "briefe", form_id), "language": "de"})

    browser = Browser(client)
    status, text = browser.send("/p/briefe", **ADA)
    world.settle()
    [path] = box.paths

    assert (status, faults(text, browser.headers)) == (200, [])
    assert "Bitte sehen Sie in Ihr Postfach" in text
    assert 'lang="de"' in box.open(path)
    assert "Was Sie uns mit unserem Formular gesendet haben" in box.open(path)
    assert "Vielen Dank" in box.press(path)[0]


# Where it leads -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("DOI-10")
@pytest.mark.parametrize("kind", ["page", "address"])
def test_a_confirmation_leads_to_the_page_or_the_allowed_address_of_its_form(client, api, world, box, guarded, kind):
    shop = "https://shop.example/thanks"
    other = publish(api, "/forms", document())
    page_id = publish(api, "/pages", landing_page("Thanks", "thanks", other))
    allowed = {"enabled": False, "subscriptions_email_id": None, "consent_email_id": None, "allowed_addresses": [shop]}
    set_up(api, **allowed)
    more = {"thank_you_page_id": page_id} if kind == "page" else {"thank_you_address": shop}
    form_id = publish(api, "/forms", document(**guarded, **more))

    submit(client, form_id)
    world.settle()
    [path] = box.paths
    _, headers = box.press(path, 303)

    assert headers["Location"] == ("https://itinera.example/p/thanks" if kind == "page" else shop)
    api.call("PUT", "/settings/double-opt-in", {}, If_Match='"1"')
    again, _ = box.press(path, 303 if kind == "page" else 200)
    assert ("Thank you" in again) is (kind == "address")


@pytest.mark.rule("DOI-7", "DOI-8", "DOI-10")
def test_a_form_does_not_go_live_that_could_not_be_confirmed(api, guarded):
    plain = publish(api, "/emails", {**FORM_EMAIL, "content_type": "default", "subject": "S", "html": "<p>x</p>"})
    no_address = document(**guarded)
    no_address["fields"] = [{**each, "required": False} for each in no_address["fields"]]

    def refused(form):
        made = api.post("/forms", {"name": "n", "document": form})
        _, problem, _ = api.call("POST", f"/forms/{made['id']}/publish", If_Match='"1"')
        return sorted(each["field"] for each in problem["errors"])

    assert refused(document(**{**guarded, "confirmation_email_id": None})) == ["confirmation_email_id"]
    assert refused(document(**{**guarded, "confirmation_email_id": plain})) == ["confirmation_email_id"]
    assert refused(no_address) == ["fields"]
    assert refused(document(**guarded, thank_you_address="https://evil.example")) == ["thank_you_address"]
    assert refused(document(**guarded, thank_you_page_id="none")) == ["page:none"]
