"""Figures as clients get them."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.http import ListQuery, Schema, TimeZone
from chalicelib.insights.timeline import Kind


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


class ContactInsightsQuery(Schema):
    """The days to look at, both included, of the last twelve months; days and hours are those of the time zone."""

    date_from: date | None = None
    date_to: date | None = None
    time_zone: TimeZone = "UTC"


class TypeTotal(Schema):
    """How often a contact did something; `machines` is how often only a program did (decision 35)."""

    type: str
    group: str
    count: int
    machines: int
    first_at: datetime | None
    last_at: datetime | None


class ContactDay(Schema):
    """What a contact did on a day, by type."""

    day: date
    counts: dict[str, int]


class OpenTimeView(Schema):
    """How often a contact opened messages in an hour of the week; weekday 0 is Monday."""

    weekday: int
    hour: int
    opens: int


class ContactInsights(Schema):
    """What a contact did (CON-9), as any of its identities; `open_times` has the best hour first."""

    contact_id: str
    date_from: date
    date_to: date
    time_zone: str
    totals: list[TypeTotal]
    days: list[ContactDay]
    open_times: list[OpenTimeView]


class AccountInsights(Schema):
    """What an account's contacts did while they belonged to it (ACC-4, ACC-5), as contacts' insights have it."""

    account_id: str
    date_from: date
    date_to: date
    time_zone: str
    totals: list[TypeTotal]
    days: list[ContactDay]
    open_times: list[OpenTimeView]


class TimelineQuery(ListQuery):
    """All that happened, or what is of one kind."""

    kind: Kind | None = None


class TimelineEntry(Schema):
    """Something that happened with a contact; `what` has the fields of its kind."""

    at: datetime
    kind: Kind
    id: str
    what: dict[str, Any]
