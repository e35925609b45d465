"""What a form makes of a submission decides what can be scored (9.9)."""

import json

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import pending
from chalicelib.contacts import service as contacts
from chalicelib.interactions.models import Interaction
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.scoring import reading
from infra.local.demo.company import newsletter_form, placed
from tests.support.api import Caller
from tests.support.scoring import publish

ADA = {"first_name": "Ada", "last_name": "Berg", "email": "ada@example.com"}
SUBMITTED = {"id": "r", "points": 10, "conditions": [{"entity": "FormSubmitted", "frequency": "each"}]}


@pytest.fixture
def client(world):
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


def form(api, update, *, of_leads=False):
    fields = newsletter_form()["fields"]
    if of_leads:
        fields = [{**each, "lead_field": each["contact_field"]} for each in fields]
    document = {**newsletter_form(), "fields": fields, "elements": placed(fields, "Send"), "update": update}
    made = api.post("/forms", {"name": "n", "document": document})
    api.change("POST", f"/forms/{made['id']}/publish", made)
    return made["id"]


def submit(client, form_id, **values):
    sent = {"Content-Type": "application/json"}
    body = json.dumps({"values": {**ADA, **values}}).encode()
    answer = client.http.request("POST", f"/forms/{form_id}/submissions", headers=sent, body=body)
    return pending.find(json.loads(answer.body)["submission_id"])


def whose():
    """Return the contacts and leads of what was submitted."""
    return [(each.contact_id, each.lead_id) for each in Interaction.scan(Interaction.type == "FormSubmitted")]


def scores(lead_id):
    return {score.model_id: score.score for score in reading.scores_of(lead_id)}


@pytest.mark.rule("SCO-34", "SCO-2", "INT-7")
def test_a_form_that_makes_contacts_and_leads_makes_leads_that_are_scored(world, client, api):
    model = publish(SUBMITTED)

    made = submit(client, form(api, "contacts_and_leads"))
    world.settle()

    assert lead_reading.find(made.lead_id).contact_id == made.contact_id
    assert whose() == [(made.contact_id, made.lead_id)]
    assert scores(made.lead_id) == {model: 10}


@pytest.mark.rule("SCO-35", "SCO-4", "INT-7")
def test_a_lead_of_a_form_that_makes_only_leads_is_scored_when_it_gets_a_contact_without_that_submission(
    world, client, api
):
    """The interaction of that submission has no contact, so it stays out of every score."""
    model = publish(SUBMITTED)
    made = submit(client, form(api, "leads", of_leads=True))
    world.settle()
    assert lead_reading.find(made.lead_id).contact_id is None
    assert whose() == [(None, made.lead_id)]
    assert scores(made.lead_id) == {}

    contacts.create("c", {"last_name": "Berg"}, world.now, by="user:u")
    found = lead_reading.find(made.lead_id)
    leads.amend(made.lead_id, {"contact_id": "c"}, by="user:u", version=found.version, now=world.now)
    world.settle()

    assert scores(made.lead_id) == {model: 0}


@pytest.mark.rule("SCO-36", "INT-7")
def test_a_form_that_makes_only_contacts_scores_the_leads_that_its_contact_has_and_makes_none(world, client, api):
    model = publish(SUBMITTED)
    both, alone = form(api, "contacts_and_leads"), form(api, "contacts")
    first = submit(client, both)
    world.settle()

    again = submit(client, alone)
    nobody = submit(client, alone, email="eva@example.com", last_name="Lund")
    world.settle()

    assert again.contact_id == first.contact_id
    assert scores(first.lead_id) == {model: 20}
    assert (again.lead_id, nobody.lead_id) == (None, None)
    assert (nobody.contact_id, None) in whose()
    assert lead_reading.of_contact(nobody.contact_id) == []
