"""The functions themselves, with the events that `make invoke` replays."""

import json
from pathlib import Path

import boto3
import pytest
from chalice.test import Client

from app import app
from chalicelib.journeys import entry, service, versions
from chalicelib.settings import settings
from tests.support.journeys import NOW, contact, document, publish, ready, ring

pytestmark = pytest.mark.usefixtures("cloud")

EVENTS = Path(__file__).parents[2] / "events"
CONTACT, JOURNEY = "01KAV8G5Q3ZT0C4N7A1C7000C1", "01KAV8G5Q3J0VRNEY000000001"
ID = f"{CONTACT}.{JOURNEY}.1"


def invoke(function, case):
    event = json.loads((EVENTS / function / f"{case}.json").read_text())
    with Client(app) as client:
        return client.lambda_.invoke(function, event).payload


def waiting(queue):
    answer = boto3.client("sqs").receive_message(QueueUrl=settings.queue_url(queue), MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def journey(**more):
    ready()
    publish("journey", JOURNEY, document({"r": ring()}, **more))
    contact(CONTACT)


def test_a_submitted_form_enrols_and_a_second_delivery_changes_nothing():
    journey(audience={"forms": ["01KAV8F0RM0000000000000001"]})

    for _ in range(2):
        assert invoke("enrol_contacts", "submitted") == {"batchItemFailures": []}

    assert service.find(ID).standing == "active"


def test_a_new_contact_raises_the_business_trigger_that_a_journey_starts_by():
    journey(audience={"trigger": {"trigger": "contact-created"}})

    for _ in range(2):
        assert invoke("raise_business_triggers", "contact_created") == {"batchItemFailures": []}
    invoke("enrol_contacts", "raised")

    assert not list(entry.Raised.query("RAISED#Zk3"))


def test_the_router_tells_the_queues_of_a_new_enrolment():
    invoke("route_journeys", "enrolled")

    assert [fact["id"] for fact in waiting("wake")] == [ID]
    assert waiting("count") == []  # the first burst is counted


def test_the_tasks_of_the_machine_walk_a_contact_to_its_end():
    journey()
    entry.enter(versions.running(JOURNEY), CONTACT, entry.Call(entry.FORM), NOW)
    with Client(app) as client:
        task = {"enrolment": ID, "at_tile": None, "token": "t"}
        claimed = client.lambda_.invoke("claim_enrolment", task).payload
        done = client.lambda_.invoke("perform_tile", claimed).payload

    assert (claimed["next"], done["next"]) == ("raise_trigger", "done")
    assert service.find(ID).standing == "finished"


@pytest.mark.parametrize(
    ("function", "case"),
    [
        ("claim_enrolment", "by_time"),
        ("claim_enrolment", "by_a_fact"),
        ("rest_enrolment", "waits_for_a_fact"),
        ("set_aside_enrolment", "failed"),
    ],
)
def test_a_task_about_an_enrolment_that_is_gone_ends_quietly(function, case):
    ready()

    assert invoke(function, case)["next"] == "done"


def test_the_poller_hands_what_is_due_to_its_queue():
    journey()
    entry.enter(versions.running(JOURNEY), CONTACT, entry.Call(entry.FORM), NOW)
    from time_machine import travel

    with travel(NOW.replace(hour=10), tick=False):
        invoke("poll_due", "minute")

    assert waiting("wake") == [{"fact": "due", "enrolment": ID}]


def test_a_wake_that_concerns_nobody_starts_nothing():
    ready()

    assert invoke("wake_enrolments", "opened") == {"batchItemFailures": []}
