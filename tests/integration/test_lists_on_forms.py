"""Subscription lists on forms: who ticks a box joins, nobody is taken off, and the words are kept."""

import json
from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import pending
from chalicelib.clock import now
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import service
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.interactions import service as log
from infra.local.demo.company import newsletter_form
from tests.integration.test_capture import Browser, publish
from tests.support.accessible import Page, faults
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.consents import changes
from tests.support.merged import merge

WORDS = "Yes, write to me about lamps"
ADA = {"first_name": "Ada", "last_name": "Berglund", "email": "ada@example.com"}


@pytest.fixture
def client(world):
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def lists(api):
    return [api.post("/subscription-lists", {"name": name})["id"] for name in ("News", "Lamps", "Events")]


def element(list_id, text=WORDS, **more):
    return {"kind": "subscription_list", "list_id": list_id, "text": text, **more}


def document(*elements, **more):
    form = newsletter_form()
    return {**form, "elements": [*form["elements"], *elements], **more}


def submit(client, form_id, **values):
    body = json.dumps({"values": {**ADA, **values}}).encode()
    sent = {"Content-Type": "application/json"}
    answer = client.http.request("POST", f"/forms/{form_id}/submissions", headers=sent, body=body)
    return answer.status_code, json.loads(answer.body)


def ada():
    [found] = contacts.by_email("ada@example.com")
    return found.contact_id


def on(contact_id):
    return {each.list_id for each in service.of_person(contacts.who_is(contact_id)) if each.on}


def move(contact_id, list_id, wanted):
    said = Evidence(who="user:u", source="test", method="test", reason="asked")
    service.change_by_user(contact_id, list_id, wanted, said, f"{list_id}-{wanted}", now())


@pytest.mark.rule("SUB-6", "SBL-2")
def test_a_ticked_list_is_joined_and_the_words_are_kept_with_it(client, api, lists):
    news, lamps, _ = lists
    form_id = publish(api, "/forms", document(element(news), element(lamps)))

    status, answer = submit(client, form_id, subscription_list=[lamps])

    assert status == 201
    assert on(ada()) == {lamps}
    [change] = changes(ada())
    assert (change.list_id, change.wording, change.method) == (lamps, WORDS, "checkbox")
    assert (change.who, change.source) == (f"contact:{ada()}", f"form:{form_id}")
    [joined] = log.of_contact(ada(), "SegmentSubscribed")
    assert (joined.attributes["form_id"], joined.attributes["list_id"]) == (form_id, lamps)
    assert pending.find(answer["submission_id"]).state == "success"


@pytest.mark.rule("SUB-6", "SBL-2")
def test_a_list_that_is_not_ticked_stays_as_it_is(client, api, lists):
    form_id = publish(api, "/forms", document(*(element(each) for each in lists)))
    submit(client, form_id, subscription_list=lists[:2])

    submit(client, form_id, subscription_list=lists[2])
    submit(client, form_id)

    assert on(ada()) == set(lists)
    assert log.of_contact(ada(), "SegmentUnsubscribed") == []
    assert len(log.of_contact(ada(), "SegmentSubscribed")) == 3


@pytest.mark.rule("SUB-6")
def test_a_hidden_list_is_joined_by_whoever_sends_the_form(client, api, lists):
    form_id = publish(api, "/forms", document(element(lists[0], "By sending this you join", hidden=True)))

    submit(client, form_id)

    [change] = changes(ada())
    assert (on(ada()), change.method, change.wording) == (
        {lists[0]},
        "hidden on the form",
        "By sending this you join",
    )


def test_a_hosted_page_shows_the_boxes_and_keeps_what_was_ticked_while_something_else_is_wrong(client, api, lists):
    browser = Browser(client)
    form_id = publish(api, "/forms", document(element(lists[0]), element(lists[1]), element(lists[2], hidden=True)))
    page = {
        "title": "Lamps",
        "partial_url": "lamps",
        "language": "en",
        "blocks": [{"kind": "form", "form_id": form_id}],
    }
    publish(api, "/pages", page)

    _, wrong = browser.send("/p/lamps", subscription_list=lists[1], email="none", last_name="Berg")
    seen = faults(wrong, browser.headers)
    boxes = [each.given for each in Page(wrong).root.all("input") if each.given.get("name") == "subscription_list"]
    status, _ = browser.send("/p/lamps", subscription_list=lists[1], **ADA)

    assert seen == []
    assert [(each["value"], "checked" in each) for each in boxes] == [(lists[0], False), (lists[1], True)]
    assert (status, on(ada())) == (200, {lists[1], lists[2]})


