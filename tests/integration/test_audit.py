"""Who changed what, when, from where: with each change that people make over the API, in its transaction."""

import json
from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib import dynamodb
from chalicelib.access import service as access
from chalicelib.audit.models import Audited
from chalicelib.clock import now
from chalicelib.contacts.models import Contact
from chalicelib.dynamodb import put_new, witnessed
from chalicelib.journeys import entry, raising, versions
from chalicelib.journeys.models import Enrolment, Standing
from chalicelib.operations import service as operations
from chalicelib.privacy.holdings import HOLDINGS
from chalicelib.settings import settings
from chalicelib.wiring.audited import RECORDS
from infra.local.demo.company import newsletter_form
from tests.support import journeys
from tests.support.api import Caller
from tests.support.between import before_the_next_write

pytestmark = pytest.mark.usefixtures("cloud")

NOT_EDITED = {
    *("AccountEvaluation", "Aliases", "Audited", "Awaited", "Belongs", "Bounces", "Burst", "ChangeRow", "Child"),
    *("Closing", "Count", "Counted", "Counts", "Dedup", "Deleted", "DeletedAccount", "DeletedLead", "Digest"),
    *("Disclosed", "Dropped", "Duplicate", "Evaluation", "Fact", "FormVersion", "Heir", "Inside", "Interaction"),
    *("Interval", "LastLive", "Late", "LeadMerge"),
    *("LiveRow", "Logged", "Member", "Membership", "Merge", "Milestone", "Month", "Move", "Notice", "OfLead", "Owner"),
    *("Page", "PageAddress", "Person", "PreviewedLead", "Qualified", "Refusal", "RowResult"),
    *("Score", "ScoreChange", "Search", "Send", "Slice", "StrategySet", "TestLead", "Tombstone", "UsedBy", "Version"),
    *("Visitor", "Wait", "Walk", "Withdrawal", "Confirmation", "Mailed", "Origin", "Pace", "WebPage", "WebPages"),
    *("PointChange", "PointRefusals", "ProfileSet", "EventAddress", "LeadOfEvent", "OfContact", "Seats", "Ward"),
}
"""Rows that follow from what people edit, or that nobody does; a membership of a segment is edited, one of an account
follows from the contact."""


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def ada(api):
    return api.post("/contacts", {"first_name": "Zenobia", "last_name": "Juhl", "email": "ada@contoso.example"})


def audit(api, query=""):
    return api.get(f"/audit{query}")["items"]


def test_every_kind_of_row_is_one_that_people_edit_or_one_that_nobody_does():
    every = {kind.kind for holding in HOLDINGS for kind in holding.kinds}

    assert set(RECORDS) <= every
    assert {each.__name__ for each in every - set(RECORDS)} == NOT_EDITED


@pytest.mark.rule("PRV-14")
def test_a_change_of_a_person_is_known_by_who_when_and_from_where_but_not_by_its_values(api, ada):
    api.change("PATCH", f"/contacts/{ada['id']}", ada, {"last_name": "Quistgaard", "city": "Aarhus"})

    changed, created = audit(api, f"?record=contact%23{ada['id']}")

    assert (changed["action"], changed["fields"], changed["values"]) == ("changed", ["city", "last_name"], None)
    assert (changed["who"], changed["route"]) == ("key:root", "PATCH /contacts/{contact_id}")
    assert changed["address"] == "127.0.0.1"
    assert (created["action"], "email" in created["fields"]) == ("created", True)
    stored = json.dumps([each.serialize() for each in Audited.scan()])
    assert not any(each in stored for each in ("Zenobia", "Quistgaard", "Juhl", "ada@contoso.example", "Aarhus"))


@pytest.mark.rule("PRV-14")
def test_changes_of_consent_can_be_looked_for_by_themselves(api, ada):
    api.change("PATCH", f"/contacts/{ada['id']}/preferences", {"version": 0}, {"bulk_email": False})

    [change] = audit(api, f"?record=preferences%23{ada['id']}")

    assert (change["action"], "bulk_email" in change["fields"], change["who"]) == ("created", True, "key:root")


