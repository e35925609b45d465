"""Every call of a burst to the database: once it dies before, once after, and once only the answer is lost."""

from datetime import timedelta

import pytest

from chalicelib.dynamodb import commit
from chalicelib.interactions import plans as interaction_plans
from chalicelib.interactions.plans import HUMAN, NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.journeys import entry, leases, plans, service, versions
from chalicelib.journeys.models import Raised, Standing
from chalicelib.journeys.rules import effect_id
from chalicelib.messages.models import Send
from chalicelib.settings import settings
from tests.support.faults import MODES, Faults, Killed, database, injected
from tests.support.journeys import NOW, burst, contact, document, mail, publish, ready, ring

pytestmark = pytest.mark.usefixtures("cloud")

ID = "c.j.1"
SEND = effect_id(ID, "m", 1)
RULE = {"tile": "m", "did": "email_opened"}
TILES = {
    "m": mail("i"),
    "i": {"kind": "if_then", "rules": [RULE], "timeout": "P1D", "yes": "y", "no": "n"},
    "y": ring("z", trigger="yes"),
    "z": ring(trigger="last"),
    "n": ring(trigger="no"),
}
OPENED = NOW + timedelta(hours=1)
OVER = timedelta(seconds=int(settings.lease_seconds) + 31)


def play(mode: str, at: int) -> tuple[Faults, object]:
    """Walk a contact to its end, with a fault at one call, and return what became of it."""
    ready()
    publish("journey", "j", document(TILES))
    contact("c")
    entry.enter(versions.running("j"), "c", entry.Call(entry.FORM), NOW)
    faults = Faults(mode, at)
    _attempt(faults, NOW, None, "t1")
    _take_up(NOW + OVER, "r1")
    new = NewInteraction(
        InteractionType.EMAIL_OPENED, OPENED, "t", "1", "c", attributes={"send_id": SEND}, verdict=HUMAN
    )
    commit(interaction_plans.record(new, OPENED))
    _attempt(faults, OPENED, "i", "t2")
    _take_up(OPENED + OVER, "r2")
    return faults, _outcome()


def _attempt(faults, now, tile, token):
    with injected(faults, *database()):
        try:
            burst(ID, now, tile, token)
        except Killed:
            if service.find(ID).token != token:  # the claim itself died: the machine is alive and takes its Catch
                leases.give_up({"enrolment": ID, "at_tile": tile, "token": token, "error": "Runtime.ExitError"}, now)


def _take_up(now, token):
    """Do what the agenda does with what was left behind, and only with that."""
    known = service.find(ID)
    if known.due is not None and known.due <= now:
        burst(ID, now, None, token)


def _outcome():
    ended = service.find(ID)
    visits = sorted((visit["tile"], visit["visit"], *visit["figures"]) for visit in service.history(ended))
    sends = [item.send_id for item in Send.scan() if isinstance(item, Send)]
    raised = sorted(item.trigger_id for item in Raised.scan() if isinstance(item, Raised))
    return ended.standing, visits, sends, raised


WITHOUT = (
    "finished",
    [
        ("i", 1, "entered"),
        ("i", 1, "processed", "path:yes"),
        ("m", 1, "entered"),
        ("m", 1, "processed", "intended"),
        ("y", 1, "entered"),
        ("y", 1, "processed"),
        ("z", 1, "entered"),
        ("z", 1, "processed"),
    ],
    [SEND],
    ["last", "yes"],
)
CALLS = 22  # of both bursts together; the last of these tests says so if it changes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_whatever_call_fails_the_walk_ends_as_without_it(mode, at):
    faults, outcome = play(mode, at)

    assert faults.fired == 1
    assert outcome == WITHOUT


def test_the_faults_reach_every_call():
    faults, outcome = play("none", 0)

    assert (faults.calls, outcome) == (CALLS, WITHOUT)


def test_what_a_fact_called_and_nobody_could_claim_is_due_soon():
    ready()
    publish("journey", "j", document(TILES))
    contact("c")
    entry.enter(versions.running("j"), "c", entry.Call(entry.FORM), NOW)
    burst(ID)
    assert service.find(ID).due == NOW + timedelta(days=1)

    leases.give_up({"enrolment": ID, "at_tile": "i", "token": "t2", "error": "Lambda.Unknown"}, OPENED)

    called = service.find(ID)
    assert called.due == OPENED + leases.BACK_OFF
    assert (called.standing, called.attempts) == (Standing.ACTIVE, 0)
    assert plans.MOST_ATTEMPTS == 5
