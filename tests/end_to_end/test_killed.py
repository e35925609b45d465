"""A hundred people walk a journey while the workers that run it are killed at random, with kill -9."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.deployed import eventually, poll, settle
from tests.support.killing import killing

PEOPLE = 100
CALLERS = 4
SEED = 20261124
LEAST, MOST = 20, 24  # kills
AT_ONCE, FAR = 6, 0.45  # how many kills do not wait for progress, and how far the walk was seen to be at the last one
LOOKED = 1.0  # seconds between two looks at everybody: reading a hundred takes the machine from the walk
POLLED = 5.0  # seconds between two runs of the poller; overdue work is handed out anew each time
OWNER = "killed-tests-owner"
TASK, TOPIC = "Say hello", "Wants to be called"


# The journey -------------------------------------------------------------------------------------------------------


def walk(segment):
    """A task, a short wait, a lead."""
    return {
        "audience": {"segments": {"items": [{"segment": segment}]}},
        "owner": OWNER,
        "first": "hello",
        "tiles": {
            "hello": {"kind": "task", "subject": TASK, "due_in": "P2D", "next": "pause"},
            "pause": {"kind": "wait_for", "duration": "PT2S", "next": "lead"},
            "lead": {"kind": "create_lead", "topic": TOPIC, "next": None},
        },
    }


VISITED = ("entered", "processed")
EVERYBODY = {
    "figures": {"enrolled": PEOPLE, "ended:finished": PEOPLE},
    "tiles": {tile: dict.fromkeys(VISITED, PEOPLE) for tile in ("hello", "pause", "lead")},
}


@pytest.fixture
def people(client):
    """A hundred contacts, by id."""

    def make(number):
        values = {"last_name": f"Walker {number}", "email": f"walker{number}@example.com"}
        return client.call("POST", "/contacts", values, Idempotency_Key=f"walker-{number}")["id"]

    with ThreadPoolExecutor(CALLERS) as pool:
        return set(pool.map(make, range(PEOPLE)))


@pytest.fixture
def polled(endpoints):
    """Return a way to look that runs the poller too, every few seconds."""
    last = float("-inf")

    def looking(read):
        nonlocal last
        if time.monotonic() - last > POLLED:
            poll(endpoints)
            last = time.monotonic()
        return read()

    return looking


def reached(figures):
    """Everybody was counted at least once everywhere."""
    tiles = all(figures["tiles"][tile].get(name, 0) >= PEOPLE for tile in EVERYBODY["tiles"] for name in VISITED)
    return tiles and all(figures["figures"].get(name, 0) >= PEOPLE for name in EVERYBODY["figures"])


def finished(enrolments):
    return len([each for each in enrolments if each["standing"] == "finished"]) >= PEOPLE


def how_far(enrolment):
    """The part of the way that somebody has come: enrolled, said hello to, at the end."""
    return 1.0 if enrolment["standing"] == "finished" else 1 / 3 if enrolment["tile"] == "hello" else 2 / 3


@pytest.mark.rule("JRN-14")
@pytest.mark.usefixtures("soon_visible")
def test_though_workers_are_killed_each_walks_once_to_the_end_and_causes_everything_once(
    cloud, endpoints, client, people, polled
):
    segment = client.publish("/segments", "Walkers", {"type": "static"})
    client.call("POST", f"/segments/{segment}/members", {"contact_ids": sorted(people)})

    settle(endpoints)  # so that the kills meet the walk
    journey = client.publish("/journeys", "A walk under fire", walk(segment))
    progress = 0.0

    def enrolments():
        nonlocal progress
        found = client.every("/enrolments", journey_id=journey)
        progress = sum(map(how_far, found)) / PEOPLE
        return found

    def figures():
        return client.get(f"/journeys/{journey}/figures")

    def allowed():
        return min(MOST, AT_ONCE + int((MOST - AT_ONCE) * progress / FAR))

    with killing(cloud.processes[1].group, SEED, allowed) as killed:
        eventually(
            "kills",
            lambda: polled(enrolments),
            lambda seen: len(killed) >= MOST or finished(seen),
            pause=LOOKED,
        )
    reasons = Counter(each["reason"] for each in enrolments() if each["reason"])
    print(f"{len(killed)} killed: {dict(Counter(killed))}; they try again: {dict(reasons)}")
    assert len(killed) >= LEAST

    # Whose burst died thrice at one task rests for a minute, or two if it died so again.
    eventually("everybody's end", lambda: polled(enrolments), finished, pause=LOOKED)
    eventually("everybody counted", lambda: polled(figures), reached)
    settle(endpoints)
    assert figures() == EVERYBODY
    assert Counter((each["contact_id"], each["standing"]) for each in enrolments()) == {
        (each, "finished"): 1 for each in people
    }
    tasks = Counter(each["contact_id"] for each in client.every("/activities", owner_id=OWNER))
    leads = Counter(each["contact_id"] for each in client.every("/leads") if each["topic"] == TOPIC)
    assert tasks == leads == dict.fromkeys(people, 1)
    nothing_waits(client)


def nothing_waits(client):
    """Nobody is late, nothing was set aside."""
    health = client.get("/operations/health")
    [late] = [each["overdue_seconds"] for each in health["due_work"] if each["work"] == "enrolment"]
    assert late == 0
    assert not any(each["waiting"] for each in health["dead_letters"])
    assert [job for job in client.get("/operations/jobs")["items"] if job["state"] == "set-aside"] == []
