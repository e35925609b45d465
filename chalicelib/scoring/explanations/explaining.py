"""Use cases: show a lead's scores and why, how they changed, the scores of a model, and the model in words."""

from datetime import datetime

from pynamodb.expressions.condition import Condition

from chalicelib.conditions.facts import KnownFacts
from chalicelib.consent import switches
from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.errors import Invalid
from chalicelib.leads import reading as leads
from chalicelib.leads.fields import record_of
from chalicelib.leads.models import Lead
from chalicelib.lists import Asked, Page, mapped, page, partitions
from chalicelib.scoring import reading
from chalicelib.scoring.deciding import Person, entry_refusal, refusal, target_refusal
from chalicelib.scoring.explanations import standing, wording
from chalicelib.scoring.explanations.sight import MERGED
from chalicelib.scoring.explanations.standing import KnownOf, Scored
from chalicelib.scoring.live import KIND, Model, live_models, published
from chalicelib.scoring.models import Score, ScoreChange, ScoringItem
from chalicelib.scoring.schemas import (
    ContributionView,
    LeadScores,
    ModelDocument,
    ModelText,
    RuleText,
    ScoreChangeView,
    ScoreView,
    Unscored,
)
from chalicelib.tokens import seal, unseal


def scores_of_lead(lead_id: str, now: datetime) -> LeadScores:
    """Return a lead's scores, explained, and why live models have none (invariant 14). Raises NotFound."""
    lead = leads.find(lead_id)
    scores = reading.scores_of(lead_id)
    scored = {score.model_id for score in scores}
    missing = [model for model in live_models() if model.id not in scored]
    known = standing.look(
        [
            *map(Scored.of, scores),
            *(_to_come(lead, model) for model in missing),
        ]
    )
    person = reading.person(contacts.who_is(lead.contact_id)) if lead.contact_id and missing else None
    return LeadScores(
        items=[view(score, known, now) for score in scores],
        unscored=[_unscored(lead, model, person, known, now) for model in missing],
    )


def _unscored(lead: Lead, model: Model, person: Person | None, known: KnownOf, now: datetime) -> Unscored:
    if why := refused(person, model, lead, now):
        return Unscored(model_id=model.id, reason=why)
    status, reason = standing.standing(None, known(_to_come(lead, model)), now)
    return Unscored(model_id=model.id, reason=reason, status=status)


def _to_come(lead: Lead, model: Model) -> Scored:
    return Scored(lead.lead_id, model.id, lead.contact_id, lead.account_id)


def refused(person: Person | None, model: Model, lead: Lead, now: datetime) -> str | None:
    """Return why a model may not score a lead of this parent, None where it may."""
    if lead.merged_into is not None:
        return MERGED
    outside = target_refusal(model.compiled.target, lead.contact_id, lead.account_id)
    if outside is not None:
        return outside
    outside, _ = entry_refusal(model.compiled, KnownFacts({"lead": [record_of(lead)]}, {}), now)
    return (refusal(person, switches.counted(model.minimum_consent)) if person else None) or outside


def scores_of_model(model_id: str, asked: Asked, now: datetime) -> Page[ScoreView]:
    """Return a page of a model's scores, the highest first (SCO-27). Raises NotFound."""
    definitions.get(KIND, model_id)
    found: Page[Score] = page(ScoringItem.by_model, partitions(model_id), asked, newest_first=True, kind=Score)
    known = standing.of_scores(found.items)
    return mapped(found, lambda score: view(score, known, now))


def changes(lead_id: str, model_id: str, asked: Asked) -> Page[ScoreChange]:
    """Return a page of how a model's score of a lead changed, newest first. Raises Invalid for another's cursor."""
    pk = f"LEAD#{lead_id}"
    of_model: Condition = ScoreChange.sk.startswith(f"HISTORY#{model_id}#")
    sk = unseal("score-changes", asked.cursor) if asked.cursor else None
    if sk is not None and not sk.startswith(f"HISTORY#{model_id}#"):
        raise Invalid("This cursor belongs to another list. Leave it out, or repeat the query that it came with.")
    place = {"pk": {"S": pk}, "sk": {"S": sk}} if sk is not None else None
    found = list(
        ScoreChange.query(pk, of_model, scan_index_forward=False, limit=asked.limit + 1, last_evaluated_key=place)
    )
    more = len(found) > asked.limit
    return Page(found[: asked.limit], seal("score-changes", found[asked.limit - 1].sk) if more else None)


def view(score: Score, known_of: KnownOf, now: datetime) -> ScoreView:
    known = known_of(Scored.of(score))
    status, reason = standing.standing(score.model_version, known, now)
    return ScoreView(
        lead_id=score.lead_id,
        contact_id=score.contact_id,
        account_id=score.account_id,
        model_id=score.model_id,
        model_version=score.model_version,
        score=score.score,
        grade=score.grade,
        sales_ready_score=published(score.model_id, score.model_version).threshold,
        status=status,
        status_reason=reason,
        reached_at=score.reached_at,
        evaluated_at=score.evaluated_at,
        checked_at=known.checked_at,
        contributions=[ContributionView.model_validate(each) for each in score.contributions],
    )


def change_view(change: ScoreChange) -> ScoreChangeView:
    return ScoreChangeView(
        model_id=change.model_id,
        model_version=change.model_version,
        at=change.at,
        score=change.score,
        grade=change.grade,
        why=change.why,
        contributions=[ContributionView.model_validate(each) for each in change.contributions or []],
    )


def text(model_id: str, version: int | None) -> ModelText:
    """Return a model in sentences: its draft, or a published version. Raises NotFound."""
    definition = definitions.get(KIND, model_id)
    document = definition.document if version is None else live_definitions.document(KIND, model_id, version)
    model = ModelDocument.model_validate(document)
    rules = [RuleText(rule_id=rule.id, name=rule.name, text=wording.of_rule(rule)) for rule in model.rules]
    return ModelText(name=definition.name, version=version, model=list(wording.of_model(model)), rules=rules)
