"""Why each rule of a model holds or does not: values seen, occurrences counted, what is missing (invariant 14)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.clock import as_text
from chalicelib.conditions.facts import ABSENT, Facts, Record
from chalicelib.scoring.attributes import ask
from chalicelib.scoring.compiler import CompiledModel, CompiledRule, Occurrences, RecordTests
from chalicelib.scoring.engine import Contribution, score
from chalicelib.scoring.explanations.wording import happening, words
from chalicelib.scoring.model import Frequency
from chalicelib.scoring.own import OwnFacts
from chalicelib.scoring.tallies import Tally, count


class Part(Struct, frozen=True):
    """One thing that a rule asks, whether it holds, and why."""

    text: str
    holds: bool
    why: str
    saw: Any = None
    counted: int | None = None
    needed: int | None = None


class Reason(Struct, frozen=True):
    """A rule: what it asks and what it gave, which is nothing where one part does not hold."""

    rule_id: str
    name: str
    contribution: Contribution | None
    changes_at: datetime | None
    """Until before when time alone changes nothing of it."""
    parts: Sequence[Part]


def reasons(model: CompiledModel, facts: Facts, now: datetime) -> list[Reason]:
    """Explain every rule of a model, in its order; what a rule gave is the engine's own word."""
    seen = OwnFacts(facts) if model.own_only else facts
    return [_reason(model, rule, seen, now) for rule in model.rules]


def _reason(model: CompiledModel, rule: CompiledRule, facts: Facts, now: datetime) -> Reason:
    alone = score(replace(model, rules=(rule,)), facts, now)
    parts = [part for asked in rule.records for part in _of_record(asked, facts, now)]
    parts += [_of_tally(count(occurrences, facts, now), facts, now) for occurrences in rule.occurrences]
    return Reason(rule.id, rule.name, next(iter(alone.contributions), None), alone.changes_at, parts)


# Records -----------------------------------------------------------------------------------------------------------


def _of_record(asked: RecordTests, facts: Facts, now: datetime) -> list[Part]:
    """Explain by the record that satisfies the tests, else by the one that comes closest (decision 5)."""
    records = facts.records(asked.entity)
    closest = max(records or (ABSENT,), key=lambda record: _satisfied(asked, record, now))
    tests = [_of_test(asked, at, closest, now) for at in range(len(asked.tests))]
    return [_there(asked, records), *tests] if asked.there else tests


def _there(asked: RecordTests, records: Sequence[Record]) -> Part:
    there = bool(records)
    why = f"There is {'one' if len(records) == 1 else len(records)}." if there else "There is none."
    return Part(f"there is a record: {words(asked.entity)}", there, why)


def _satisfied(asked: RecordTests, record: Record, now: datetime) -> int:
    return sum(test.judge(record, now)[0] for test in asked.tests)


def _of_test(asked: RecordTests, at: int, record: Record, now: datetime) -> Part:
    test = asked.tests[at]
    value = test.saw(record)
    holds, changes_at = test.judge(record, now)
    missing = value in (None, "", [], ())
    changing = f" That changes at {as_text(changes_at)}." if changes_at is not None else ""
    return Part(
        f"{words(asked.entity)} {test.text}",
        holds,
        f"{'It has no value.' if missing else f'It is “{value}”.'}{changing}",
        None if missing else value,
    )


# Interactions ------------------------------------------------------------------------------------------------------


def _of_tally(tally: Tally, facts: Facts, now: datetime) -> Part:
    occurrences, counted = tally.occurrences, len(tally.counted)
    stranger = occurrences.done_by is not None and not ask((occurrences.done_by,), facts, now).holds
    why = _none(tally) if occurrences.frequency is Frequency.NONE else _some(tally, now)
    return Part(
        _said(occurrences),
        tally.holds,
        f"{why} Who did it is not who is asked for." if stranger else why,
        counted=counted,
        needed=0 if occurrences.frequency is Frequency.NONE else occurrences.times,
    )


def _said(occurrences: Occurrences) -> str:
    deed = occurrences.deed
    return happening(
        deed.interaction,
        occurrences.frequency,
        occurrences.times,
        deed.window.length,
        [*(test.text for test in deed.tests), *_whose(occurrences.done_by)],
        machines=deed.include_machine,
    )


def _whose(done_by: RecordTests | None) -> list[str]:
    return [f"{words(done_by.entity)} {test.text}" for test in done_by.tests] if done_by else []


def _none(tally: Tally) -> str:
    if tally.holds:
        return "None counts."
    leaves = f" The last of them leaves the range at {as_text(tally.changes_at)}." if tally.changes_at else ""
    return f"{len(tally.counted)} count.{leaves}"


def _some(tally: Tally, now: datetime) -> str:
    counted, old = len(tally.counted), len(tally.happened) - len(tally.counted)
    older = f" {old} more lie before the range." if old else ""
    if tally.holds:
        leaves = f" The first of them leaves the range at {as_text(tally.expires_at)}." if tally.expires_at else ""
        return f"{counted} count.{leaves}{older}"
    coming = f" One is dated later: {as_text(tally.changes_at)}." if tally.changes_at and tally.changes_at > now else ""
    return f"{counted} count, {tally.occurrences.times - counted} are missing.{older}{coming}"
