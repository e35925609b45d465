"""What people see of how far a score can be relied on, through routes, queue and jobs (SCO-26, SCO-28)."""

import json
from datetime import timedelta

import pytest
import time_machine
from chalice.test import Client

from app import app
from chalicelib import dynamodb
from chalicelib.definitions import carrying, jobs
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import Key, change, commit, update
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.observability import metrics
from chalicelib.scoring import failing, reading
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Evaluation
from tests.support.api import Caller
from tests.support.scoring import DAY, NOW, click, clicked, lead, person, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client, time_machine.travel(NOW, tick=False):
        yield Caller(client)


@pytest.fixture
def model():
    """A lead with a score of 30."""
    person()
    lead()
    model = publish(clicked(30, within="P5D"))
    click("1")
    rescore()
    return model


def status(api, model):
    """The status of the lead's score, which its own page and the model's list agree on."""
    [of_lead] = api.get("/leads/l/scores")["items"]
    [of_model] = api.get(f"/scoring-models/{model}/scores")["items"]
    assert of_lead == of_model
    assert of_lead["status_reason"].endswith(".")
    return of_lead["status"]


def deliver(now, *facts):
    records = [{"messageId": str(number), "body": json.dumps(fact)} for number, fact in enumerate(facts)]
    with Client(app) as client, time_machine.travel(now, tick=False):
        return client.lambda_.invoke("rescore_contacts", {"Records": records}).payload["batchItemFailures"]


@pytest.mark.rule("SCO-26", "SCO-28")
def test_a_score_is_up_to_date_until_time_changes_it(api, model):
    assert status(api, model) == "up_to_date"
    [score] = api.get("/leads/l/scores")["items"]
    assert score["checked_at"] == "2026-11-24T09:00:00Z"

    with time_machine.travel(NOW + 5 * DAY, tick=False):
        assert status(api, model) == "in_progress"
    with time_machine.travel(NOW + 5 * DAY + timedelta(hours=1), tick=False):
        assert status(api, model) == "error"


def running(model, number):
    """Let the job of a publication be as it is, as publishing would have made it."""
    job_id = f"{KIND}-{model}-{number}"
    commit(jobs.plan(job_id, JobWanted("rescore-all", delay=0), NOW))
    carrying.begin(job_id, NOW)
    return job_id


def settled(job_id, state):
    change(
        update(
            Key(jobs.Job, *jobs.Job.at(job_id)),
            jobs.Job.state.set(state),
            jobs.Job.ended_at.set(NOW),
            condition=jobs.Job.pk.exists(),
        )
    )


@pytest.mark.rule("SCO-26")
def test_a_score_of_an_older_version_follows_the_job_of_the_newer_one(api, model):
    publish(clicked(40), model_id=model)
    assert status(api, model) == "in_progress"
    job_id = running(model, 2)

    seen = {}
    for state in ("running", "set-aside", "done", "cancelled"):
        settled(job_id, state)
        seen[state] = status(api, model)

    assert seen == {"running": "in_progress", "set-aside": "error", "done": "in_progress", "cancelled": "obsolete"}
    rescore()
    assert status(api, model) == "up_to_date"


@pytest.mark.rule("SCO-26")
def test_a_score_of_a_stopped_model_is_obsolete(api, model):
    definitions.stop(KIND, model, version=definitions.get(KIND, model).version, by="user:u", now=NOW)

    assert status(api, model) == "obsolete"


def test_a_lead_that_moved_to_another_contact_waits_for_its_score(api, model):
    person("d")
    leads.amend("l", {"contact_id": "d"}, by="user:u", version=lead_reading.find("l").version, now=NOW)

    assert status(api, model) == "in_progress"


def broken(*_):
    raise KeyError("what a record holds")


@pytest.mark.rule("SCO-26")
def test_a_rescoring_that_fails_is_told_on_the_score_and_tried_again_by_the_agenda(api, model, monkeypatch):
    click("2")
    with monkeypatch.context() as patched:
        patched.setattr(reading, "person", broken)
        assert len(deliver(NOW, {"fact": "contact.changed", "contact": "c", "changed": ["account_id", "x"]})) == 0
        assert len(deliver(NOW, {"fact": "rebuild", "contact": "c"})) == 1

    assert status(api, model) == "error"
    [score] = api.get("/leads/l/scores")["items"]
    assert "KeyError" in score["status_reason"]
    assert "what a record holds" not in score["status_reason"]
    assert Evaluation.find(*Evaluation.at("c")).due == NOW + failing.PAUSE
    assert deliver(NOW + failing.PAUSE, {"fact": "due", "contact": "c"}) == []
    [score] = api.get("/leads/l/scores")["items"]
    assert (score["score"], score["status"]) == (60, "up_to_date")


