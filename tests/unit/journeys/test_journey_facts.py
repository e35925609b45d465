"""What the journeys table's stream tells, and whom a lease outlives."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from chalicelib.journeys.facts import facts_of
from chalicelib.settings import Settings
from tests.support.asl import INFRA, ExecutionFailed, Machine

WHOSE = {"contact_id": "c", "journey_id": "j", "occurrence": "1"}
ACTIVE = {"kind": "enrolment", "standing": "active", **WHOSE}


@dataclass
class Record:
    old: dict | None
    new: dict | None


def told(old, new):
    return list(facts_of(Record(old, new)))


def test_a_new_enrolment_is_told_once():
    assert told(None, ACTIVE) == [{"fact": "enrolment.created", "id": "c.j.1", "contact": "c", "journey": "j"}]
    assert told(ACTIVE, {**ACTIVE, "token": "t"}) == []


@pytest.mark.rule("JRN-71")
def test_an_end_says_how():
    ended = {**ACTIVE, "standing": "stopped", "reason": "suppression_segment"}

    assert [fact["how"] for fact in told(ACTIVE, ended)] == ["stopped:suppression_segment"]
    assert [fact["how"] for fact in told(ACTIVE, {**ACTIVE, "standing": "finished"})] == ["finished"]
    assert told(ended, {**ended, "expires": 1}) == []


@pytest.mark.rule("JRN-71")
def test_a_refusal_counts_as_stopped_once_a_reason():
    refusal = {"kind": "refusal", "reason": "consent_below_minimum", **WHOSE}

    assert [fact["how"] for fact in told(None, refusal)] == ["stopped:consent_below_minimum"]
    assert told(refusal, {**refusal, "refused_at": "later"}) == []


def test_a_burst_and_a_raised_trigger_are_told_when_they_are_written():
    burst = {"kind": "burst", "sk": "ENROLMENT#j#1#HISTORY#000001", **WHOSE}
    raised = {"kind": "raised", "raised_id": "r", "trigger_id": "t", "contact_id": "c"}

    assert [fact["sk"] for fact in told(None, burst)] == ["ENROLMENT#j#1#HISTORY#000001"]
    assert told(None, raised) == [{"fact": "trigger.raised", "id": "r", "trigger": "t", "contact": "c"}]
    assert told(burst, None) == []
    assert told(None, {"kind": "wait"}) == []


def test_the_lease_outlives_the_machine_a_function_and_some_skew_of_clocks():
    machine = json.loads((INFRA / "journey.asl.json").read_text())
    config = json.loads((Path(INFRA).parent / ".chalice" / "config.json").read_text())

    assert int(Settings().lease_seconds) >= machine["TimeoutSeconds"] + config["lambda_timeout"] + 30


def test_every_task_of_the_machine_is_retried_when_it_is_throttled_and_leads_to_set_aside_when_it_fails():
    states = json.loads((INFRA / "journey.asl.json").read_text())["States"]
    tasks = {name: state for name, state in states.items() if state["Type"] == "Task"}

    for name, state in tasks.items():
        assert {"Lambda.Unknown", "Lambda.TooManyRequestsException"} <= set(state["Retry"][0]["ErrorEquals"])
        assert name == "Set aside" or state["Catch"][0]["Next"] == "Set aside"


CRASHES = ["Runtime.ExitError", "Sandbox.Timedout"]
TASK = {"enrolment": "c.j.1", "at_tile": None, "token": "t"}


def test_every_task_of_the_machine_is_done_again_soon_when_its_function_crashes():
    states = json.loads((INFRA / "journey.asl.json").read_text())["States"]
    retriers = [state["Retry"] for state in states.values() if state["Type"] == "Task"]

    crashed = {"ErrorEquals": CRASHES, "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 2}
    assert [others for _, *others in retriers] == [[crashed]] * len(retriers)


def burst_with(*errors):
    """Run a burst whose first calls fail with these; return the states it goes through and how long it waits."""
    failing, waited = iter(errors), []

    def call(_, arguments):
        for error in failing:
            raise ExecutionFailed(error, "")
        return {"Payload": {**arguments["Payload"], "next": "done"}}

    machine = Machine(INFRA / "journey.asl.json", call, waited.append)
    machine.run(TASK)
    return machine.trace, waited


@pytest.mark.parametrize("crash", CRASHES)
def test_a_function_may_crash_twice_within_a_burst_however_often_it_was_throttled(crash):
    done, set_aside = ["Claim enrolment", "Next?", "Done"], ["Claim enrolment", "Set aside", "Done"]

    assert burst_with(crash, crash) == (done, [1, 1])
    assert burst_with(crash, "Unavailable", "Unavailable", crash) == (done, [1, 1, 1.1, 1])
    assert burst_with(crash, crash, crash) == (set_aside, [1, 1])


def test_the_machine_gets_every_function_that_its_tasks_name():
    text = (INFRA / "journey.asl.json").read_text()
    declared = yaml.safe_load((INFRA / "resources" / "journeys.yaml").read_text())["Resources"]["JourneyMachine"]

    for name in declared["Properties"]["DefinitionSubstitutions"]:
        assert f"${{{name}}}" in text
