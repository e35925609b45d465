"""A scoring model as it stands in documents: rules that give points, grades, and the score that makes a lead ready."""

from enum import StrEnum

from pydantic import Field, StrictInt

from chalicelib.conditions.durations import DurationText
from chalicelib.conditions.schemas import AttributeClause, Condition, Part

MOST_POINTS = 1_000_000


class Frequency(StrEnum):
    """How often the occurrences of an interaction score (9.4)."""

    EACH = "each"
    AT_LEAST = "at_least"
    NONE = "none"


class Target(StrEnum):
    """Whose leads a model scores: those with a parent contact, or account-based ones (SCO-6)."""

    CONTACT = "contact"
    ACCOUNT = "account"


class RuleCondition(Part):
    """One child of a rule: an interaction, with frequency and range, or a record; all expressions have to hold."""

    name: str = Field(default="", max_length=100)
    entity: str = Field(
        min_length=1,
        max_length=200,
        description="An interaction, or a record by its path of at most five hops from the lead (9.4).",
        examples=["EmailClicked", "EmailClicked.contact", "lead", "contact", "lead.contact.account"],
    )
    frequency: Frequency | None = Field(default=None, description="Interactions only; at_least where nothing is said.")
    times: int | None = Field(default=None, ge=1, le=10_000, description="How many at_least asks for; 1.")
    within: DurationText | None = Field(default=None, description="The date range; without one everything counts.")
    where: tuple[AttributeClause, ...] = Field(default=(), max_length=20)
    include_machine: bool = False


class Rule(Part):
    """Conditions that all have to hold, and the points that they give then."""

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    name: str = Field(default="", max_length=100)
    conditions: tuple[RuleCondition, ...] = Field(max_length=10)
    points: int = Field(strict=True, ge=-MOST_POINTS, le=MOST_POINTS)


class GradeOperator(StrEnum):
    """Another way to write a range (RSC-6)."""

    LESS_THAN = "less_than"
    MORE_THAN = "more_than"
    BETWEEN = "between"


class Grade(Part):
    """A name for the scores from `min` to `max`, both included; the outermost may be open.

    An operator with its values says the same: less than 26 is up to 25, more than 60 is from 61 on.
    """

    name: str = Field(min_length=1, max_length=100)
    min: int | None = Field(default=None, strict=True)
    max: int | None = Field(default=None, strict=True)
    operator: GradeOperator | None = None
    values: tuple[StrictInt, ...] = Field(default=(), max_length=2)


class ScoringModel(Part):
    """What a marketer edits; `check` says whether it can go live."""

    name: str = Field(min_length=1, max_length=100)
    description: str = Field(default="", max_length=2000)
    target: Target = Target.CONTACT
    minimum_consent: int | None = Field(default=None, ge=1, le=5)
    sales_ready_score: int | None = Field(default=None, strict=True, ge=-MOST_POINTS, le=MOST_POINTS)
    grades: tuple[Grade, ...] = Field(default=(), max_length=20)
    entry: Condition | None = Field(
        default=None, description="What a lead has to be like to be scored at all: fields of the lead, as lead.topic."
    )
    count_contact_interactions: bool = Field(
        default=True, description="Off, what the contact did counts only where it belongs to the lead itself (RSC-7)."
    )
    rules: tuple[Rule, ...] = Field(default=(), max_length=100)
    time_zone: str = Field(default="UTC", max_length=64)
