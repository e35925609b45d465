"""Explanations of scores as clients ask for them and get them."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field

from chalicelib.http import Schema


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