@pytest.mark.rule("PRV-14")
def test_of_what_is_nobodys_it_is_known_what_it_was_and_is(api):
    form = api.post("/forms", {"name": "News", "document": newsletter_form()})
    shown = api.get(f"/forms/{form['id']}")
    document = {**shown["document"], "topic": "Boats"}
    api.change("PUT", f"/forms/{form['id']}", shown, {"name": "News", "document": document})

    [changed] = [each for each in audit(api, f"?record=form%23{form['id']}") if each["action"] == "changed"]

    assert changed["values"] == {"document.topic": ["Newsletter", "Boats"]}


@pytest.mark.rule("PRV-14")
def test_who_cancels_a_job_is_known(api):
    _, job, _ = api.call("POST", "/operations/resync")

    assert api.call("POST", f"/operations/jobs/{job['id']}/cancel")[0] in {200, 202}

    assert [each["action"] for each in audit(api, f"?record=job%23{job['id']}")] == ["changed", "created"]


@pytest.mark.rule("PRV-14")
def test_who_puts_an_enrolment_back_to_work_is_known_and_what_journeys_do_by_themselves_is_not(api):
    journeys.ready()
    journeys.publish("journey", "j", journeys.document({"r": journeys.ring()}))
    journeys.contact("c")
    entry.enter(versions.running("j"), "c", entry.Call(entry.FORM), journeys.NOW)
    stuck = [Enrolment.standing.set(Standing.SET_ASIDE.value), Enrolment.token.set("t")]
    Enrolment.find(*Enrolment.at("c.j.1")).update(actions=stuck)

    status, resumed, _ = api.call("POST", "/enrolments/c.j.1/resume")

    assert (status, resumed["standing"]) == (200, "active")
    [told] = audit(api, "?record=enrolment%23c.j.1")
    assert (told["action"], told["who"], "standing" in told["fields"]) == ("changed", "key:root", True)


@pytest.mark.rule("PRV-14")
def test_who_raises_a_trigger_for_whom_is_known_once_and_what_facts_raise_is_not(api, ada):
    journeys.publish("trigger", "shipped", {"attributes": [{"name": "order", "type": "text"}]})
    asked = {"contact_id": ada["id"], "attributes": {"order": "7-secret"}}
    before = len(audit(api))

    answers = [api.call("POST", "/triggers/shipped/raise", asked, Idempotency_Key="k") for _ in range(2)]
    raising.raise_business({"fact": "contact.created", "id": ada["id"], "contact": ada["id"]}, now())

    assert [status for status, _, _ in answers] == [202, 202]
    [told] = audit(api)[:-before]
    assert (told["record"], told["action"]) == (f"raised-trigger#{answers[0][1]['id']}", "created")
    assert told["values"] == {"contact_id": [None, ada["id"]], "trigger_id": [None, "shipped"]}
    assert (told["who"], "attributes.order" in told["fields"]) == ("key:root", True)


@pytest.mark.rule("PRV-14")
def test_who_gives_messages_back_to_their_queues_is_known_though_no_record_changes(api):
    asked = [api.call("POST", f"/operations/dead-letters/{domain}/redrive")[0] for domain in ("journeys", "nobody")]

    [told] = audit(api)
    assert asked == [200, 404]
    assert (told["record"], told["action"], told["fields"]) == ("dead-letters#journeys", "redriven", [])
    assert (told["who"], told["route"]) == ("key:root", "POST /operations/dead-letters/{domain}/redrive")
    assert told["address"] == "127.0.0.1"


def test_what_no_user_asks_for_is_told_of_nobody():
    operations.redrive("journeys")

    assert list(Audited.scan()) == []


@pytest.mark.rule("PRV-14")
def test_an_account_that_is_said_to_be_another_is_told_as_an_account(api):
    ids = [api.post("/accounts", {"name": "Kajak ApS", "website": "kajak.example"})["id"] for _ in range(2)]

    assert api.call("DELETE", f"/accounts/{ids[0]}/duplicates/{ids[1]}")[0] in {200, 204}

    records = {each["record"] for each in audit(api) if "duplicates" in each["route"]}
    assert records == {f"account#{each}" for each in ids}


