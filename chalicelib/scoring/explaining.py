"""Use cases: show a lead's scores and why, how they changed, and the scores of a model."""

from pynamodb.expressions.condition import Condition

from chalicelib.clock import now
from chalicelib.conditions.facts import KnownFacts
from chalicelib.definitions import service as definitions
from chalicelib.errors import Invalid
from chalicelib.leads import service as leads
from chalicelib.leads.fields import record_of
from chalicelib.lists import Asked, Page, page, partitions
from chalicelib.scoring import reading
from chalicelib.scoring.deciding import entry_refusal, refusal, target_refusal
from chalicelib.scoring.live import KIND, live_models, published
from chalicelib.scoring.models import Score, ScoreChange, ScoringItem
from chalicelib.scoring.schemas import (
    ContributionView,
    LeadScores,
    ScoreChangeView,
    ScoreStatus,
    ScoreView,
    Unscored,
)
from chalicelib.tokens import seal, unseal


def scores_of_lead(lead_id: str) -> LeadScores:
    """Return a lead's scores, explained, and why live models have none (invariant 14). Raises NotFound."""
    lead = leads.find(lead_id)
    scores = reading.scores_of(lead_id)
    scored = {score.model_id for score in scores}
    missing = [model for model in live_models() if model.id not in scored]
    person = reading.person(lead.contact_id) if lead.contact_id and missing else None
    unscored = []
    for model in missing:
        why = target_refusal(model.compiled.target, lead.contact_id, lead.account_id)
        why = why or (refusal(person, model.minimum_consent) if person else None)
        why = why or entry_refusal(model.compiled, KnownFacts({"lead": [record_of(lead)]}, {}), now())[0]
        unscored.append(Unscored(model_id=model.id, reason=why or "The score is being computed."))
    return LeadScores(items=[view(score) for score in scores], unscored=unscored)


def scores_of_model(model_id: str, asked: Asked) -> Page[Score]:
    """Return a page of a model's scores, the highest first (SCO-27). Raises NotFound."""
    definitions.get(KIND, model_id)
    return page(ScoringItem.by_model, partitions(model_id), asked, newest_first=True, kind=Score)


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


def view(score: Score) -> ScoreView:
    return ScoreView(
        lead_id=score.lead_id,
        contact_id=score.contact_id,
        account_id=score.account_id,
        model_id=score.model_id,
        model_version=score.model_version,
        score=score.score,
        grade=score.grade,
        sales_ready_score=published(score.model_id, score.model_version).threshold,
        status=_status(score),
        reached_at=score.reached_at,
        evaluated_at=score.evaluated_at,
        contributions=[ContributionView.model_validate(each) for each in score.contributions],
    )


def _status(score: Score) -> ScoreStatus:
    live = definitions.live(KIND, score.model_id)
    if live is None:
        return ScoreStatus.OBSOLETE
    return ScoreStatus.UP_TO_DATE if live.version == score.model_version else ScoreStatus.IN_PROGRESS


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
