"""What SBC-11 advises where contacts share an address: that they do not, or that one form opts all of them out."""

import json

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import pending
from chalicelib.clock import now
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.contacts import strategies
from chalicelib.messages import suppression
from infra.local.demo.company import newsletter_form
from tests.integration.test_capture import publish
from tests.integration.test_lists_on_forms import ADA, submit
from tests.support.api import Caller
from tests.support.consents import changes as consent_changes

ADDRESS = "ada@example.com"
OPT_OUT = {
    "fields": [{"name": "email", "label": "Email", "type": "email", "required": True, "max_length": 320}],
    "elements": [
        {"kind": "field", "name": "email"},
        {"kind": "do_not_bulk_email", "text": "Write to me no more"},
        {"kind": "submit", "text": "Send"},
    ],
    "update": "none",
}


@pytest.fixture
def client(world):
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


@pytest.fixture
def opted_out(client, api):
    """Somebody sends the form that opts out an address; returns its answer."""
    api.call("PUT", "/settings/landing-pages", {"allow_without_update": True}, If_Match='"0"')
    form_id = publish(api, "/forms", OPT_OUT)

    def send(**values):
        body = json.dumps({"values": values}).encode()
        headers = {"Content-Type": "application/json"}
        answer = client.http.post(f"/forms/{form_id}/submissions", headers=headers, body=body)
        return answer.status_code, json.loads(answer.body)

    return send


@pytest.fixture
def two(client, api):
    """Two contacts with one address, who are told apart by their names."""
    strategies.create("name", "contact", "By name", ["last_name"], now())
    strategies.built("contact", "name")
    form_id = publish(api, "/forms", {**newsletter_form(), "update": "contacts", "contact_strategy_id": "name"})
    for last_name in ("Berg", "Lund"):
        assert submit(client, form_id, last_name=last_name)[0] == 201
    found = [each.contact_id for each in contacts.by_email(ADDRESS)]
    assert len(found) == 2
    return found


@pytest.mark.rule("SBC-11")
def test_a_form_that_updates_nobody_opts_out_all_who_have_the_address(opted_out, two):
    status, answer = opted_out(email=" Ada@Example.COM ", do_not_bulk_email=True)

    assert status == 201
    assert [consent.preferences(each).bulk_email for each in two] == [False, False]
    [change] = consent_changes(two[1])
    assert (change.who, change.method, change.wording) == ("recipient", "checkbox", "Write to me no more")
    [row] = suppression.find(suppression.hash_of(ADDRESS))
    assert (row.scope, row.reason) == ("bulk", "unsubscribed")
    assert pending.find(answer["submission_id"]).contact_id is None


@pytest.mark.rule("SBC-11", "SUB-4")
def test_without_the_box_such_a_form_changes_nobody_and_with_it_nothing_but_bulk_mail(opted_out, two):
    before = [contacts.find(each).version for each in two]

    opted_out(email=ADDRESS)
    untouched = [consent.preferences(each).bulk_email for each in two]
    opted_out(email=ADDRESS, do_not_bulk_email=True)
    opted_out(email=ADDRESS, do_not_bulk_email=True)

    assert untouched == [True, True]
    assert [contacts.find(each).version for each in two] == before
    assert [len(consent_changes(each)) for each in two] == [1, 1]


def test_an_address_that_nobody_has_is_suppressed_all_the_same_and_what_is_none_is_told(opted_out):
    status, _ = opted_out(email="nobody@example.com", do_not_bulk_email=True)
    wrong, problem = opted_out(email="none", do_not_bulk_email=True)

    assert (status, len(suppression.find(suppression.hash_of("nobody@example.com")))) == (201, 1)
    assert (wrong, [each["field"] for each in problem["errors"]]) == (400, ["email"])


@pytest.mark.rule("SBC-11")
def test_by_default_no_second_contact_of_an_address_is_made(client, api):
    form_id = publish(api, "/forms", newsletter_form())
    submit(client, form_id)

    again, _ = submit(client, form_id, last_name="Lund")
    by_hand, problem, _ = api.call("POST", "/contacts", {"last_name": "Lund", "email": ADA["email"]})

    [only] = contacts.by_email(ADDRESS)
    assert (again, by_hand, problem["errors"][0]["message"]) == (201, 409, only.contact_id)