@pytest.mark.rule("PRV-14")
def test_what_is_deleted_is_known_by_its_id(api, ada):
    api.change("DELETE", f"/contacts/{ada['id']}", ada)

    assert [each["action"] for each in audit(api, f"?record=contact%23{ada['id']}")] == ["deleted", "created"]


def test_what_was_refused_has_changed_nothing_and_is_not_told(api, ada):
    before = len(audit(api))

    assert api.call("PATCH", f"/contacts/{ada['id']}", {"city": "X"}, If_Match='"9"')[0] == 412
    assert api.call("PATCH", f"/contacts/{ada['id']}", {"email": "no"}, If_Match='"1"')[0] == 400
    assert api.change("PATCH", f"/contacts/{ada['id']}/preferences", api.get(f"/contacts/{ada['id']}/preferences"), {})

    assert len(audit(api)) == before


def test_a_change_that_another_one_overtook_is_told_once(api, ada):
    path = f"/contacts/{ada['id']}"

    with before_the_next_write(lambda: api.change("PATCH", path, ada, {"city": "Odense"})):
        status = api.call("PATCH", path, {"city": "Aarhus"}, If_Match='"1"')[0]

    assert status in {409, 412}
    changes = [each for each in audit(api, f"?record=contact%23{ada['id']}") if each["action"] == "changed"]
    assert len(changes) == 1


def test_looking_and_what_the_public_sends_is_no_editing(api, ada):
    form = api.post("/forms", {"name": "News", "document": newsletter_form()})
    api.change("POST", f"/forms/{form['id']}/publish", form)
    before = len(audit(api))

    status, _, _ = api.call(
        "POST", f"/forms/{form['id']}/submissions", {"values": {"last_name": "Dahl", "email": "d@contoso.example"}}
    )
    api.get(f"/contacts/{ada['id']}")

    assert status == 201
    assert len(audit(api)) == before


@pytest.mark.rule("PRV-14")
def test_only_who_may_read_the_audit_reads_it_by_record_by_person_and_page_by_page(api, ada):
    api.post("/accounts", {"name": "Kajak ApS"})
    _, reader = access.create_key("reader", "reader", ["audit:read"], ["*"], now())
    _, marketer = access.create_key("marketer", "m", ["contacts:write", "contacts:read"], ["*"], now())

    with Client(app) as client:
        answers = [
            client.http.get("/audit?who=key:root&limit=1", headers={"Authorization": f"Bearer {key}"}).status_code
            for key in (reader, marketer)
        ]

    assert answers == [200, 403]
    first = api.get("/audit?who=key:root&limit=1")
    second = api.get(f"/audit?who=key:root&limit=1&cursor={first['next_cursor']}")
    assert [each["record"].partition("#")[0] for each in (*first["items"], *second["items"])] == ["account", "contact"]
    assert api.call("GET", "/audit?who=key:root&record=contact%23c")[0] == 400
    assert audit(api, "?who=user:nobody") == []


@pytest.mark.rule("PRV-14")
def test_it_is_known_for_as_long_as_the_setting_says(api, ada):
    [row] = [each for each in Audited.scan() if isinstance(each, Audited)]

    assert row.expires - row.created_at < timedelta(days=int(settings.audit_days), seconds=2)
    assert row.expires - row.created_at > timedelta(days=int(settings.audit_days), seconds=-2)


def test_what_a_full_transaction_has_no_room_for_is_written_right_after_it():
    def contact(number):
        return Contact(*Contact.at(f"c{number}"), contact_id=f"c{number}", created_at=now(), updated_at=now())

    with witnessed(lambda writes: [put_new(contact(f"{len(writes)}-{number}")) for number in range(2)]):
        dynamodb.commit([put_new(contact(number)) for number in range(100)])
        dynamodb.commit([put_new(contact(number)) for number in range(200, 299)])

    assert len(list(Contact.scan())) == 100 + 2 + 99 + 2
