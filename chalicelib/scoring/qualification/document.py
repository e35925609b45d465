"""Qualification as it stands in documents: which scores qualify a lead, and what that does to it (RSC-12)."""

from collections.abc import Iterator
from enum import StrEnum

from pydantic import Field

from chalicelib.conditions.schemas import Part
from chalicelib.errors import Problem
from chalicelib.scoring.model import MOST_POINTS

MOST_CRITERIA = 10


class Combination(StrEnum):
    """Whether every criterion has to be met, at one and the same time, or any one of them."""

    ALL = "all"
    ANY = "any"


class Criterion(Part):
    """A model's score is at the minimum or above."""

    model_id: str = Field(min_length=1, max_length=64)
    minimum: int = Field(strict=True, ge=-MOST_POINTS, le=MOST_POINTS)


class Qualification(Part):
    """What a marketer edits; `check` says whether it can go live."""

    name: str = Field(default="", max_length=100)
    description: str = Field(default="", max_length=2000)
    criteria: tuple[Criterion, ...] = Field(default=(), max_length=MOST_CRITERIA)
    combine: Combination = Combination.ALL
    marketing_qualified: bool = Field(default=True, description="Sets the status reason “marketing qualified”.")
    sales_ready: bool = Field(default=False, description="Marks the lead ready for sales.")


def problems_of(qualification: Qualification) -> Iterator[Problem]:
    """Yield what keeps a qualification from going live, besides models that are not."""
    if not qualification.criteria:
        yield Problem("/criteria", "Name at least one scoring model and the score that qualifies.")
    if not (qualification.marketing_qualified or qualification.sales_ready):
        yield Problem("/marketing_qualified", "Say what becomes of a lead that qualifies.")
    named = [criterion.model_id for criterion in qualification.criteria]
    for at, model_id in enumerate(named):
        if model_id in named[:at]:
            yield Problem(f"/criteria/{at}/model_id", "This model has a minimum already.")
