"""What a rule asks of records: the fixed part of it (SCO-16)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.conditions.changes import combine, earliest
from chalicelib.conditions.clauses import Test
from chalicelib.conditions.facts import ABSENT, Facts, Record
from chalicelib.scoring.compiler import RecordTests


class Asked(Struct, frozen=True):
    """Whether it holds, until before when it stays so, and the values it saw."""

    holds: bool
    changes_at: datetime | None
    saw: tuple[tuple[str, Any], ...]


NOTHING_ASKED = Asked(holds=True, changes_at=None, saw=())
_DENIED = Asked(holds=False, changes_at=None, saw=())


def ask(records: Sequence[RecordTests], facts: Facts, now: datetime) -> Asked:
    """Ask whether there is, of each entity, one record that satisfies all that is asked of it (decision 5)."""
    if len(records) == 1:
        return _ask_one(records[0], facts.records(records[0].entity), now)
    answers = [_ask_one(asked, facts.records(asked.entity), now) for asked in records]
    holds, changes_at = combine([(answer.holds, answer.changes_at) for answer in answers], every=True)
    return Asked(holds, changes_at, tuple(seen for answer in answers for seen in answer.saw))


def _ask_one(asked: RecordTests, records: Sequence[Record], now: datetime) -> Asked:
    known = records if asked.there else records or (ABSENT,)
    if asked.timed:
        return _ask_in_time(asked, known, now)
    for record in known:
        if satisfies(record, asked.tests):
            return Asked(holds=True, changes_at=None, saw=_seen(asked, record))
    return _DENIED


def satisfies(record: Record, tests: Sequence[Test]) -> bool:
    """Return whether a record satisfies tests that do not change with the time."""
    for test in tests:  # noqa: SIM110 - a loop takes half the time of all() over a generator
        if not test.holds(record):
            return False
    return True


def _ask_in_time(asked: RecordTests, records: Sequence[Record], now: datetime) -> Asked:
    """The first change of any record counts: another one may be the one that was seen from then on."""
    standings = [combine([test.judge(record, now) for test in asked.tests], every=True) for record in records]
    satisfying = [record for record, standing in zip(records, standings, strict=True) if standing[0]]
    changes_at = earliest([standing[1] for standing in standings])
    return Asked(bool(satisfying), changes_at, _seen(asked, satisfying[0]) if satisfying else ())


def _seen(asked: RecordTests, record: Record) -> tuple[tuple[str, Any], ...]:
    return tuple([(test.field, test.saw(record)) for test in asked.tests])
