"""How far a score can be relied on (SCO-26): derived from what is stored anyway, so that it cannot lie."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from chalicelib.clock import as_text
from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as definitions
from chalicelib.definitions.jobs import JobState
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import Key, Notes, read
from chalicelib.leads.models import Lead, lead_key
from chalicelib.scoring.accounts.items import AccountEvaluation
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
    """What is stored about a score's making: of its lead, its parent's evaluations, its model's publication."""

    moved: bool = False
    """Whether the lead has another parent by now."""
    version: int | None = None
    """The model's live version, None where it is not live."""
    checked_at: datetime | None = None
    """When the parent's facts were last looked at."""
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
        return Standing(ScoreStatus.IN_PROGRESS, "The lead has another parent since; it is being rescored.")
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


class Scored(Struct, frozen=True):
    """A score that is there or is to come: of which lead, by which model, for which parent."""

    lead_id: str
    model_id: str
    contact_id: str | None
    account_id: str | None = None

    @classmethod
    def of(cls, score: Score) -> "Scored":
        return cls(score.lead_id, score.model_id, score.contact_id, score.account_id)

    @property
    def evaluation(self) -> Key | None:
        """Where the record of its parent's evaluations lies."""
        if self.contact_id is not None:
            return Key(Evaluation, *Evaluation.at(self.contact_id))
        return Key(AccountEvaluation, *AccountEvaluation.at(self.account_id)) if self.account_id else None


KnownOf = Callable[[Scored], Known]


def look(asked: Iterable[Scored]) -> KnownOf:
    """Read together what decides on these scores."""
    wanted, notes = list(asked), Notes()
    notes.expect(lead_key(each.lead_id) for each in wanted)
    notes.expect(each.evaluation for each in wanted if each.evaluation is not None)
    publications = _publications(sorted({each.model_id for each in wanted}))

    def known(scored: Scored) -> Known:
        [lead] = notes.look([lead_key(scored.lead_id)])
        [evaluation] = notes.look([scored.evaluation]) if scored.evaluation is not None else [None]
        version, job = publications[scored.model_id]
        return Known(
            moved=lead is None or not _still_of(lead, scored, notes),
            version=version,
            checked_at=evaluation.evaluated_at if evaluation else None,
            due=evaluation.due if evaluation else None,
            failed_at=evaluation.failed_at if isinstance(evaluation, Evaluation) else None,
            failure=evaluation.failure if isinstance(evaluation, Evaluation) else None,
            job_state=job.state if job else None,
            job_ended_at=job.ended_at if job else None,
        )

    return known


def _still_of(lead: Lead, scored: Scored, notes: Notes) -> bool:
    """Return whether the lead's parent is whom it was scored for; where that one was merged, who it is by now."""
    if lead.contact_id is None or scored.contact_id is None:
        return lead.contact_id == scored.contact_id and lead.account_id == scored.account_id
    return lead.contact_id == scored.contact_id or contacts.who_is(lead.contact_id, notes.look).id == scored.contact_id


def _publications(model_ids: Sequence[str]) -> dict[str, tuple[int | None, Job | None]]:
    live = {model_id: definitions.live(KIND, model_id) for model_id in model_ids}
    named = {model_id: f"{KIND}-{model_id}-{one.version}" for model_id, one in live.items() if one is not None}
    found = dict(zip(named, read(Key(Job, *Job.at(job_id)) for job_id in named.values()), strict=True))
    return {model_id: (one.version if one else None, found.get(model_id)) for model_id, one in live.items()}


def of_scores(scores: Iterable[Score]) -> KnownOf:
    return look(map(Scored.of, scores))
