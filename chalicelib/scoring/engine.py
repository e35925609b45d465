"""The score of a lead: a pure function of a model, the facts and the time, with what each rule contributed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.conditions.changes import Standing, combine, earliest
from chalicelib.conditions.clauses import Test
from chalicelib.conditions.facts import ABSENT, Facts, Interaction, Record
from chalicelib.scoring import grades
from chalicelib.scoring.compiler import CompiledModel, CompiledRule, Occurrences
from chalicelib.scoring.model import Frequency
from chalicelib.scoring.timeline import Course, reached_at

_EACH = Frequency.EACH
_NONE = Frequency.NONE


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one rule gave: the points in all, the occurrences they rest on, and the values that it saw."""

    rule_id: str
    name: str
    points: int
    count: int
    first_interaction_id: str | None
    last_interaction_id: str | None
    expires_at: datetime | None
    saw: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A score at an instant; until before `changes_at` time alone changes nothing of it.

    `reached_at` is the first instant of the facts' timeline at which the score was at the threshold or above.
    """

    score: int
    grade: str | None
    contributions: tuple[Contribution, ...]
    changes_at: datetime | None
    reached_at: datetime | None


def score(model: CompiledModel, facts: Facts, now: datetime, since: datetime | None = None) -> Evaluation:
    """Score the facts at `now` (SCO-1, SCO-13).

    The timeline is that of the interactions that qualify; `since`, the lead's creation, belongs to it as well.
    Attributes are taken as they are now. Facts cut to what counts now make `reached_at` blind for what was before.
    """
    weighed = [_weigh(rule, facts, now) for rule in model.rules]
    contributions = tuple(part.contribution for part in weighed if part.contribution is not None)
    total = sum(contribution.points for contribution in contributions)
    return Evaluation(
        score=total,
        grade=grades.grade_of(total, model.grades),
        contributions=contributions,
        changes_at=earliest(part.changes_at for part in weighed),
        reached_at=reached_at(
            [part.course for part in weighed if part.course], model.sales_ready_score, since=since, now=now
        ),
    )


@dataclass(frozen=True, slots=True)
class _Weighed:
    contribution: Contribution | None
    changes_at: datetime | None
    course: Course | None


def _weigh(rule: CompiledRule, facts: Facts, now: datetime) -> _Weighed:
    standing, saw = _ask(rule.tests, facts, now) if rule.tests else (_ALWAYS, ())
    if not standing[0]:
        return _Weighed(None, standing[1], None)
    tallies = [_tally(occurrences, facts, now) for occurrences in rule.occurrences]
    course = Course(rule.points, [(tally.occurrences, tally.qualifying) for tally in tallies])
    standings = [standing, *[tally.standing for tally in tallies]]
    holds, changes_at = combine(standings, every=True)
    return _Weighed(_contribution(rule, standing, tallies, saw) if holds else None, changes_at, course)


_ALWAYS: Standing = (True, None)


@dataclass(frozen=True, slots=True)
class _Tally:
    """One condition about interactions, counted."""

    occurrences: Occurrences
    qualifying: Sequence[Interaction]
    counted: Sequence[Interaction]
    expires_at: datetime | None
    standing: Standing


def _tally(occurrences: Occurrences, facts: Facts, now: datetime) -> _Tally:
    qualifying = occurrences.deed.among(facts)
    window = occurrences.deed.window
    counted = window.counted(qualifying, now)
    arrives_at = _first_to_come(qualifying, now)
    expires_at = window.first_end(counted)
    if occurrences.frequency is _NONE and counted:
        standing: Standing = (False, window.last_end(counted))
    elif occurrences.frequency is _NONE or len(counted) < occurrences.times:
        standing = (occurrences.frequency is _NONE, arrives_at)
    else:
        standing = (True, earliest((arrives_at, expires_at)))
    return _Tally(occurrences, qualifying, counted, expires_at, standing)


def _first_to_come(qualifying: Sequence[Interaction], now: datetime) -> datetime | None:
    """Return when the first interaction that is dated in the future counts (decision 7)."""
    if not qualifying or qualifying[-1].at <= now:
        return None
    return next(fact.at for fact in qualifying if fact.at > now)


def _contribution(
    rule: CompiledRule, standing: Standing, tallies: Sequence[_Tally], saw: tuple[tuple[str, Any], ...]
) -> Contribution:
    each = next((tally for tally in tallies if tally.occurrences.frequency is _EACH), None)
    telling = each or next((tally for tally in tallies if tally.counted), None)
    counted = telling.counted if telling else ()
    return Contribution(
        rule_id=rule.id,
        name=rule.name,
        points=rule.points * len(each.counted) if each else rule.points,
        count=len(counted),
        first_interaction_id=counted[0].id if counted else None,
        last_interaction_id=counted[-1].id if counted else None,
        expires_at=earliest([standing[1], *[tally.expires_at for tally in tallies]]),
        saw=saw,
    )


def _ask(
    tests: tuple[tuple[str, tuple[Test, ...]], ...], facts: Facts, now: datetime
) -> tuple[Standing, tuple[tuple[str, Any], ...]]:
    """Ask whether there is, of each entity, one record that satisfies all tests of it (decision 5)."""
    standings: list[Standing] = []
    saw: list[tuple[str, Any]] = []
    for entity, asked in tests:
        standing, record = _one_of(facts.records(entity), asked, now)
        standings.append(standing)
        saw += [(test.field, test.saw(record)) for test in asked]
    return combine(standings, every=True), tuple(saw)


def _one_of(records: Sequence[Record], tests: tuple[Test, ...], now: datetime) -> tuple[Standing, Record]:
    if not tests:
        return (bool(records), None), ABSENT
    answers = [
        (combine([test.judge(record, now) for test in tests], every=True), record) for record in records or (ABSENT,)
    ]
    telling = next((answer for answer in answers if answer[0][0]), answers[0])
    return combine([standing for standing, _ in answers], every=False), telling[1]
