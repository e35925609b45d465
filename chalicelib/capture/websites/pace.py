"""How fast one visitor may tell: what it told within a minute is remembered, so that a repeat counts once as well."""

from datetime import datetime, timedelta

from pynamodb.expressions.condition import size

from chalicelib.capture.websites.models import Pace
from chalicelib.dynamodb import ConditionFailed, Key, Write, update
from chalicelib.errors import DomainError, TooMany
from chalicelib.tokens import keyed_hash

MOST = 60
MOST_OF_AN_ADDRESS = 120  # whole offices lie behind one, and each of their browsers is new once
KEPT = timedelta(hours=1)

AGAIN = TooMany("This was told too often within a minute. Tell it later.")


def step(visitor_id: str | None, network: str, event: str, now: datetime) -> Write:
    """Return the write that lets an event through, refused where it was told already or too many were.

    Who is no visitor yet is told apart by the keyed hash of its network address, which nothing else is kept of.
    """
    whose = f"VISITOR#{visitor_id}" if visitor_id else f"NETWORK#{keyed_hash('pace', network)}"
    most = MOST if visitor_id else MOST_OF_AN_ADDRESS
    room = Pace.told.does_not_exist() | (~Pace.told.contains(event) & (size(Pace.told) < most))
    return update(
        Key(Pace, *Pace.at(whose, now)),
        Pace.told.add({event}),
        Pace.expires.set(now + KEPT),
        Pace.kind.set(Pace),
        condition=room,
    )


def refused(failed: ConditionFailed, event: str) -> DomainError | None:
    """Return what the client hears of a step that was refused: nothing for a repeat."""
    told = [pace for _, pace in failed.of(Pace) if pace is not None]
    if not told:
        raise failed
    return None if any(event in pace.told for pace in told) else AGAIN
