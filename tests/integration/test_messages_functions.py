"""The functions of mail, called with the payloads of events/, and what their use cases cost."""

import json
from pathlib import Path

import boto3
import pytest
from chalice.test import Client

from app import app
from chalicelib.clock import now
from chalicelib.dynamodb import commit
from chalicelib.interactions import service as log
from chalicelib.messages import plans, service, tracking
from chalicelib.messages.ledger import State
from chalicelib.settings import settings
from tests.integration.test_messages_sending import (  # noqa: F401  fixtures are used by name
    NOW,
    contact,
    office,
    published,
    queue,
    take_up,
)
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

EVENTS = Path(__file__).parents[2] / "events"
SEND = "kQm3vXo0c1bZp7yTnR4wLsAeUd"
CONTACT = "01KAT0000000000000000000AD"


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


def invoke(client, function, case):
    payload = json.loads((EVENTS / function / f"{case}.json").read_text())
    return client.lambda_.invoke(function, payload).payload


def queued():
    contact(CONTACT, "ada@contoso.example")
    commit(plans.queue_send(SEND, contact_id=CONTACT, email_id="e", content_settings_id="c", tile="welcome", now=now()))


def test_from_the_queue_to_the_recorded_bounce_with_every_message_delivered_twice(client, office):  # noqa: F811
    queued()

    for function, case in (
        ("send_messages", "queued"),
        ("send_messages", "due"),
        ("record_sends", "sent"),
        ("receive_email_events", "delivery"),
        ("receive_email_events", "bounce_in_sns_envelope"),
        ("receive_email_events", "complaint"),
    ):
        for _ in range(2):
            assert invoke(client, function, case) == {"batchItemFailures": []}

    assert service.find(SEND).state == State.SENT
    assert len(office.letters()) == 1
    for kind in ("EmailSent", "EmailDelivered", "EmailHardBounced", "EmailFeedbackLoop"):
        assert len(log.of_contact(CONTACT, kind)) == 1
    assert [row.reason for row in service.suppressions("ada@contoso.example")] == ["complaint"]


def test_the_router_tells_the_queues(client):
    invoke(client, "route_messages", "queued_and_sent")

    for name, fact in (("send", "send.queued"), ("sent", "send.settled"), ("count", "send.settled")):
        answer = boto3.client("sqs").receive_message(QueueUrl=settings.queue_url(name), WaitTimeSeconds=1)
        [message] = answer["Messages"]
        body = json.loads(message["Body"])
        assert (body["fact"], body["id"], body["journey"]) == (fact, SEND, "01KAT000000000000000000JRN")


def test_verdict_functions_take_what_they_do_not_know_calmly(client):
    assert invoke(client, "decide_verdicts", "click") == {"batchItemFailures": []}
    assert invoke(client, "confirm_verdicts", "form_submitted") == {"batchItemFailures": []}


def test_a_send_costs_at_most_eight_write_units(office):  # noqa: F811
    contact()
    queue()

    with metered() as usage:
        take_up()

    assert usage.write_units <= 8
    assert usage.failed_conditions == 0


def test_a_click_costs_at_most_two_write_units_and_three_with_its_verdict(client, office):  # noqa: F811
    contact()
    queue()
    take_up()
    from chalicelib.tokens import sign

    token = sign("link", "s1", "0")

    with metered() as usage:
        client.http.get(f"/t/{token}")
    [click] = log.of_contact("ada", "EmailClicked")
    with metered() as verdict:
        tracking.decide("ada", click.sk, NOW)

    assert usage.write_units <= 2
    assert usage.write_units + verdict.write_units <= 3


def test_a_send_row_stays_within_one_kilobyte(office):  # noqa: F811
    contact()
    queue()
    take_up()

    raw = service.find("s1").serialize()

    assert sum(len(name) + len(str(next(iter(value.values())))) for name, value in raw.items()) <= 1024
