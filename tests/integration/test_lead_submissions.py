"""A lead shows the submissions that made it or matched it, and they count for its score (MAT-10)."""

import json
from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import pending
from chalicelib.leads import reading as leads
from chalicelib.scoring import reading
from infra.local.demo.company import newsletter_form
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


def form(api, **more):
    made = api.post("/forms", {"name": "n", "document": {**newsletter_form(), **more}})
    api.change("POST", f"/forms/{made['id']}/publish", made)
    return made["id"]


@pytest.fixture
def submit(client, world):
    def submit(form_id, **values):
        world.advance(timedelta(minutes=1))
        sent = {"Content-Type": "application/json"}
        body = json.dumps({"values": {**ADA, **values}}).encode()
        answer = client.http.request("POST", f"/forms/{form_id}/submissions", headers=sent, body=body)
        return pending.find(json.loads(answer.body)["submission_id"])

    return submit


def shown(api, lead_id, query=""):
    return api.get(f"/leads/{lead_id}/submissions{query}")


def ids(listed):
    return [each["id"] for each in listed["items"]]


@pytest.mark.rule("MAT-10")
def test_a_matched_lead_gains_the_submission_in_its_history_and_scores_for_it(world, api, submit):
    model, letters = publish(SUBMITTED), form(api)
    first = submit(letters)
    world.settle()
    [before] = reading.scores_of(first.lead_id)

    second = submit(letters)  # says nothing new: nothing of the lead itself changes
    world.settle()

    [after] = reading.scores_of(first.lead_id)
    assert (second.lead_id, second.lead_result) == (first.lead_id, "matched")
    assert ids(shown(api, first.lead_id)) == [second.submission_id, first.submission_id]
    assert [each["lead_result"] for each in shown(api, first.lead_id)["items"]] == ["matched", "created"]
    assert (after.model_id, before.score, after.score) == (model, 10, 20)


def test_the_submissions_of_a_lead_come_page_by_page(api, submit):
    letters = form(api)
    sent = [submit(letters) for _ in range(3)]

    first = shown(api, sent[0].lead_id, "?limit=2")
    rest = shown(api, sent[0].lead_id, f"?limit=2&cursor={first['next_cursor']}")

    assert ids(first) + ids(rest) == [each.submission_id for each in reversed(sent)]
    assert rest["next_cursor"] is None


def test_a_lead_shows_no_submission_that_came_to_another_lead_or_to_none(api, submit):
    letters, contacts_only = form(api), form(api, update="contacts")

    mine, theirs, nobodys = submit(letters), submit(letters, email="eva@example.com"), submit(contacts_only)

    assert ids(shown(api, mine.lead_id)) == [mine.submission_id]
    assert ids(shown(api, theirs.lead_id)) == [theirs.submission_id]
    assert nobodys.lead_id is None


def test_a_lead_shows_the_submissions_of_what_was_merged_into_it(api, submit):
    again = form(api, generate_leads_without_matching=True)
    main, other = submit(again), submit(again)
    wish = {"other_id": other.lead_id, "why": "the same interest"}

    api.change("POST", f"/leads/{main.lead_id}/merges", {"version": leads.find(main.lead_id).version}, wish)

    assert ids(shown(api, main.lead_id)) == [other.submission_id, main.submission_id]
    assert ids(shown(api, other.lead_id)) == [other.submission_id]


def test_there_are_no_submissions_of_a_lead_that_is_not_there(api):
    status, problem, _ = api.call("GET", "/leads/nobody/submissions")

    assert (status, problem["detail"]) == (404, "There is no lead of this id.")


@pytest.mark.rule("LEAD-1")
@pytest.mark.parametrize(
    ("name", "kind", "value", "shown_as"),
    [
        ("job_title", "text", "x" * 150, "x" * 150),
        ("description", "text_area", "x" * 3000, "x" * 3000),
        ("employees", "whole_number", "-3", -3),
        ("budget_amount", "decimal", "-0.00001", "-0.00001"),
        ("budget_amount", "whole_number", "1200", "1200"),
    ],
)
def test_a_lead_shows_what_a_form_allowed_whatever_people_may_write_by_hand(api, submit, name, kind, value, shown_as):
    asked = {"name": name, "label": name, "type": kind, "lead_field": name, "max_length": 3000}
    fields = [*newsletter_form()["fields"], asked]
    elements = [*newsletter_form()["elements"], {"kind": "field", "name": name}]

    kept = submit(form(api, fields=fields, elements=elements), **{name: value})

    lead = api.get(f"/leads/{kept.lead_id}")
    assert lead[name] == shown_as
    assert api.get("/leads")["items"] == [lead]
    assert api.change("PATCH", f"/leads/{kept.lead_id}", lead, {"topic": "Kayaks"})[name] == shown_as
