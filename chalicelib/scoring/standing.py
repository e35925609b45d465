"""How far a score can be relied on (SCO-26): derived from what is stored anyway, so that it cannot lie."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from chalicelib.clock import as_text
from chalicelib.definitions import service as definitions
from chalicelib.definitions.jobs import JobState
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import Key, read
from chalicelib.leads.models import Lead
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Evaluation, Score
from chalicelib.scoring.schemas import ScoreStatus

PATIENCE = timedelta(hours=1)
"""SCO-28: scores may be that late."""


class Standing(NamedTuple):
    """A status, and the sentence that says why."""

    status: ScoreStatus
    reason: str


class Known(Struct, frozen=True):
    """What is stored about a score's making: of its lead, its contact's evaluations, its model's publication."""

    moved: bool = False
    """Whether the lead is another contact's by now."""
    version: int | None = None
    """The model's live version, None where it is not live."""
    checked_at: datetime | None = None
    """When the contact's facts were last looked at."""
    due: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None
    job_state: str | None = None
    """Of the job that has everybody rescored by the live version."""
    job_ended_at: datetime | None = None


def standing(model_version: int | None, known: Known, now: datetime) -> Standing:
    """Judge a score of a version of its model; None is a score that is still to come."""
    if known.version is None:
        return Standing(ScoreStatus.OBSOLETE, "The model is not live any more.")
    wrong = _failed(known, now)
    if wrong is not None:
        return Standing(ScoreStatus.ERROR, wrong)
    if known.moved:
        return Standing(ScoreStatus.IN_PROGRESS, "The lead has another parent contact since; it is being rescored.")
    if model_version != known.version:
        return _of_publication(known, now)
    if known.due is not None and known.due <= now:
        return Standing(ScoreStatus.IN_PROGRESS, "Time has changed it, or an evaluation was cut short; it comes next.")
    return Standing(ScoreStatus.UP_TO_DATE, "It is what the facts and the live version say.")


def _failed(known: Known, now: datetime) -> str | None:
    if known.failed_at is not None:
        again = f" It is tried again by {as_text(known.due)}." if known.due else ""
        return f"The rescoring of {as_text(known.failed_at)} failed ({known.failure}).{again}"
    if known.due is not None and known.due <= now - PATIENCE:
        return f"It has been due since {as_text(known.due)} and nobody has rescored it; look at the operations' health."
    return None


def _of_publication(known: Known, now: datetime) -> Standing:
    version = f"version {known.version}"
    if known.job_state == JobState.SET_ASIDE:
        return Standing(ScoreStatus.ERROR, f"Rescoring everybody by {version} was set aside; it can be resumed.")
    if known.job_state == JobState.CANCELLED:
        return Standing(ScoreStatus.OBSOLETE, f"Rescoring everybody by {version} was cancelled.")
    if known.job_ended_at is not None and known.job_ended_at <= now - PATIENCE:
        return Standing(ScoreStatus.ERROR, f"Rescoring everybody by {version} has ended, but this one was left out.")
    return Standing(ScoreStatus.IN_PROGRESS, f"It is being rescored by {version}.")


# What is stored ----------------------------------------------------------------------------------------------------

KnownOf = Callable[[str, str, str | None], Known]
"""lead, model, the contact that it was scored by → what is known."""


def look(asked: Iterable[tuple[str, str, str | None]]) -> KnownOf:
    """Read together what decides on the scores of these leads, models and contacts."""
    wanted = list(asked)
    contact_ids = sorted({contact_id for _, _, contact_id in wanted if contact_id})
    lead_ids = sorted({lead_id for lead_id, _, _ in wanted})
    evaluations = dict(
        zip(contact_ids, read(Key(Evaluation, *Evaluation.at(each)) for each in contact_ids), strict=True)
    )
    parents = {lead.lead_id: lead.contact_id for lead in read(Key(Lead, *Lead.at(each)) for each in lead_ids) if lead}
    publications = _publications(sorted({model_id for _, model_id, _ in wanted}))

    def known(lead_id: str, model_id: str, contact_id: str | None) -> Known:
        evaluation = evaluations.get(contact_id) if contact_id else None
        version, job = publications[model_id]
        return Known(
            moved=parents.get(lead_id) != contact_id,
            version=version,
            checked_at=evaluation.evaluated_at if evaluation else None,
            due=evaluation.due if evaluation else None,
            failed_at=evaluation.failed_at if evaluation else None,
            failure=evaluation.failure if evaluation else None,
            job_state=job.state if job else None,
            job_ended_at=job.ended_at if job else None,
        )

    return known


def _publications(model_ids: Sequence[str]) -> dict[str, tuple[int | None, Job | None]]:
    live = {model_id: definitions.live(KIND, model_id) for model_id in model_ids}
    named = {model_id: f"{KIND}-{model_id}-{one.version}" for model_id, one in live.items() if one is not None}
    found = dict(zip(named, read(Key(Job, *Job.at(job_id)) for job_id in named.values()), strict=True))
    return {model_id: (one.version if one else None, found.get(model_id)) for model_id, one in live.items()}


def of_scores(scores: Iterable[Score]) -> KnownOf:
    return look((score.lead_id, score.model_id, score.contact_id) for score in scores)
