"""Figures as clients get them."""

from datetime import date
from typing import Annotated

from pydantic import Field

from chalicelib.http import Schema


class Figures(Schema):
    """Figures by name, each counted exactly once a fact."""

    figures: dict[str, int] = Field(default_factory=dict)


class JourneyFigures(Figures):
    """Figures of a journey, and of each of its tiles (JRN-71)."""

    tiles: dict[str, dict[str, int]] = Field(default_factory=dict)


class InsightsQuery(Schema):
    """How many months the timeline goes back, this one included."""

    months: Annotated[int, Field(ge=1, le=12)] = 3


class SeenPage(Schema):
    """A page, and how often it was seen; without an address it stands for all that figures are not kept of."""

    url: str | None
    visits: int


class SeenCountry(Schema):
    """A country by its two letters, or `unknown`."""

    country: str
    visits: int


class VisitedDay(Schema):
    """What happened on a website on a day (UTC)."""

    day: date
    visits: int
    clicks: int


class WebsiteInsights(Schema):
    """What happened on a website: its ten most seen pages, countries, and the timeline (WEB-7)."""

    website_id: str
    visits: int
    clicks: int
    sessions: int
    pages: list[SeenPage]
    countries: list[SeenCountry]
    timeline: list[VisitedDay]


class Bucket(Schema):
    """Leads whose score lies between `first` and `last`, both included; null has no end."""

    first: int | None
    last: int | None
    leads: int


class Day(Schema):
    """How many leads' scores of a model were made, changed, and taken away on a day (UTC)."""

    day: date
    scored: int
    changed: int
    removed: int


class ModelInsights(Schema):
    """How a model's scores are spread (RSC-11), and how many of them changed day by day (SCO-29).

    `best_tenth` is where the score lies that the best tenth of all leads has at least. `overdue_seconds` is since when
    the oldest rescoring that fell due has been waiting, of all models (SCO-28).
    """

    model_id: str
    scored: int
    best_tenth: Bucket | None
    distribution: list[Bucket]
    grades: dict[str, int]
    without_grade: int
    timeline: list[Day]
    overdue_seconds: float
