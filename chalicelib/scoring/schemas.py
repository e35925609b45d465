"""Scoring as clients send and get it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field

from chalicelib.http import ListQuery, Schema
from chalicelib.scoring.model import ScoringModel
from chalicelib.scoring.previewing import Effect


class ModelDocument(ScoringModel):
    """A scoring model; its name is that of the definition."""

    name: str = Field(default="", max_length=100)


class NewConfiguration(Schema):
    """What happens by itself when leads are scored (9.6)."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    automatic_sales_ready: bool = True
    automated_marketing_qualification: bool = True
    automatic_cleanup: bool = True


class ConfigurationView(Schema):
    """The configuration that counts; without any record all is yes (SCO-25)."""

    name: str = ""
    automatic_sales_ready: bool = True
    automated_marketing_qualification: bool = True
    automatic_cleanup: bool = True
    created_at: datetime | None = None
    created_by: str | None = None


class Configurations(Schema):
    items: list[ConfigurationView]


class ScoreStatus(StrEnum):
    """How far a score can be relied on (SCO-26)."""

    UP_TO_DATE = "up_to_date"
    IN_PROGRESS = "in_progress"
    OBSOLETE = "obsolete"
    ERROR = "error"


class ContributionView(Schema):
    """What one rule gave: its points in all, the occurrences they rest on, and the values that it saw."""

    rule_id: str
    name: str = ""
    points: int
    occurrences: int = 0
    first_interaction_id: str | None = None
    last_interaction_id: str | None = None
    expires_at: datetime | None = None
    saw: list[list[Any]] = Field(default_factory=list)


class ScoreView(Schema):
    """What a model says of a lead, and why.

    `evaluated_at` is since when it has been so, `checked_at` when the facts were last looked at (SCO-28).
    """

    lead_id: str
    contact_id: str
    model_id: str
    model_version: int
    score: int
    grade: str | None = None
    sales_ready_score: int
    status: ScoreStatus
    status_reason: str
    reached_at: datetime | None = None
    evaluated_at: datetime
    checked_at: datetime | None = None
    contributions: list[ContributionView]


class Unscored(Schema):
    """A live model that has no score of the lead, and why; without a status it is not to have one."""

    model_id: str
    reason: str
    status: ScoreStatus | None = None


class LeadScores(Schema):
    """A lead's scores, one a model (SCO-27), and what keeps other models from scoring it."""

    items: list[ScoreView]
    unscored: list[Unscored]


class ScoreChangeView(Schema):
    """A score that changed, or went."""

    model_id: str
    model_version: int
    at: datetime
    score: int | None = None
    grade: str | None = None
    why: str | None = None
    contributions: list[ContributionView] = Field(default_factory=list)


class HistoryQuery(ListQuery):
    """A model's changes of the lead's score, newest first."""

    model_id: Annotated[str, Field(min_length=1, max_length=64)]


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("The calendar does not reach that far.") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant with its zone."""


class ExplainQuery(Schema):
    """The moment to explain; without one it is now."""

    at: Moment | None = None


class PartView(Schema):
    """One thing that a rule asks, whether it holds, and why."""

    text: str
    holds: bool
    why: str
    saw: Any = None
    counted: int | None = None
    needed: int | None = None


class RuleView(Schema):
    """What a rule gave, and why; of the past only what it gave is known.

    `offers` are its points as the model has them, `expires_at` when a part of what it gave goes, `changes_at` until
    when time alone changes nothing of it.
    """

    rule_id: str
    name: str = ""
    text: str = ""
    offers: int | None = None
    holds: bool
    points: int = 0
    occurrences: int = 0
    first_interaction_id: str | None = None
    last_interaction_id: str | None = None
    expires_at: datetime | None = None
    changes_at: datetime | None = None
    saw: list[list[Any]] = Field(default_factory=list)
    parts: list[PartView] = Field(default_factory=list)


class Basis(StrEnum):
    """What an explanation rests on: all facts as they are now, or what was stored."""

    COMPUTED = "computed"
    STORED = "stored"


class ExplanationView(Schema):
    """Why a model says of a lead what it says, or said at a moment."""

    lead_id: str
    model_id: str
    at: datetime
    basis: Basis
    note: str
    model_version: int | None = None
    score: int | None = None
    grade: str | None = None
    sales_ready_score: int | None = None
    stored_score: int | None = None
    rules: list[RuleView] = Field(default_factory=list)


class DifferenceQuery(Schema):
    """The moments to compare; without `until` the later one is now."""

    since: Moment
    until: Moment | None = None


class RuleDifference(Schema):
    """A rule that gave other points at the later moment, and why."""

    rule_id: str
    name: str = ""
    before: int
    after: int
    why: str


class DifferenceView(Schema):
    """What made a score rise or fall between two moments, rule by rule: the differences sum to that of the scores."""

    lead_id: str
    model_id: str
    since: datetime
    until: datetime
    before: int | None
    after: int | None
    note: str
    rules: list[RuleDifference]


class TextQuery(Schema):
    """A published version; without one it is the draft."""

    version: Annotated[int, Field(ge=1, le=999_999)] | None = None


class RuleText(Schema):
    rule_id: str
    name: str = ""
    text: str


class ModelText(Schema):
    """A model in sentences, to be read only (SCO-15)."""

    name: str
    version: int | None
    model: list[str]
    rules: list[RuleText]


class FileView(Schema):
    """A file to be fetched from `url`, which works for a quarter of an hour; ask again for another one."""

    url: str
    rows: int
    bytes: int


class ExportView(Schema):
    """An export of a model's scores: how far it is, and its files once it is done. All of it is kept for a day."""

    id: str
    model_id: str
    state: str
    reason: str | None = None
    leads_seen: int
    slices_finished: int
    rows: int | None = None
    files: list[FileView] = Field(default_factory=list)
    created_at: datetime
    created_by: str
    expires_at: datetime


class NewPreview(Schema):
    """How many leads to look at: all of them, or one in so many, always the same ones."""

    one_in: Annotated[int, Field(ge=1, le=1000)] = 1


class GradeForecast(Schema):
    """How many leads have a grade, and how many would have it."""

    before: int = 0
    after: int = 0


class PreviewView(Schema):
    """What publishing the draft, as it was when the preview began, would do: so far, and whole once `state` is done.

    `effects` says for how many of the leads looked at each holds; a lead without a parent has no score either way.
    """

    id: str
    model_id: str
    live_version: int
    draft_version: int
    one_in: int
    state: str
    reason: str | None = None
    leads: int
    with_parent: int
    slices_finished: int
    effects: dict[Effect, int]
    grades: dict[str, GradeForecast]
    created_at: datetime
    created_by: str
    expires_at: datetime


class PreviewedQuery(ListQuery):
    """The effect of which the leads are listed."""

    effect: Effect


class PreviewedLeadView(Schema):
    """A lead for which publishing would have the effect; null is no score, or no grade."""

    lead_id: str
    contact_id: str
    score_before: int | None
    score_after: int | None
    grade_before: str | None
    grade_after: str | None
