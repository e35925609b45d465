"""Every call of the function that reads the provider's events: whatever fails, the event counts once and for good."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from chalicelib.clock import as_text
from chalicelib.consent import service as consent
from chalicelib.insights import service as insights
from chalicelib.interactions import service as log
from chalicelib.messages import choosing, service
from chalicelib.messages.chosen import Chosen
from chalicelib.messages.models import Bounces
from chalicelib.messages.suppression import hash_of
from chalicelib.tokens import sign
from tests.support import campaign, mail
from tests.support.consents import changes
from tests.support.faults import MODES, Faults, database, injected

ADDRESS = "ada@contoso.example"
CALLS = ("GetItem", "BatchGetItem", "TransactWriteItems")  # the send; contact and address; what follows


def bounce(kind, sub_kind):
    return "Bounce", {"bounceType": kind, "bounceSubType": sub_kind}


SOFT = bounce("Transient", "MailboxFull")


@dataclass(frozen=True)
class Case:
    """An event, what was before it (answers of the provider, soft bounces), and what must be after it."""

    event: tuple
    counted: dict
    answers: tuple = ()
    soft: int = 0
    calls: tuple = CALLS
    suppressed: list = field(default_factory=list)
    in_a_row: int = 0
    bulk: bool = True


CASES = {
    "delivery": Case(("Delivery", {}), {"EmailDelivered": 1}),
    "delivery after soft bounces": Case(("Delivery", {}), {"EmailSoftBounced": 2, "EmailDelivered": 1}, soft=2),
    "delivery of who knows": Case(
        ("Delivery", {}), {"EmailDelivered": 1}, answers=(mail.LOST,), calls=("GetItem", "UpdateItem", *CALLS[1:])
    ),
    "hard bounce": Case(bounce("Permanent", "General"), {"EmailHardBounced": 1}, suppressed=["hard-bounce"]),
    "soft bounce": Case(SOFT, {"EmailSoftBounced": 1}, in_a_row=1),
    "fifth soft bounce": Case(SOFT, {"EmailSoftBounced": 5}, soft=4, suppressed=["soft-bounces"], in_a_row=5),
    "complaint": Case(
        ("Complaint", {"complaintFeedbackType": "abuse"}), {"EmailFeedbackLoop": 1}, suppressed=["complaint"]
    ),
    "opt-out": Case(
        ("Subscription", {"newTopicPreferences": {"unsubscribeAll": True}}),
        {},
        calls=("GetItem", "BatchGetItem", "BatchGetItem", "TransactWriteItems"),
        bulk=False,
    ),
}


def tell(world, kind, detail):
    """Put an event on the queue, as the provider tells it of the one message that there is."""
    [send] = campaign.sends()
    content = {"timestamp": as_text(world.now), **detail}
    letter = {"timestamp": as_text(world.now), "messageId": "m1", "tags": {"send": [send.send_id]}}
    body = json.dumps({"eventType": kind, "mail": letter, kind.lower(): content})
    world.send("email-events", body)
    return body


def play(world, office, case, faults):
    office.faults = list(case.answers)
    campaign.publish(world)
    campaign.contact(world, "ada")
    campaign.enter(world, "ada")
    world.settle()
    for _ in range(case.soft):
        tell(world, *SOFT)
        world.settle()
        world.advance(timedelta(minutes=1))
    with injected(faults, *database()):
        body = tell(world, *case.event)
        world.settle()
    return body


def of_reader(world, mode="none", at=0):
    return Faults(mode, at, lambda: world.running == "receive_email_events")


def check(case):
    """Compare figures, facts, suppression and consent with what the case says."""
    figures = insights.figures("email#e")
    bounces = Bounces.find(*Bounces.at(hash_of(ADDRESS)))
    assert campaign.balance() == {"sent": 1}
    assert {name: number for name, number in figures.items() if name.startswith("Email")} == case.counted
    assert {name: len(log.of_contact("ada", name)) for name in case.counted} == case.counted
    assert [row.reason for row in service.suppressions(ADDRESS)] == case.suppressed
    assert (bounces.in_a_row if bounces else 0) == case.in_a_row
    assert consent.preferences("ada").bulk_email == case.bulk
    assert len(changes("ada")) == (not case.bulk)


EVERY_CALL = [(what, at) for what, case in CASES.items() for at in range(1, len(case.calls) + 1)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("what", "at"), EVERY_CALL)
def test_whatever_call_fails_the_event_counts_once(world, office, what, at, mode):
    faults = of_reader(world, mode, at)

    play(world, office, CASES[what], faults)

    assert faults.fired == 1
    check(CASES[what])


@pytest.mark.parametrize("what", CASES)
def test_the_faults_reach_every_call_and_a_second_delivery_changes_nothing(world, office, what):
    faults = of_reader(world)

    body = play(world, office, CASES[what], faults)
    world.send("email-events", body)
    world.settle()

    assert tuple(faults.names) == CASES[what].calls
    check(CASES[what])


def test_an_opt_out_that_comes_again_does_not_undo_what_the_person_chose_since(world, office):
    body = play(world, office, CASES["opt-out"], of_reader(world))
    [send] = campaign.sends()
    choosing.submit(sign("send", send.send_id), "later", world.now, Chosen(allow=True))

    world.send("email-events", body)
    world.settle()

    assert consent.preferences("ada").bulk_email is True
    assert [change.after for change in changes("ada")] == [{"bulk_email": False}, {"bulk_email": True}]
