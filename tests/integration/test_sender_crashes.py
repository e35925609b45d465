"""Every call of the sender, to database and provider: it dies before, it dies after, or only the answer is lost.

The queue brings the message again, the agenda settles what is unknown, the provider is heard of or it is not.
"""

from datetime import timedelta

import pytest

from chalicelib.interactions import service as log
from chalicelib.messages import provider
from chalicelib.messages.ledger import UNKNOWN_FOR, State
from tests.support import campaign, mail
from tests.support.faults import MODES, Faults, database, injected

CALLS = (
    "GetItem",  # the send
    "Query",  # the content settings that are live
    "GetItem",  # their version
    "Query",  # the email that is live
    "GetItem",  # its version
    "BatchGetItem",  # the contact
    "BatchGetItem",  # its preferences
    "BatchGetItem",  # suppression and settings
    "GetAccount",  # how fast the provider allows
    "TransactWriteItems",  # the claim
    "SendEmail",
    "UpdateItem",  # the outcome
)
THROTTLED = (*CALLS[:11], "UpdateItem", *CALLS[:8], *CALLS[9:])
"""With one answer “not now” in between: the claim is given back, and a later message begins anew."""

AFTER_WHICH = {"TransactWriteItems", "SendEmail", "UpdateItem"}
"""Calls after which something has changed; the others only read, whatever is sent and whoever answers."""

OVER_AN_HOUR = timedelta(minutes=70)
OVER_THREE_DAYS = UNKNOWN_FOR + timedelta(hours=1)

CLAIMED_ONLY = {("TransactWriteItems", "dies after"), ("SendEmail", "dies before")}
"""The ledger says claimed, and nothing was handed over."""

OUT_UNNOTED = {("SendEmail", "dies after"), ("SendEmail", "answer lost"), ("UpdateItem", "dies before")}
"""The message is out, and the ledger does not know."""


def play(world, office, faults, designation, *, heard):
    """Send one message, let everything happen that happens within a week, and return its row in the ledger."""
    campaign.publish(world, {"legal_designation": designation})
    campaign.contact(world, "ada")
    campaign.enter(world, "ada")
    with injected(faults, *database(), provider._client()):
        world.settle()
        for pause in (OVER_AN_HOUR, OVER_THREE_DAYS, OVER_THREE_DAYS, OVER_THREE_DAYS):
            if heard:
                campaign.hear(world, office)
            campaign.balance()
            [send] = campaign.sends()
            if send.due is None:
                break
            world.advance(pause)
            world.poll("send")
    campaign.balance()
    return send


def of_sender(world, mode="none", at=0):
    return Faults(mode, at, lambda: world.running == "send_messages")


def expected(call, mode, designation, *, heard):
    """Return the state in which design invariant 5 lets it end, and how many letters went out."""
    again = designation == "transactional"
    if (call, mode) in CLAIMED_ONLY:
        return (State.SENT, 1) if again else (State.UNKNOWN, 0)
    if (call, mode) in OUT_UNNOTED and not heard:
        return (State.SENT, 2) if again else (State.UNKNOWN, 1)
    return State.SENT, 1


READS = [(at, "commercial", True) for at, call in enumerate(CALLS, 1) if call not in AFTER_WHICH]
CHANGES = [
    (at, designation, heard)
    for at, call in enumerate(CALLS, 1)
    for designation in ("commercial", "transactional")
    for heard in (True, False)
    if call in AFTER_WHICH
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("at", "designation", "heard"), [*READS, *CHANGES])
def test_whatever_call_fails_the_message_goes_out_at_most_once(world, office, at, mode, designation, heard):
    faults = of_sender(world, mode, at)

    send = play(world, office, faults, designation, heard=heard)

    assert faults.fired == 1
    letters = office.letters()
    assert (send.state, len(letters)) == expected(CALLS[at - 1], mode, designation, heard=heard)
    assert all(later.at - letters[0].at >= UNKNOWN_FOR for later in letters[1:])
    assert (send.due, send.settled_at is None) == (None, False)
    assert len(log.of_contact("ada", "EmailSent")) == (send.state == State.SENT)
    assert campaign.gone_on() == ["ada"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("at", [at for at, call in enumerate(THROTTLED, 1) if at >= 11 and call in AFTER_WHICH])
def test_whatever_call_fails_around_an_answer_of_not_now_the_message_goes_out_at_most_once(world, office, at, mode):
    office.faults = [mail.TOO_FAST]
    faults = of_sender(world, mode, at)

    send = play(world, office, faults, "commercial", heard=True)

    assert faults.fired == 1
    # Who dies between the claim and its return leaves a doubt that no event will end.
    doubt = at <= 12 and (THROTTLED[at - 1], mode) in {*CLAIMED_ONLY, *OUT_UNNOTED}
    lost = at > 12 and (THROTTLED[at - 1], mode) in CLAIMED_ONLY
    assert (send.state, len(office.letters())) == ((State.UNKNOWN, 0) if doubt or lost else (State.SENT, 1))
    assert (send.due, send.settled_at is None) == (None, False)


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_queue_that_fails_when_a_message_is_put_back_loses_and_doubles_nothing(world, office, fault):
    office.faults = [mail.TOO_FAST]
    faults = iter([fault])
    world.fault = lambda _, __, operation: (
        next(faults, None) if operation == "SendMessageBatch" and world.running == "send_messages" else None
    )

    send = play(world, office, of_sender(world), "commercial", heard=True)

    assert next(faults, None) is None
    assert (send.state, len(office.letters())) == (State.SENT, 1)


@pytest.mark.parametrize(("answers", "calls"), [((), CALLS), ((mail.TOO_FAST,), THROTTLED)], ids=["at once", "not now"])
def test_the_faults_reach_every_call(world, office, answers, calls):
    office.faults = list(answers)
    faults = of_sender(world)

    send = play(world, office, faults, "commercial", heard=True)

    assert tuple(faults.names) == calls
    assert (send.state, len(office.letters())) == (State.SENT, 1)