@pytest.mark.parametrize("sent", ["none", ["none"], [["x"]], {"a": 1}, 7, True])
def test_a_list_that_the_form_does_not_offer_is_refused(client, api, lists, sent):
    form_id = publish(api, "/forms", document(element(lists[0])))

    status, problem = submit(client, form_id, subscription_list=sent)

    assert status == 400, problem
    assert contacts.by_email("ada@example.com") == []


@pytest.mark.rule("SUB-6")
def test_a_submission_that_is_tried_again_puts_nobody_back_who_left_meanwhile(client, api, world, lists):
    choice = {"name": "job_title", "label": "Job", "type": "option_set", "contact_field": "job_title"}
    form = document(element(lists[0]), element(lists[1]))
    form["fields"] = [*form["fields"], {**choice, "options": [{"value": "a", "label": "A"}]}]
    form["elements"] = [*form["elements"], {"kind": "field", "name": "job_title"}]
    form_id = publish(api, "/forms", form)
    status, _ = submit(client, form_id, subscription_list=lists[:2], job_title="none of them")
    submit(client, form_id, subscription_list=lists[0])
    world.advance(timedelta(minutes=1))
    move(ada(), lists[0], State.UNSUBSCRIBED)

    [failed] = api.get("/submissions?state=failure")["items"]
    path = f"/submissions/{failed['id']}"
    api.change("PATCH", path, failed, {"values": {"job_title": "a"}})
    api.post(f"{path}/retry", {})
    world.settle()

    assert (status, api.get(path)["state"]) == (422, "success")
    assert on(ada()) == {lists[1]}


def test_a_person_of_several_contacts_joins_by_a_form_as_one(client, api, world, lists):
    form_id = publish(api, "/forms", document(element(lists[0])))
    submit(client, form_id)
    contacts.create("main", {"last_name": "Berg"}, now(), by="user:u")
    merge("main", ada(), now())

    submit(client, form_id, subscription_list=[lists[0]])

    assert on("main") == {lists[0]}
    assert [row.contact_id for row in log.of_contact("main", "SegmentSubscribed")] == ["main"]


def test_a_race_for_a_list_makes_one_membership(client, api, lists):
    form_id = publish(api, "/forms", document(element(lists[0])))
    submit(client, form_id)

    with before_the_next_write(lambda: move(ada(), lists[0], State.SUBSCRIBED)):
        status, _ = submit(client, form_id, subscription_list=[lists[0]])

    assert (status, on(ada())) == (201, {lists[0]})
    assert len(log.of_contact(ada(), "SegmentSubscribed")) == 1


# Going live ----------------------------------------------------------------------------------------------------------


def refused(api, form):
    made = api.post("/forms", {"name": "n", "document": form})
    status, problem, _ = api.call("POST", f"/forms/{made['id']}/publish", If_Match='"1"')
    assert status == 422, problem
    return sorted(each["field"] for each in problem["errors"])


@pytest.mark.rule("SUB-6", "FRM-3")
def test_a_form_does_not_go_live_with_lists_that_it_could_not_put_people_on(api, lists):
    wordless, nameless, twice = element(lists[0], ""), element(None), element(lists[0])
    six = [element(f"l{number}") for number in range(6)]

    assert refused(api, document(wordless)) == ["elements.6.text"]
    assert refused(api, document(nameless)) == ["elements.6.list_id"]
    assert refused(api, document(twice, twice)) == ["elements"]
    assert refused(api, document(*six))[0] == "elements"
    assert refused(api, document(element("none"))) == ["subscription-list:none"]


@pytest.mark.rule("SUB-6")
@pytest.mark.parametrize("update", ["leads", "none"])
def test_only_a_form_that_updates_contacts_carries_lists(api, lists, update):
    api.call("PUT", "/settings/landing-pages", {"allow_without_update": True}, If_Match='"0"')
    fields = [{**each, "lead_field": each["contact_field"]} for each in newsletter_form()["fields"]]

    assert "update" in refused(api, document(element(lists[0]), update=update, fields=fields, topic="Letters"))


def test_a_list_that_a_live_form_carries_cannot_be_stopped(api, lists):
    form_id = publish(api, "/forms", document(element(lists[0])))

    status, problem, _ = api.call("POST", f"/subscription-lists/{lists[0]}/stop", If_Match='"1"')

    assert (status, problem["errors"][0]["field"]) == (409, f"form:{form_id}")
