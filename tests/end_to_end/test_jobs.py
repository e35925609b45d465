"""Bulk jobs where they are deployed: doing everything once more, and taking matching strategies into use."""

from dataclasses import dataclass

import pytest

from infra.local.demo.company import equals, field, newsletter_form, placed, readers
from tests.support.deployed import eventually, settle, submit, submitted

READERS = 5
OWNER = "resync-tests-owner"
SLICES = 16
PHONE = "+4512345678"
AS_OTHERS_WRITE_IT = "+45 12 34 56 78"


def ended(client, job_id):
    """Return the job when it has ended or was set aside."""
    return eventually(
        f"the end of job {job_id}",
        lambda: client.get(f"/operations/jobs/{job_id}"),
        lambda job: job["state"] not in {"waiting", "running"},
    )


# Doing everything once more ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Company:
    """The ids of what is live; small, and without letters, which would take their time."""

    form: str
    segment: str
    journey: str


def founded(client):
    form = client.publish("/forms", "Resync", newsletter_form())
    client.publish("/scoring-models", "Resync", scoring(form))
    segment = client.publish("/segments", "Resync", readers(form))
    return Company(form, segment, client.publish("/journeys", "Resync", walk(segment)))


def scoring(form):
    """Ten points for the form."""
    submitted = [{"entity": "FormSubmitted", "where": [equals("form_id", form)]}]
    return {
        "name": "Resync",
        "sales_ready_score": 100,
        "grades": [{"name": "Cold", "max": 39}, {"name": "Warm", "min": 40}],
        "rules": [{"id": "submitted", "name": "Submitted the form", "points": 10, "conditions": submitted}],
    }


def walk(segment):
    """A task, and a wait that outlasts the test."""
    return {
        "audience": {"segments": {"items": [{"segment": segment}]}},
        "owner": OWNER,
        "first": "hello",
        "tiles": {
            "hello": {"kind": "task", "subject": "Say hello", "due_in": "P2D", "next": "pause"},
            "pause": {"kind": "wait_for", "duration": "P1D", "next": None},
        },
    }


def scores_of(client, lead):
    """Return a lead's scores without when the facts were last looked at, which is what a resync does."""
    found = client.get(f"/leads/{lead['id']}/scores")["items"]
    return [{name: value for name, value in score.items() if name != "checked_at"} for score in found]


def known(client, company):
    """Everything that a resync could count, score, make or move once too often, as anybody may read it."""
    leads = sorted(client.every("/leads"), key=lambda lead: lead["id"])
    enrolments = client.every("/enrolments", journey_id=company.journey)
    return {
        "leads": leads,
        "scores": [scores_of(client, lead) for lead in leads],
        "enrolments": sorted((client.get(f"/enrolments/{each['id']}") for each in enrolments), key=lambda e: e["id"]),
        "members": sorted(each["contact_id"] for each in client.every(f"/segments/{company.segment}/members")),
        "tasks": sorted(client.every("/activities", owner_id=OWNER), key=lambda task: task["id"]),
        "journey": client.get(f"/journeys/{company.journey}/figures"),
        "form": client.get(f"/forms/{company.form}/figures"),
    }


def complete(seen):
    """Everybody has all that the company has for them, and was counted everywhere."""
    lists = [seen[name] for name in ("leads", "enrolments", "members", "tasks")]
    scores = [[score["score"] for score in scores] for scores in seen["scores"]]
    tiles, form = seen["journey"]["tiles"], seen["form"]["figures"]
    counted = [tiles["hello"].get("processed"), tiles["pause"].get("entered"), form.get("FormSubmitted")]
    return [len(each) for each in lists] == [READERS] * 4 and scores == [[10]] * READERS and counted == [READERS] * 3


def test_a_resync_looks_at_everybody_again_and_changes_nothing(endpoints, client):
    company = founded(client)
    for number in range(READERS):
        values = {"last_name": f"Reader {number}", "email": f"resync{number}@example.com"}
        submit(endpoints, company.form, values, f"resync-{number}")
    eventually("everybody complete", lambda: known(client, company), complete, pause=1.0)
    settle(endpoints)
    before = known(client, company)
    assert complete(before)

    job = ended(client, client.call("POST", "/operations/resync")["id"])
    settle(endpoints)

    assert (job["state"], job["slices_finished"], job["reason"]) == ("done", SLICES, None)
    assert job["done"] == len(client.every("/contacts"))
    # A burst that was woken would rest again after a moment; then nothing is left that could still change something.
    for _ in range(2):
        eventually("what was known before", lambda: known(client, company), lambda after: after == before)
        settle(endpoints)


# Matching strategies -----------------------------------------------------------------------------------------------


def take_into_use(client, **strategy):
    """Take a strategy into use, and return its id with the job that let the existing records claim."""
    made = client.call("POST", "/matching-strategies", strategy)["items"]
    [mine] = [each for each in made if each["name"] == strategy["name"]]
    assert mine["state"] == "building"
    job = ended(client, f"strategy-{mine['id']}")
    [mine] = [
        each
        for each in client.get("/matching-strategies", target=strategy["target"])["items"]
        if each["id"] == mine["id"]
    ]
    assert mine["state"] == "live"
    return mine["id"], job


def form_of(**more):
    fields = [
        field("last_name", "Last name", required=True),
        field("email", "Email", "email", required=True),
        {**field("phone", "Phone", "phone"), "lead_field": "phone"},
    ]
    return {"fields": fields, "elements": placed(fields, "Send"), **more}


@pytest.mark.rule("MAT-1")
def test_a_second_strategy_of_contacts_is_built_by_its_job_and_then_matches_who_was_there_before(endpoints, client):
    older = client.call("POST", "/contacts", {"last_name": "Juhl", "phone": PHONE})["id"]
    newer = client.call("POST", "/contacts", {"last_name": "Juhl", "phone": AS_OTHERS_WRITE_IT})["id"]
    settle(endpoints)
    everybody = len(client.every("/contacts"))

    strategy, job = take_into_use(client, name="Phone", target="contact", attributes=["phone"])

    assert (job["state"], job["slices_finished"], job["reason"]) == ("done", SLICES, None)
    assert job["done"] == everybody
    [suggested] = client.get(f"/contacts/{older}/duplicates")["items"]
    assert suggested["contact_id"] == newer
    form = client.publish("/forms", "By phone", form_of(update="contacts", contact_strategy_id=strategy))
    values = {"last_name": "Juhl", "email": "juhl@example.com", "phone": PHONE}
    submission = submitted(endpoints, client, form, values, "by-phone")
    assert (submission["state"], submission["contact_id"]) == ("success", newer)
    assert len(client.every("/contacts")) == everybody


@pytest.mark.rule("MAT-1")
def test_a_second_strategy_of_leads_is_built_by_its_job_and_then_matches_open_leads(endpoints, client):
    made = client.call("POST", "/leads", {"last_name": "Holm", "topic": "Tents", "phone": PHONE})["id"]
    settle(endpoints)
    everybody = len(client.every("/leads"))

    strategy, job = take_into_use(client, name="Lead's phone", target="lead", attributes=["phone"])

    assert (job["state"], job["slices_finished"], job["reason"]) == ("done", SLICES, None)
    assert job["done"] == everybody
    form = client.publish("/forms", "Leads by phone", form_of(update="leads", lead_strategy_id=strategy))
    values = {"last_name": "Holm", "email": "holm@example.com", "phone": AS_OTHERS_WRITE_IT}
    submission = submitted(endpoints, client, form, values, "lead-by-phone")
    assert (submission["state"], submission["lead_id"]) == ("success", made)
    assert len(client.every("/leads")) == everybody
