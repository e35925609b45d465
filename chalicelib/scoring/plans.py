"""What a rescoring writes: the contact's record, changed scores with their history, removals."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.agenda import due_shard
from chalicelib.dynamodb import Key, Write, delete, put, put_new
from chalicelib.scoring.deciding import Scored, shown
from chalicelib.scoring.models import Dropped, Evaluation, Kept, Score, ScoreChange

WORK = "rescore"
MOST_KNOWN = 20
"""Leads that the record of a contact remembers, so that it stays within one write unit."""
Parts = Sequence[Sequence[Write]]
"""What is written of a lead, in their order: what becomes of it, then its scores; no part is ever torn apart."""
BARRED = timedelta(days=1)
"""How long a score that was dropped keeps the version that made it from writing there."""


def evaluated(
    contact_id: str,
    before: Evaluation | None,
    *,
    leads: Sequence[str],
    evaluated_at: datetime | None,
    due: datetime | None,
) -> tuple[Evaluation, Write]:
    """Return the contact's record as an evaluation leaves it, fenced by the version that it read (design, 3)."""
    version = before.version if before else 0
    record = Evaluation(
        *Evaluation.at(contact_id),
        contact_id=contact_id,
        evaluated_at=evaluated_at,
        leads=sorted(leads)[-MOST_KNOWN:] or None,
        version=version + 1,
    )
    if due is not None:
        record.due_shard, record.due = due_shard(WORK, contact_id), due
    return record, put(record, Evaluation.version == version) if before else put_new(record)


def chunks(by_lead: Iterable[Parts], most: int) -> list[list[Write]]:
    """Return the writes in as few transactions as may be, those of one lead together unless they are too many."""
    found: list[list[Write]] = [[]]
    for parts in by_lead:
        whole = [write for part in parts for write in part]
        for writes in [whole] if len(whole) <= most else parts:
            if len(found[-1]) + len(writes) > most:
                found.append([])
            found[-1].extend(writes)
    return found


def forgotten(contact_id: str, before: Evaluation | None) -> Write:
    """Take away the record of a contact that was deleted, fenced as any evaluation."""
    as_read = Evaluation.version == before.version if before else Evaluation.pk.does_not_exist()
    return delete(Key(Evaluation, *Evaluation.at(contact_id)), as_read)


def rescored(
    lead_id: str,
    contact_id: str | None,
    before: Kept | None,
    scored: Scored,
    now: datetime,
    *,
    account_id: str | None = None,
) -> list[Write]:
    """Put a score that changed, and what it became into its history where points did, of any rule, or the grade.

    A score is of the parent contact, or of the parent account of an account-based lead.
    """
    evaluation = scored.evaluation
    score = Score(
        *Score.at(lead_id, scored.model.id),
        lead_id=lead_id,
        contact_id=contact_id,
        account_id=account_id,
        model_id=scored.model.id,
        model_version=scored.model.version,
        score=evaluation.score,
        grade=evaluation.grade,
        contributions=[shown(contribution) for contribution in evaluation.contributions],
        reached_at=scored.reached_at,
        evaluated_at=now,
        version=before.version + 1 if before else 1,
    )
    score.list_by_model()
    write = put(score, unchanged(before)) if before else put_new(score)
    if isinstance(before, Score) and _told(before) == _told(score):
        return [write]
    change = _change(score, now, score.version)
    change.score, change.grade, change.contributions = score.score, score.grade, score.contributions
    return [write, put(change)]


def _told(score: Score) -> tuple[Any, ...]:
    """Return what the history tells; rules that make up for each other are told too."""
    return score.score, score.grade, [(each["rule_id"], each["points"]) for each in score.contributions]


def unchanged(kept: Kept) -> Condition:
    """Hold while a score is as it was read; versions begin anew where one was taken away."""
    same: Condition = (Score.version == kept.version) & (Score.evaluated_at == kept.evaluated_at)
    return same


def removed(score: Score, why: str, now: datetime) -> list[Write]:
    """Take a score away; its history stays and says why (decision 17)."""
    change = _change(score, now, score.version + 1)
    change.why = why
    return [delete(score.key, unchanged(score)), put(change)]


def dropped(lead_id: str, model_id: str, until: int, kept: Kept | None, why: str, now: datetime) -> list[Write]:
    """Take away what a model says of a lead, and bar its versions up to `until` from saying it again."""
    bar = Dropped(
        *Score.at(lead_id, model_id),
        lead_id=lead_id,
        model_id=model_id,
        model_version=until,
        evaluated_at=now,
        version=kept.version + 1 if kept else 1,
        expires=now + BARRED,
    )
    if kept is None:
        return [put_new(bar)]
    told = removed(kept, why, now)[1:] if isinstance(kept, Score) else []
    return [put(bar, unchanged(kept)), *told]


def _change(score: Score, now: datetime, version: int) -> ScoreChange:
    place = ScoreChange.place(score.lead_id, score.model_id, now, version)
    return ScoreChange(
        *place, lead_id=score.lead_id, model_id=score.model_id, model_version=score.model_version, at=now
    )
