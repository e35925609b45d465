"""What a rule counts of interactions: its behaviour part (SCO-16), by each, at least, or none."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.conditions.behaviour import until
from chalicelib.conditions.changes import earliest
from chalicelib.conditions.facts import ABSENT, Facts, Interaction
from chalicelib.scoring.attributes import satisfies
from chalicelib.scoring.compiler import Occurrences, RecordTests
from chalicelib.scoring.model import Frequency

_NONE = Frequency.NONE
DONE_BY = "contact_id"
"""Where interactions of an account say whose they are."""


class Tally(Struct, frozen=True):
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
    if occurrences.done_by is not None:
        qualifying = _done_by(occurrences.done_by, qualifying, facts)
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


def _done_by(asked: RecordTests, qualifying: Sequence[Interaction], facts: Facts) -> Sequence[Interaction]:
    """Return those done by somebody who satisfies what is asked; without a record values are absent (decision 5).

    What an account's contacts did says who; everything else was done by the one contact that there is.
    """
    records = facts.records(asked.entity)
    holding = {record.get("id") for record in records or (ABSENT,) if satisfies(record, asked.tests)}
    if not qualifying or DONE_BY not in qualifying[0].attributes:
        return qualifying if holding else ()
    known = {record.get("id") for record in records}
    unknown = satisfies(ABSENT, asked.tests)
    return [
        fact for fact in qualifying if (by := fact.attributes.get(DONE_BY)) in holding or (by not in known and unknown)
    ]
