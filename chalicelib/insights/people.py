"""Use case: what a person did in the last twelve months, added up from rows and digests (CON-9)."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.conditions.facts import Interaction
from chalicelib.contacts import service as contacts
from chalicelib.errors import Invalid, Problem
from chalicelib.insights import tallies
from chalicelib.insights.schemas import ContactDay, ContactInsights, OpenTimeView, TypeTotal
from chalicelib.interactions import reading


def insights(contact_id: str, since: date | None, until: date | None, time_zone: str, now: datetime) -> ContactInsights:
    """Return what somebody did, by type, day and hour; each thing once, whichever identity did it. Raises NotFound.

    Of each type 200 rows are read, and the digests of the months that are asked for.
    """
    who, zone = contacts.find_who(contact_id), ZoneInfo(time_zone)
    since, until = asked_days(since, until, now, zone)
    told = _told(who.ids, tallies.midnight(since, zone))
    found = [each for each in told.values() if each.at <= now and tallies.within(each.at, since, until, zone)]
    return ContactInsights(
        contact_id=who.id,
        date_from=since,
        date_to=until,
        time_zone=time_zone,
        **added_up(found, zone),
    )


def asked_days(since: date | None, until: date | None, now: datetime, zone: tzinfo) -> tuple[date, date]:
    """Return the days to look at. Raises Invalid."""
    try:
        return tallies.span(since, until, now, zone)
    except ValueError as error:
        raise Invalid(str(error), [Problem("date_from", str(error))]) from error


def added_up(found: Sequence[Interaction], zone: tzinfo) -> dict[str, Any]:
    """Return what was done by type, by day and by the hour of the week, as it is shown."""
    return {
        "totals": [TypeTotal.model_validate(each) for each in tallies.totals(found)],
        "days": [ContactDay(day=day, counts=counts) for day, counts in tallies.days(found, zone).items()],
        "open_times": [OpenTimeView.model_validate(each) for each in tallies.open_times(found, zone)],
    }


def _told(contact_ids: tuple[str, ...], since: datetime) -> dict[str, Interaction]:
    return {
        each.id: each
        for contact_id in contact_ids
        for type_ in reading.types_of(contact_id)
        for each in reading.told(contact_id, type_, since)
    }
