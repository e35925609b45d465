"""Decides what a rescoring changes: scores, their removal, and what becomes of the leads; pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict

from chalicelib.conditions.evaluation import evaluate as ask
from chalicelib.conditions.facts import Facts, Interaction, KnownFacts, Record
from chalicelib.conditions.paths import LEAD
from chalicelib.scoring.compiler import CompiledModel
from chalicelib.scoring.engine import Contribution, Evaluation, records_change_at, score, spans
from chalicelib.scoring.live import Model
from chalicelib.scoring.model import Target
from chalicelib.scoring.models import Score

MOMENT = timedelta(microseconds=1)


class Person(Struct, frozen=True):
    """What decides whether somebody may be profiled at all."""

    exists: bool = True
    child: bool = False
    held_back: bool = False
    consent_level: int | None = None


def refusal(person: Person, minimum_consent: int | None) -> str | None:
    """Return why a model may not score somebody's leads, None where it may (SCO-31, SCO-33)."""
    if not person.exists:
        return "The contact does not exist any more."
    if person.child:
        return "Children are not profiled."
    if person.held_back:
        return "The person objected to profiling, or demanded that nothing is done with its data."
    if minimum_consent is not None and (person.consent_level or 0) < minimum_consent:
        return f"The model asks for the consent level {minimum_consent}, which the contact has not given."
    return None


def target_refusal(target: Target, contact_id: str | None, account_id: str | None) -> str | None:
    """Return why a lead with these parents is none of the target's, None if it is (SCO-4, SCO-7)."""
    if not contact_id and not account_id:
        return "The lead has no parent contact and no parent account."
    if target is Target.ACCOUNT and contact_id:
        return "The model scores account-based leads; this one has a parent contact."
    if target is Target.CONTACT and not contact_id:
        return "The model scores leads with a parent contact; this one is account-based."
    return None


def entry_refusal(model: CompiledModel, facts: Facts, now: datetime) -> tuple[str | None, datetime | None]:
    """Return why a lead is none that the model scores (RSC-2), None if it is, and when time alone changes that."""
    if model.entry is None:
        return None, None
    answer = ask(model.entry, facts, now)
    return None if answer.holds else "The lead does not meet the model's entry conditions.", answer.changes_at


class LeadFacts(Struct, frozen=True):
    """The facts of one lead: its own record, where its own paths lead, and what is known of its contact (SCO-19)."""

    lead: Record
    shared: KnownFacts
    related: Mapping[str, Sequence[Record]] = field(default_factory=dict)

    def records(self, entity: str) -> Sequence[Record]:
        if entity == LEAD:
            return (self.lead,)
        return self.related[entity] if entity in self.related else self.shared.records(entity)

    def interactions(self, type_: str, since: datetime | None, *, machines: bool) -> Sequence[Interaction]:
        return self.shared.interactions(type_, since, machines=machines)


class Scored(Struct, frozen=True):
    """A model's evaluation of a lead; `ready_at` is since when it counts as ready for sales, None if it does not."""

    model: Model
    evaluation: Evaluation
    reached_at: datetime | None
    ready_at: datetime | None


def evaluate(
    model: Model,
    facts: LeadFacts,
    before: Score | None,
    now: datetime,
    recycled_at: datetime | None,
) -> Scored:
    """Score a lead. The earliest instant at which it ever reached this version's threshold is kept (decision 17)."""
    created_at: datetime = facts.lead["created_at"]
    evaluation = score(model.compiled, facts, now, min(created_at, now))
    known = before.reached_at if before is not None and _comparable(before, model, facts.lead) else None
    reached_at = min((at for at in (known, evaluation.reached_at) if at is not None), default=None)
    ready_at = reached_at if recycled_at is None else reached_again(model, facts, recycled_at, now)
    return Scored(model, evaluation, reached_at, ready_at)


def _comparable(score: Score, model: Model, lead: Record) -> bool:
    """Return whether a score is by the same version, and of the lead's parent as it is now."""
    account_id = None if lead["contact_id"] else lead["account_id"]
    same_parent = (score.contact_id, score.account_id) == (lead["contact_id"], account_id)
    return same_parent and score.model_version == model.version


def reached_again(model: Model, facts: LeadFacts, recycled_at: datetime, now: datetime) -> datetime | None:
    """Return since when a lead that sales gave back is ready anew, None if it is not.

    It takes something done since: a score at the threshold, and above what it was when the lead came back.
    """
    minimum = max(model.threshold, score(model.compiled, facts, recycled_at).score + 1)
    at: datetime | None = recycled_at
    while at is not None and at <= now:
        until = records_change_at(model.compiled, facts, at)
        last = now if until is None else min(now, until - MOMENT)
        for begun, end in spans(model.compiled, facts, minimum, since=at, now=last):
            if end is None or end > at:
                return max(begun, at)
        at = until
    return None


def differs(before: Score | None, scored: Scored, contact_id: str | None) -> bool:
    """Return whether what is stored is not what was found."""
    return before is None or stored(before) != found(scored, contact_id)


Content = tuple[Any, ...]


def stored(score: Score) -> Content:
    """Return what of a stored score an evaluation decides."""
    return (
        score.contact_id,
        score.model_version,
        score.score,
        score.grade,
        score.contributions,
        score.reached_at,
    )


def found(scored: Scored, contact_id: str | None) -> Content:
    evaluation = scored.evaluation
    return (
        contact_id,
        scored.model.version,
        evaluation.score,
        evaluation.grade,
        [shown(contribution) for contribution in evaluation.contributions],
        scored.reached_at,
    )


def shown(contribution: Contribution) -> dict[str, Any]:
    """Return a contribution as it is stored and shown; what is absent is left out."""
    plain = {name: _plain(value) for name, value in asdict(contribution).items()}
    return {name: value for name, value in plain.items() if value not in (None, [], {})}


def _plain(value: Any) -> Any:
    """Return a value that a rule saw as JSON has it: instants, dates and exact numbers as text, sets in order."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value
