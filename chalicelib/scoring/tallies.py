"""What a rule counts of interactions: its behaviour part (SCO-16), by each, at least, or none."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.conditions.behaviour import until
from chalicelib.conditions.changes import earliest
from chalicelib.conditions.facts import Facts, Interaction
from chalicelib.scoring.attributes import ask
from chalicelib.scoring.compiler import Occurrences, RecordTests
from chalicelib.scoring.model import Frequency

_NONE = Frequency.NONE


class Tally(NamedTuple):
    """One condition, counted: all that happened, and of it what counts; both stay so until before `changes_at`."""

    occurrences: Occurrences
    happened: Sequence[Interaction]
    counted: Sequence[Interaction]
    holds: bool
    changes_at: datetime | None
    expires_at: datetime | None


def count(occurrences: Occurrences, facts: Facts, now: datetime) -> Tally:
    """Count the occurrences at `now`; those of the future count when their time comes (decision 7)."""
    qualifying = occurrences.deed.among(facts)
    if occurrences.done_by is not None and not _holds(occurrences.done_by, facts, now):
        qualifying = ()
    happened = until(qualifying, now)
    window = occurrences.deed.window
    counted = window.counted(happened, now)
    arrives_at = None if happened is qualifying else qualifying[len(happened)].at
    if occurrences.frequency is _NONE:
        changes_at = window.last_end(counted) if counted else arrives_at
        return Tally(occurrences, happened, counted, not counted, changes_at, None)
    if len(counted) < occurrences.times:
        return Tally(occurrences, happened, counted, False, arrives_at, None)
    expires_at = window.first_end(counted)
    changes_at = expires_at if arrives_at is None else earliest((arrives_at, expires_at))
    return Tally(occurrences, happened, counted, True, changes_at, expires_at)


def _holds(done_by: RecordTests, facts: Facts, now: datetime) -> bool:
    """Return whether who did it satisfies what is asked: without a record its values are absent (decision 5)."""
    return ask((done_by,), facts, now).holds
