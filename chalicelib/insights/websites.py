"""A website's insights: its most seen pages, where people come from, and what happened day by day (WEB-7)."""

from collections.abc import Mapping
from datetime import date, datetime

from chalicelib.capture.websites import service as websites
from chalicelib.capture.websites import webpages
from chalicelib.insights import service
from chalicelib.insights.counting import OF_COUNTRY, PAGE_SHARDS, SESSIONS, pages_of, site_in, site_of
from chalicelib.insights.schemas import SeenCountry, SeenPage, VisitedDay, WebsiteInsights
from chalicelib.interactions.types import InteractionType

TOP = 10
VISITED, CLICKED = InteractionType.WEBSITE_VISITED, InteractionType.WEBSITE_CLICKED


def insights(website_id: str, months: int, now: datetime) -> WebsiteInsights:
    """Return what happened on a website. Raises NotFound."""
    websites.find(website_id)
    figures = service.figures(site_of(website_id))
    countries = {name.removeprefix(OF_COUNTRY): seen for name, seen in figures.items() if name.startswith(OF_COUNTRY)}
    return WebsiteInsights(
        website_id=website_id,
        visits=figures.get(VISITED, 0),
        clicks=figures.get(CLICKED, 0),
        sessions=figures.get(SESSIONS, 0),
        pages=_pages(website_id),
        countries=[SeenCountry(country=name, visits=seen) for name, seen in _most_first(countries)],
        timeline=[day for month in service.months(now.date(), months) for day in _days(website_id, month)],
    )


def _most_first(figures: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(figures.items(), key=lambda each: (-each[1], each[0]))


def _pages(website_id: str) -> list[SeenPage]:
    """Return the ten that were seen most; all that there was no room for are one, without an address."""
    parts = [service.figures(pages_of(website_id, part)) for part in range(PAGE_SHARDS)]
    seen = {number: times for part in parts for number, times in part.items()}
    addresses = webpages.all_of(website_id)
    return [SeenPage(url=addresses.get(number), visits=times) for number, times in _most_first(seen)[:TOP]]


def _days(website_id: str, month: date) -> list[VisitedDay]:
    figures = service.figures(site_in(website_id, month.isoformat()))
    days = sorted({name.partition(":")[2] for name in figures})
    return [
        VisitedDay(
            day=month.replace(day=int(day)),
            visits=figures.get(f"{VISITED}:{day}", 0),
            clicks=figures.get(f"{CLICKED}:{day}", 0),
        )
        for day in days
    ]
