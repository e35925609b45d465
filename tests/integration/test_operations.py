"""What an administrator watches and mends."""

import json

import boto3
import pytest
from chalice.test import Client

from app import app
from chalicelib.access import service as access
from chalicelib.clock import now
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import DefinitionsItem
from chalicelib.dynamodb import commit
from chalicelib.settings import settings

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def call():
    _, key = access.create_key("root", "root", ["*"], ["*"], now())

    def send(method, path):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        with Client(app) as client:
            answer = client.http.request(method, path, headers=headers, body=b"{}")
        return answer.status_code, json.loads(answer.body)

    return send


def test_anyone_may_ask_whether_the_api_answers(call):
    assert call("GET", "/health") == (200, {"status": "up"})


def test_health_tells_how_overdue_work_is(call):
    commit(jobs.plan("late", JobWanted("resync", delay=-3600), now()))

    status, health = call("GET", "/operations/health")

    late = {each["work"]: each["seconds_overdue"] for each in health["overdue"]}
    assert status == 200
    assert health["healthy"] is False
    assert late["job"] >= 3600
    assert late["enrolment"] == 0


def test_a_resync_is_a_job_that_waits_on_the_agenda(call):
    status, started = call("POST", "/operations/resync")

    assert status == 202
    assert jobs.get(started["job_id"]).work == "resync"
    assert any(list(DefinitionsItem.by_due.query(f"job#{number}")) for number in range(16))


def test_dead_letters_go_back_to_the_queue_they_came_from(call):
    queues = boto3.client("sqs")
    dead, wake = settings.queue_url("journeys-dead"), settings.queue_url("wake")
    arn = queues.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})
    queues.set_queue_attributes(QueueUrl=wake, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    queues.send_message(QueueUrl=wake, MessageBody='{"fact": "due"}')
    for _ in range(3):
        queues.receive_message(QueueUrl=wake, VisibilityTimeout=0)
    _, before = call("GET", "/operations/health")

    status, moved = call("POST", "/operations/dead-letters/journeys/redrive")

    assert before["dead_letters"]["journeys"] == 1
    assert (status, moved) == (200, {"moved": 1})
    queues.set_queue_attributes(QueueUrl=wake, Attributes={"RedrivePolicy": "", "VisibilityTimeout": "180"})


def test_an_unknown_domain_has_no_dead_letters(call):
    status, problem = call("POST", "/operations/dead-letters/weather/redrive")

    assert status == 404
    assert "journeys" in problem["detail"]
