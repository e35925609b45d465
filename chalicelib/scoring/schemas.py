"""Scoring as clients send and get it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from chalicelib.http import ListQuery, Schema
from chalicelib.scoring.model import ScoringModel


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
    contact_id: str | None = None
    account_id: str | None = None
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


class LeadManagementChange(Schema):
    """Whether lead management is on."""

    enabled: Annotated[
        bool,
        Field(
            description="Off, no scoring model and no qualification can be made, changed or published. "
            "It goes off only when none is live; drafts stay, and so do scores that the configuration keeps."
        ),
    ]


class LeadManagementView(LeadManagementChange):
    off_since: datetime | None
    version: int
