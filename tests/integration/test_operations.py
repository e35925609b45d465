"""Operations: what waits and for how long, what was set aside and how it goes back, doing everything once more."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
import time_machine
from chalice.test import Client

from app import app
from chalicelib import queues
from chalicelib.access import service as access
from chalicelib.agenda import agendas
from chalicelib.clock import now
from chalicelib.contacts import service as contacts
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import commit
from chalicelib.operations import service
from chalicelib.settings import settings
from tests.support.api import Caller
from tests.support.declared import load

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def sqs():
    return boto3.client("sqs")


def set_aside(sqs, queue, dead, messages):
    """Let a queue give messages up, as it does after too many tries."""
    arn = sqs.get_queue_attributes(QueueUrl=settings.queue_url(dead), AttributeNames=["QueueArn"])["Attributes"]
    url = settings.queue_url(queue)
    rules = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": "1"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(rules)})
    queues.send(queue, messages)
    for _ in range(2 * len(messages) + 2):
        sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})


def bodies(sqs, queue):
    found = []
    while received := sqs.receive_message(
        QueueUrl=settings.queue_url(queue), MaxNumberOfMessages=10, VisibilityTimeout=60
    ).get("Messages"):
        found += [json.loads(each["Body"]) for each in received]
    return found


def by_name(listed):
    return {each["name"]: each["waiting"] for each in listed}


def test_anybody_may_ask_whether_it_is_up(api):
    with Client(app) as client:
        answer = client.http.get("/health")

    assert (answer.status_code, answer.json_body) == (200, {"status": "up"})


def test_health_tells_how_late_each_kind_of_due_work_is(api):
    commit(jobs.plan("late", JobWanted("resync", delay=0), NOW - timedelta(minutes=7)))
    commit(jobs.plan("later", JobWanted("resync", delay=0), NOW - timedelta(minutes=1)))

    with time_machine.travel(NOW, tick=False):
        found = {each["work"]: each for each in api.get("/operations/health")["due_work"]}

    assert set(found) == {agenda.work for agenda in agendas}
    assert found["job"]["overdue_seconds"] == 7 * 60
    assert found["membership"] == {
        "work": "membership",
        "queue": "membership",
        "oldest_due": None,
        "overdue_seconds": 0.0,
    }


def test_what_is_due_later_is_not_late(api):
    commit(jobs.plan("soon", JobWanted("resync", delay=60), NOW))

    with time_machine.travel(NOW, tick=False):
        found = {each["work"]: each for each in api.get("/operations/health")["due_work"]}

    assert found["job"]["overdue_seconds"] == 0
    assert found["job"]["oldest_due"] is not None


def test_health_tells_how_much_waits_and_what_was_set_aside(api, sqs):
    queues.send("membership", [{"number": number} for number in range(12)])
    set_aside(sqs, "rescore", "scoring-dead", [{"number": 1}])

    health = api.get("/operations/health")

    assert by_name(health["queues"])["membership"] == 12
    assert by_name(health["queues"])["wake"] == 0
    assert by_name(health["dead_letters"])["scoring"] == 1


def test_operations_know_every_queue_that_infra_declares():
    declared = set(load(settings.prefix, {}).queues)

    assert set(service.QUEUES) | {f"{domain}-dead" for domain in service.SETTING_ASIDE} == declared


def test_what_was_set_aside_is_shown_without_its_content_and_stays(api, sqs):
    set_aside(sqs, "rescore", "scoring-dead", [{"fact": "secret-body", "number": number} for number in range(3)])

    for _ in range(2):
        shown = api.get("/operations/dead-letters/scoring")

        assert shown["waiting"] == 3
        assert {each["source"] for each in shown["items"]} == {"rescore"}
        assert len({each["id"] for each in shown["items"]}) == 3
        assert set(shown["items"][0]) == {"id", "source", "sent_at", "receives"}
        assert "secret-body" not in json.dumps(shown)


def test_what_was_set_aside_goes_back_to_the_queues_it_came_from(api, sqs):
    set_aside(sqs, "wake", "journeys-dead", [{"number": number} for number in range(13)])
    set_aside(sqs, "enrol", "journeys-dead", [{"number": 99}])

    answer = api.post("/operations/dead-letters/journeys/redrive")

    assert answer == {"moved": 14, "stayed": 0}
    assert sorted(each["number"] for each in bodies(sqs, "wake")) == list(range(13))
    assert bodies(sqs, "enrol") == [{"number": 99}]
    assert bodies(sqs, "journeys-dead") == []
    assert api.post("/operations/dead-letters/journeys/redrive") == {"moved": 0, "stayed": 0}


def test_a_hundred_at_most_go_back_at_once(api, sqs):
    set_aside(sqs, "count", "insights-dead", [{"number": number} for number in range(104)])

    assert api.post("/operations/dead-letters/insights/redrive") == {"moved": 100, "stayed": 0}
    assert api.post("/operations/dead-letters/insights/redrive") == {"moved": 4, "stayed": 0}


def test_what_came_from_a_stream_stays(api, sqs):
    sqs.send_message(QueueUrl=settings.queue_url("contacts-dead"), MessageBody=json.dumps({"DDBStreamBatchInfo": {}}))

    assert api.get("/operations/dead-letters/contacts")["items"][0]["source"] is None
    assert api.post("/operations/dead-letters/contacts/redrive") == {"moved": 0, "stayed": 1}
    assert api.get("/operations/health")["dead_letters"]


def test_nothing_is_deleted_that_its_queue_did_not_take(sqs, monkeypatch):
    set_aside(sqs, "wake", "journeys-dead", [{"number": 1}])
    receive = queues._receive

    def refusing(*_):
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(queues, "_send", refusing)
        patched.setattr(queues, "_receive", lambda dead, _, most: receive(dead, 0, most))  # seen again at once
        with pytest.raises(ConnectionError):
            service.redrive("journeys")

    assert service.redrive("journeys") == (1, 0)
    assert bodies(sqs, "wake") == [{"number": 1}]


@pytest.mark.parametrize("domain", ["nobody", "../scoring", "scoring-dead", "a" * 300])
def test_dead_letters_of_nobody_are_not_found(api, domain):
    assert api.call("GET", f"/operations/dead-letters/{domain.replace('/', '%2F')}")[0] == 404
    assert api.call("POST", f"/operations/dead-letters/{domain.replace('/', '%2F')}/redrive")[0] == 404


def test_a_resync_has_every_reaction_look_at_every_contact(world, api):
    people = {contacts.create(f"c{number}", {"last_name": "Juhl"}, now(), by="u").contact_id for number in range(40)}
    world.settle()
    before = len(world.recorded)

    first, again = (api.call("POST", "/operations/resync", Idempotency_Key="once") for _ in range(2))
    world.settle()

    assert (first[0], again[0], first[1]["id"]) == (202, 202, again[1]["id"])
    assert api.get(f"/operations/jobs/{first[1]['id']}")["state"] == "done"
    for function in ("rescore_contacts", "evaluate_membership", "wake_enrolments"):
        told = [
            json.loads(record["body"])["contact"]
            for each in world.recorded[before:]
            if each.function == function
            for record in each.event["Records"]
        ]
        assert sorted(told) == sorted(people)


def test_a_recount_is_started_by_hand_for_everybody_or_for_a_seventh(world, api):
    asked = [({}, "all"), ({}, "all"), ({"part": 3}, "part"), ({"part": 7}, "wrong")]
    answers = [api.call("POST", "/operations/recount", body, Idempotency_Key=key) for body, key in asked]
    (status, all_of_them, _), (_, again, _), (_, part, _), (refused, _, _) = answers

    assert (status, refused) == (202, 400)
    assert again["id"] == all_of_them["id"]
    assert (all_of_them["arguments"], part["arguments"]) == ({}, {"part": 3})
    world.settle()
    for job in (all_of_them, part):
        found = api.get(f"/operations/jobs/{job['id']}")
        assert (found["work"], found["state"], found["slices_finished"]) == ("recount-scores", "done", 16)
        assert found["created_at"] <= found["began_at"] <= found["worked_at"] <= found["ended_at"]


def test_operations_need_their_scope():
    _, text = access.create_key("k", "k", ["operations:read"], ["*"], now())
    with Client(app) as client:
        headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/json"}
        read = client.http.get("/operations/health", headers=headers)
        write = client.http.post("/operations/resync", headers=headers, body=b"{}")

    assert (read.status_code, write.status_code) == (200, 403)
