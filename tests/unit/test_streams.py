"""Streams: facts go to the queues of their reactions, and no record holds up the others."""

import json
import logging
from datetime import UTC, datetime

import pytest
from botocore.client import BaseClient

from chalicelib import streams
from chalicelib.errors import Unavailable
from tests.support.events import change

AT = 1763974800
ITEM = {"pk": {"S": "CONTACT#c"}, "sk": {"S": "CONTACT"}, "name": {"S": "Åsa"}, "score": {"N": "7"}}


@pytest.fixture(autouse=True)
def reactions(monkeypatch):
    queues = {"x": ("rescore", "verdict")}
    monkeypatch.setattr(streams.routes, "queues_for", lambda fact: queues.get(fact["fact"], ()))
    monkeypatch.setattr(streams.routes, "delays", {"verdict": 10})


@pytest.fixture
def sqs(monkeypatch):
    """What SQS is sent, and how many entries of each next request it does not take."""

    class Queue:
        def __init__(self):
            self.requests, self.refusing = [], []

        def call(self, operation, asked):
            assert operation == "SendMessageBatch"
            self.requests.append(asked)
            refused = asked["Entries"][: self.refusing.pop(0)] if self.refusing else []
            return {"Failed": [{"Id": each["Id"]} for each in refused]}

        def bodies(self, name):
            return [
                json.loads(each["MessageBody"])
                for asked in self.requests
                if asked["QueueUrl"].endswith(f"-{name}")
                for each in asked["Entries"]
            ]

    queue = Queue()
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda _, *asked: queue.call(*asked))
    return queue


def fact(record):
    yield {"fact": "x", "id": record.new["pk"], "changed": record.changed}


def test_a_fact_goes_to_each_queue_of_its_reactions_with_the_time_of_the_stream(sqs):
    streams.route({"Records": [change(ITEM, None, AT)]}, fact)

    names = ["name", "pk", "score", "sk"]
    expected = {"fact": "x", "id": "CONTACT#c", "changed": names, "at": "2025-11-24T09:00:00.000000Z"}
    assert sqs.bodies("rescore") == sqs.bodies("verdict") == [expected]


def test_what_is_packed_in_bytes_holds_up_no_record(sqs):
    streams.route({"Records": [change({**ITEM, "packed": {"B": "eJwDAAAAAAE="}}, None, AT)]}, fact)

    [told] = sqs.bodies("rescore")
    assert told["changed"] == ["name", "pk", "score", "sk"]


def test_a_queue_with_a_delay_gets_its_messages_with_it(sqs):
    streams.route({"Records": [change(ITEM, None, AT)]}, fact)

    delays = {asked["QueueUrl"].rsplit("-", 1)[-1]: asked["Entries"][0]["DelaySeconds"] for asked in sqs.requests}
    assert delays == {"rescore": 0, "verdict": 10}


def test_only_names_of_changed_attributes_leave_the_table_never_values(sqs):
    streams.route({"Records": [change({**ITEM, "name": {"S": "Eva"}}, ITEM, AT)]}, fact)

    assert sqs.bodies("rescore")[0]["changed"] == ["name"]
    assert "Eva" not in json.dumps(sqs.requests)


@pytest.mark.parametrize("at", [AT, float(AT) + 0.25, datetime(2025, 11, 24, 9, tzinfo=UTC)])
def test_the_time_of_the_stream_is_read_in_every_form_that_it_comes_in(sqs, at):
    streams.route({"Records": [change(ITEM, None, at)]}, fact)

    assert sqs.bodies("rescore")[0]["at"].startswith("2025-11-24T09:00:00")


@pytest.mark.parametrize(
    "strange",
    [
        {},
        {"dynamodb": {}},
        change({"pk": {"S": "CONTACT#c"}, "n": {"N": "1." + "3" * 60}}, None, AT),
        change({"pk": {"?": "CONTACT#c"}}, None, AT),
        change({"sk": {"S": "no pk"}}, None, AT),
        change(None, ITEM, AT),
    ],
)
def test_a_record_that_is_not_understood_holds_up_no_other(sqs, strange):
    streams.route({"Records": [strange, change(ITEM, None, AT)]}, fact)

    assert len(sqs.bodies("rescore")) == 1


def test_a_fact_that_no_table_of_reactions_understands_holds_up_no_other(sqs, monkeypatch):
    monkeypatch.setattr(streams.routes, "queues_for", lambda fact: ("rescore",) if fact["verdict"] else ())

    streams.route({"Records": [change(ITEM, None, AT)]}, fact)

    assert sqs.requests == []


def test_what_is_in_a_record_that_is_not_understood_never_reaches_the_log(sqs, caplog):
    def refusing(record):
        raise ValueError(f"no use for {record.new['name']}")

    with caplog.at_level(logging.INFO):
        streams.route({"Records": [change(ITEM, None, AT)]}, refusing)

    assert "Åsa" not in caplog.text


def test_what_a_queue_did_not_take_is_sent_again_alone(sqs):
    sqs.refusing = [2]
    records = [change({**ITEM, "pk": {"S": f"CONTACT#{number}"}}, None, AT) for number in range(3)]

    streams.route({"Records": records}, fact)

    rescore = [asked for asked in sqs.requests if asked["QueueUrl"].endswith("-rescore")]
    assert [len(asked["Entries"]) for asked in rescore] == [3, 2]


def test_the_batch_comes_again_if_a_queue_does_not_take_a_message(sqs):
    sqs.refusing = [1, 1, 1]

    with pytest.raises(Unavailable):
        streams.route({"Records": [change(ITEM, None, AT)]}, fact)


def test_a_record_that_expired_can_be_told_from_one_that_was_deleted(sqs):
    seen = []
    expired = {**change(None, ITEM, AT), "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}

    streams.route({"Records": [expired, change(None, ITEM, AT)]}, lambda record: seen.append(record.expired) or ())

    assert seen == [True, False]