def test_a_first_rescoring_that_fails_is_told_where_a_score_is_missing(api, monkeypatch):
    person()
    lead()
    model = publish(clicked(30))
    assert api.get("/leads/l/scores")["unscored"][0]["status"] == "in_progress"
    with monkeypatch.context() as patched:
        patched.setattr(reading, "facts", broken)
        assert len(deliver(NOW, {"fact": "lead.created", "contact": "c", "id": "l"})) == 1

    [unscored] = api.get("/leads/l/scores")["unscored"]

    assert (unscored["model_id"], unscored["status"]) == (model, "error")


def test_a_failure_is_not_noted_over_an_evaluation_that_was_quicker(api, model, monkeypatch):
    """The failing one read the record before the other one wrote it."""
    events, fired = dynamodb.writer().meta.events, []

    def quicker(model, **_):
        if model.name == "UpdateItem" and not fired:
            fired.append(model.name)
            with monkeypatch.context() as mended:
                mended.setattr(reading, "person", whole)
                rescore(NOW)

    whole = reading.person
    monkeypatch.setattr(reading, "person", broken)
    events.register("before-call.dynamodb.*", quicker)
    try:
        assert len(deliver(NOW, {"fact": "rebuild", "contact": "c"})) == 1
    finally:
        events.unregister("before-call.dynamodb.*", quicker)

    assert fired == ["UpdateItem"]
    assert status(api, model) == "up_to_date"


@pytest.mark.rule("SCO-28")
def test_how_late_the_scores_were_is_measured(model, monkeypatch):
    told = []
    monkeypatch.setattr(metrics, "add_metric", lambda **metric: told.append((metric["name"], metric["value"])))

    deliver(NOW, {"fact": "rebuild", "contact": "c", "at": "2026-11-24T08:59:30.000000Z"})

    assert told == [("ScoreLateness", 30.0)]


# The life of a model, and several of them --------------------------------------------------------------------------


@pytest.mark.rule("SCO-8", "RSC-9")
def test_what_is_live_is_read_only_whatever_becomes_of_its_draft(api):
    """Decision 30: a live model is edited as the draft of a next version, which changes nothing until it is live."""
    person()
    lead()
    click("1")
    document = {"sales_ready_score": 100, "rules": [clicked(30)]}
    model = api.post("/scoring-models", {"name": "Interest", "document": document})
    path = f"/scoring-models/{model['id']}"
    model = api.change("POST", f"{path}/publish", model)

    model = api.change("PUT", path, model, {"name": "Interest", "document": {**document, "rules": []}})
    rescore()

    assert (model["state"], model["live_version"]) == ("live-edited", 1)
    assert [score["score"] for score in api.get("/leads/l/scores")["items"]] == [30]
    assert [each["field"] for each in api.post(f"{path}/check")["problems"]] == ["/rules"]
    assert api.call("POST", f"{path}/publish", If_Match=f'"{model["version"]}"')[0] == 422
    assert api.call("DELETE", path, If_Match=f'"{model["version"]}"')[0] == 409
    assert api.get(f"{path}/text?version=1")["rules"] != api.get(f"{path}/text")["rules"] == []


@pytest.mark.rule("SCO-8")
def test_a_stopped_model_is_a_draft_that_can_be_edited_and_goes_live_again(api, model):
    path = f"/scoring-models/{model}"
    stopped = api.change("POST", f"{path}/stop", api.get(path))
    assert stopped["state"] == "draft"

    edited = api.change("PUT", path, stopped, {"name": "Interest", "document": stopped["document"]})
    live = api.change("POST", f"{path}/publish", edited)

    assert (live["state"], live["live_version"]) == ("live", 2)


@pytest.mark.rule("SCO-30", "SCO-27")
def test_a_lead_shows_a_score_for_each_model_and_none_of_all_together(api, model):
    other = publish(clicked(7))
    rescore()

    found = api.get("/leads/l/scores")

    assert {score["model_id"]: score["score"] for score in found["items"]} == {model: 30, other: 7}
    assert set(found) == {"items", "unscored"}
    assert not {name for name in api.get("/leads/l") if "score" in name.split("_")}
