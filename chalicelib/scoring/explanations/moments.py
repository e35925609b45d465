"""Use cases: why a score is what it is now, what it was at a moment, and what changed between two.

The present is computed from the facts; the past is what was stored then, and never computed from what is known now.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from chalicelib.clock import as_text
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import LIVE_STATES
from chalicelib.errors import Invalid, Problem
from chalicelib.leads import reading as leads
from chalicelib.leads.models import Lead
from chalicelib.scoring.deciding import shown
from chalicelib.scoring.engine import score
from chalicelib.scoring.explanations import differing, sight, wording
from chalicelib.scoring.explanations.differing import Then
from chalicelib.scoring.explanations.reasons import Reason, reasons
from chalicelib.scoring.explanations.schemas import (
    Basis,
    DifferenceView,
    ExplanationView,
    PartView,
    RuleDifference,
    RuleView,
)
from chalicelib.scoring.live import KIND, Model, published
from chalicelib.scoring.model import Rule
from chalicelib.scoring.models import Score, ScoreChange
from chalicelib.scoring.schemas import ModelDocument


def explain(lead_id: str, model_id: str, at: datetime | None, now: datetime) -> ExplanationView:
    """Explain a score, now or at a moment in the past. Raises NotFound, Invalid for a moment to come."""
    lead = leads.find(lead_id)
    definitions.get(KIND, model_id)
    live = live_definitions.live(KIND, model_id)
    if at is not None:
        _require_past("at", at, now)
        return _stored(lead, model_id, at)
    if live is None:
        found = _stored(lead, model_id, now)
        found.note = f"The model is not live, so nothing is computed. {found.note}"
        return found
    return _computed(lead, published(model_id, live.version), now)


def _require_past(field: str, at: datetime, now: datetime) -> None:
    if at > now:
        raise Invalid("What is to come has no history.", [Problem(field, "This moment lies in the future.")])


# Now ---------------------------------------------------------------------------------------------------------------


def _computed(lead: Lead, model: Model, now: datetime) -> ExplanationView:
    seen = sight.see(lead, model, now)
    found = ExplanationView(
        lead_id=lead.lead_id,
        model_id=model.id,
        at=now,
        basis=Basis.COMPUTED,
        note=seen.refused or "",
        model_version=model.version,
        sales_ready_score=model.threshold,
        stored_score=seen.stored.score if seen.stored else None,
    )
    if seen.facts is None or seen.refused is not None:
        return found
    evaluation = score(model.compiled, seen.facts, now)
    found.score, found.grade = evaluation.score, evaluation.grade
    found.note = _agreement(seen.stored, evaluation.score)
    offered = _rules(model.id, model.version)
    found.rules = [_explained(each, offered[each.rule_id]) for each in reasons(model.compiled, seen.facts, now)]
    return found


def _agreement(before: Score | None, computed: int) -> str:
    if before is None:
        return "This is what the facts say now; no score is stored yet."
    if before.score != computed:
        return f"This is what the facts say now; stored is {before.score}, which is being rescored."
    return "This is what the facts say now, and what is stored."


def _explained(reason: Reason, rule: Rule) -> RuleView:
    given = shown(reason.contribution) if reason.contribution else {}
    parts = [PartView.model_validate(_shown(asdict(part))) for part in reason.parts]
    return _rule(rule, given, holds=reason.contribution is not None, changes_at=reason.changes_at, parts=parts)


def _shown(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part with the value that it saw as text, of whatever type it is."""
    return {**part, "saw": None if part["saw"] is None else str(part["saw"])}


def _rule(rule: Rule, given: Mapping[str, Any], **more: Any) -> RuleView:
    said = {"rule_id": rule.id, "name": rule.name, "text": wording.of_rule(rule), "offers": rule.points}
    return RuleView.model_validate({**said, **given, **more})


def _rules(model_id: str, version: int) -> dict[str, Rule]:
    document = ModelDocument.model_validate(live_definitions.document(KIND, model_id, version))
    return {rule.id: rule for rule in document.rules}


# Then --------------------------------------------------------------------------------------------------------------


