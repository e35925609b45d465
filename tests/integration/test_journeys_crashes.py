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
OPENS = {"tile": "m", "did": "email_opened"}
VISITS = {"tile": "m", "did": "page_visited", "page": "p"}
WAITS = {"mail": [OPENS], "mail or page": [OPENS, VISITS]}  # for what is just being sent; for what may have come before
OPENED = NOW + timedelta(hours=1)
OVER = timedelta(seconds=int(settings.lease_seconds) + 31)


def tiles(waits: str) -> dict[str, dict[str, object]]:
    return {
        "m": mail("i"),
        "i": {"kind": "if_then", "rules": WAITS[waits], "timeout": "P1D", "yes": "y", "no": "n"},
        "y": ring("z", trigger="yes"),
        "z": ring(trigger="last"),
        "n": ring(trigger="no"),
    }


def play(waits: str, mode: str, at: int) -> tuple[Faults, object]:
    """Walk a contact to its end, with a fault at one call, and return what became of it."""
    ready()
    publish("journey", "j", document(tiles(waits)))
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
CALLS = {"mail": 15, "mail or page": 23}  # of both bursts together; the last of these tests says so if it changes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("waits", "at"), [(waits, at) for waits in CALLS for at in range(1, CALLS[waits] + 1)])
def test_whatever_call_fails_the_walk_ends_as_without_it(waits, mode, at):
    faults, outcome = play(waits, mode, at)

    assert faults.fired == 1
    assert outcome == WITHOUT


@pytest.mark.parametrize("waits", CALLS)
def test_the_faults_reach_every_call(waits):
    faults, outcome = play(waits, "none", 0)

    assert (faults.calls, outcome) == (CALLS[waits], WITHOUT)


def test_what_a_fact_called_and_nobody_could_claim_is_due_soon():
    ready()
    publish("journey", "j", document(tiles("mail")))
    contact("c")
    entry.enter(versions.running("j"), "c", entry.Call(entry.FORM), NOW)
    burst(ID)
    assert service.find(ID).due == NOW + timedelta(days=1)

    leases.give_up({"enrolment": ID, "at_tile": "i", "token": "t2", "error": "Lambda.Unknown"}, OPENED)

    called = service.find(ID)
    assert called.due == OPENED + leases.BACK_OFF
    assert (called.standing, called.attempts) == (Standing.ACTIVE, 0)
    assert plans.MOST_ATTEMPTS == 5
