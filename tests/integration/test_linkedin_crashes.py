"""Every call of the worker that takes a response or a withdrawal: whatever fails, it is done once and for good."""

import json
from collections import Counter

import pytest

from chalicelib.capture.linkedin.messages import noticed
from infra.local.linkedin_leads import ACCOUNT
from tests.support.faults import Faults, database, injected
from tests.support.linkedin import remembering


def message(connected, action):
    body = noticed(connected.id, "response-1", ACCOUNT, "SPONSORED", action)
    return {"Records": [{"messageId": "m", "body": json.dumps(body)}]}


def work(connected, action):
    return connected.world.invoke("sync_linkedin", message(connected, action))


def left(connected):
    """What is there, by kind of row."""
    rows = connected.world.rows().values()
    kinds = ("contact", "lead", "interaction", "linkedin_response", "linkedin_withdrawal", "consent_change")
    return Counter(row["kind"]["S"] for row in rows if row["kind"]["S"] in kinds)


def struck(connected, action, mode, at):
    """Let one call fail; the queue brings the message again, as it does where the worker died."""
    faults = Faults(mode, at)
    try:
        with injected(faults, *database()):
            work(connected, action)
    except BaseException:  # the worker died
        assert mode.startswith("dies")
    assert work(connected, action) == {"batchItemFailures": []}
    return faults


@pytest.mark.parametrize("mode", ["dies after", "answer lost"])
@pytest.mark.parametrize("at", range(1, 8))
def test_a_response_is_taken_once_whichever_call_fails(connected, monkeypatch, mode, at):
    remembering(monkeypatch)
    connected.send(1)

    faults = struck(connected, "CREATED", mode, at)

    assert faults.fired, faults.names
    assert left(connected) == {
        "contact": 1, "lead": 1, "interaction": 1, "linkedin_response": 1, "consent_change": 2
    }  # fmt: skip
    assert connected.status["counts"]["created"] == 1


@pytest.mark.parametrize("mode", ["dies after", "answer lost"])
@pytest.mark.parametrize("at", range(1, 7))
def test_a_withdrawal_is_done_once_whichever_call_fails(connected, monkeypatch, mode, at):
    remembering(monkeypatch)
    connected.send(1)
    work(connected, "CREATED")

    faults = struck(connected, "DELETED", mode, at)

    assert faults.fired, faults.names
    [lead] = connected.api.get("/leads")["items"]
    assert lead["linkedin_submissions"] == 0
    assert connected.status["counts"]["withdrawn"] == 1
    assert left(connected)["linkedin_withdrawal"] == 1
