"""The score of a lead: a pure function of a model, the facts and the time, with what each rule contributed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.conditions.changes import earliest, latest
from chalicelib.conditions.facts import Facts
from chalicelib.scoring import grades, timeline
from chalicelib.scoring.attributes import NOTHING_ASKED, Asked, ask
from chalicelib.scoring.compiler import CompiledModel, CompiledRule
from chalicelib.scoring.model import Frequency
from chalicelib.scoring.own import OwnFacts
from chalicelib.scoring.tallies import Tally, count
from chalicelib.scoring.timeline import Span, reached_at

_EACH = Frequency.EACH


class Contribution(Struct, frozen=True):
    """What one rule gave: the points in all, the occurrences they rest on, and the values that it saw."""

    rule_id: str
    name: str
    points: int
    occurrences: int
    first_interaction_id: str | None
    last_interaction_id: str | None
    expires_at: datetime | None
    saw: tuple[tuple[str, Any], ...]


class Evaluation(Struct, frozen=True):
    """A score at an instant; until before `changes_at` time alone changes neither it nor what contributed.

    `reached_at` is the first instant of the facts' timeline at which the score was at the threshold or above, with
    the records as they are now; whoever stores it keeps the earliest, since sales-ready survives (decision 17).
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
    if model.own_only:
        facts = OwnFacts(facts)
    weighed = [_weigh(rule, facts, now) for rule in model.rules]
    contributions = tuple([part.contribution for part in weighed if part.contribution is not None])
    total = sum([contribution.points for contribution in contributions])
    return Evaluation(
        score=total,
        grade=grades.grade_of(total, model.grades),
        contributions=contributions,
        changes_at=earliest([part.changes_at for part in weighed]),
        reached_at=reached_at(weighed, model.sales_ready_score, since=since, now=now),
    )


def spans(model: CompiledModel, facts: Facts, minimum: int, *, since: datetime, now: datetime) -> list[Span]:
    """Return when the score was at a minimum or above, with the records as they are now, as `reached_at` is told."""
    known = OwnFacts(facts) if model.own_only else facts
    weighed = [_weigh(rule, known, now) for rule in model.rules]
    return timeline.spans(weighed, minimum, since=since, now=now)


def records_change_at(model: CompiledModel, facts: Facts, now: datetime) -> datetime | None:
    """Return until before when time alone changes nothing of what the rules ask of records."""
    return earliest([ask(rule.records, facts, now).changes_at for rule in model.rules if rule.records])


class _Weighed(Struct, frozen=True):
    contribution: Contribution | None
    changes_at: datetime | None
    points: int
    tallies: Sequence[Tally]


def _weigh(rule: CompiledRule, facts: Facts, now: datetime) -> _Weighed:
    asked = ask(rule.records, facts, now) if rule.records else NOTHING_ASKED
    if not asked.holds:
        return _Weighed(None, asked.changes_at, 0, ())
    if not rule.occurrences:
        contribution = Contribution(rule.id, rule.name, rule.points, 0, None, None, asked.changes_at, asked.saw)
        return _Weighed(contribution, asked.changes_at, rule.points, ())
    if len(rule.occurrences) == 1:
        return _weigh_one(rule, asked, count(rule.occurrences[0], facts, now))
    return _weigh_several(rule, asked, [count(occurrences, facts, now) for occurrences in rule.occurrences])


def _weigh_one(rule: CompiledRule, asked: Asked, tally: Tally) -> _Weighed:
    """Do what `_weigh_several` does, for the many rules with one condition about interactions."""
    if not tally.holds:
        return _Weighed(None, tally.changes_at, rule.points, (tally,))
    changes_at, expires_at = tally.changes_at, tally.expires_at
    if asked.changes_at is not None:
        changes_at, expires_at = earliest((asked.changes_at, changes_at)), earliest((asked.changes_at, expires_at))
    return _Weighed(_contribution(rule, tally, expires_at, asked), changes_at, rule.points, (tally,))


def _weigh_several(rule: CompiledRule, asked: Asked, tallies: Sequence[Tally]) -> _Weighed:
    missing = [tally.changes_at for tally in tallies if not tally.holds]
    if missing:
        return _Weighed(None, latest(missing), rule.points, tallies)
    expires_at = earliest([asked.changes_at, *[tally.expires_at for tally in tallies]])
    changes_at = earliest([asked.changes_at, *[tally.changes_at for tally in tallies]])
    return _Weighed(_contribution(rule, _telling(tallies), expires_at, asked), changes_at, rule.points, tallies)


def _contribution(rule: CompiledRule, tally: Tally, expires_at: datetime | None, asked: Asked) -> Contribution:
    counted = tally.counted
    if not counted:
        return Contribution(rule.id, rule.name, rule.points, 0, None, None, expires_at, asked.saw)
    number = len(counted)
    points = rule.points * number if tally.occurrences.frequency is _EACH else rule.points
    return Contribution(rule.id, rule.name, points, number, counted[0].id, counted[-1].id, expires_at, asked.saw)


def _telling(tallies: Sequence[Tally]) -> Tally:
    """Return the tally that the contribution speaks of: the one that multiplies it, else the first with occurrences."""
    each = (tally for tally in tallies if tally.occurrences.frequency is _EACH)
    counted = (tally for tally in tallies if tally.counted)
    return next(each, next(counted, tallies[0]))