def stored_at(lead_id: str, model_id: str, at: datetime) -> ScoreChange | None:
    """Return the last change of a score at or before a moment."""
    first, last = f"HISTORY#{model_id}#", f"HISTORY#{model_id}#{as_text(at)}#~"
    found = ScoreChange.query(
        f"LEAD#{lead_id}", ScoreChange.sk.between(first, last), scan_index_forward=False, limit=1, consistent_read=True
    )
    return next(iter(found), None)


def _stored(lead: Lead, model_id: str, at: datetime) -> ExplanationView:
    change = stored_at(lead.lead_id, model_id, at)
    found = ExplanationView(
        lead_id=lead.lead_id, model_id=model_id, at=at, basis=Basis.STORED, note=_absence(lead, change, at)
    )
    if change is None or change.score is None:
        return found
    found.model_version, found.score, found.grade = change.model_version, change.score, change.grade
    found.sales_ready_score = published(model_id, change.model_version).threshold
    given = {each["rule_id"]: each for each in change.contributions or []}
    found.rules = [
        _rule(rule, given.get(rule.id, {}), holds=rule.id in given)
        for rule in _rules(model_id, change.model_version).values()
    ]
    found.note = (
        f"This is what was stored from {as_text(change.at)} on, with what its rules saw and counted then;"
        f" facts of today are not asked. {_versions(model_id, change.model_version, at)}"
    )
    return found


def _absence(lead: Lead, change: ScoreChange | None, at: datetime) -> str:
    if change is not None:
        return f"The score was taken away at {as_text(change.at)}: {change.why}"
    if at < lead.created_at:
        return f"The lead was not there yet: it was made at {as_text(lead.created_at)}."
    return "No score of this model had been stored by then."


def _versions(model_id: str, version: int, at: datetime) -> str:
    """Say by which version the score was, and whether another one was live already."""
    before = [each for each in definitions.milestones(KIND, model_id) if each.at <= at]
    if not before or before[-1].state not in LIVE_STATES:
        return f"It is by version {version}; the model was not live at that moment."
    live = before[-1].at_version
    if live == version:
        return f"It is by version {version}, which was live."
    return (
        f"It is by version {version}; version {live} was live, and left its points as they were or was still to come."
    )


# Between -----------------------------------------------------------------------------------------------------------


def difference(lead_id: str, model_id: str, since: datetime, until: datetime | None, now: datetime) -> DifferenceView:
    """Say which rules made a score rise or fall. Raises NotFound, and Invalid for moments that do not do."""
    leads.find(lead_id)
    definitions.get(KIND, model_id)
    later = until or now
    _require_past("until" if until else "since", later, now)
    if since > later:
        raise Invalid("The moments are the wrong way round.", [Problem("since", "It is later than the other moment.")])
    changes = [stored_at(lead_id, model_id, at) for at in (since, later)]
    before, after = (_then(model_id, change, at) for change, at in zip(changes, (since, later), strict=True))
    found = list(differing.differences(before, after))
    return DifferenceView(
        lead_id=lead_id,
        model_id=model_id,
        since=since,
        until=later,
        before=changes[0].score if changes[0] else None,
        after=changes[1].score if changes[1] else None,
        note=_summary(found, changes),
        rules=[RuleDifference.model_validate(asdict(each)) for each in found],
    )


def _then(model_id: str, change: ScoreChange | None, at: datetime) -> Then:
    if change is None or change.score is None:
        return Then(at, None, {}, {})
    offered = {rule.id: rule.points for rule in _rules(model_id, change.model_version).values()}
    return Then(at, change.model_version, {each["rule_id"]: each for each in change.contributions or []}, offered)


def _summary(found: Sequence[differing.Change], changes: Sequence[ScoreChange | None]) -> str:
    before, after = changes
    if after is not None and after.score is None and before is not None and before.score is not None:
        return f"The score was taken away: {after.why}"
    change = sum(each.after - each.before for each in found)
    if not found:
        return "No rule gave other points."
    return f"{len(found)} of its rules gave other points: {change:+} in all."
