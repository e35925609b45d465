"""Use case: what an account's contacts did while they belonged to it, added up from its log (ACC-4, ACC-5)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.conditions.facts import Interaction
from chalicelib.contacts import accounts
from chalicelib.errors import Problem, Unprocessable
from chalicelib.insights import people, tallies
from chalicelib.insights.schemas import AccountInsights
from chalicelib.scoring.accounts import log

MOST = 20_000
"""Rows of the log that are added up: some six megabytes, read in a few seconds."""


def insights(account_id: str, since: date | None, until: date | None, time_zone: str, now: datetime) -> AccountInsights:
    """Return what was done, by type, day and hour, also at accounts that were merged into this one.

    Each thing counts once, whichever contact of a person did it. Raises NotFound, Invalid, Unprocessable for days in
    which more was done than can be added up at once.
    """
    ids, zone = accounts.ids_of_row(accounts.find(accounts.ids_of(account_id)[0])), ZoneInfo(time_zone)
    since, until = people.asked_days(since, until, now, zone)
    begin, end = tallies.midnight(since, zone), tallies.midnight(until + timedelta(days=1), zone)
    members = accounts.members_of(ids)
    told: dict[str, Interaction] = {}
    for each in ids:
        rows = log.rows_between(each, begin, min(end, now + timedelta(microseconds=1)), MOST)
        if len(rows) > MOST:
            fewer = [Problem("date_from", "Ask for fewer days.")]
            raise Unprocessable("The contacts of this account did too much in this time to add it up at once.", fewer)
        told |= {fact.id: fact for fact in log.counting(rows, members, log.known(each))}
    return AccountInsights(
        account_id=ids[0],
        date_from=since,
        date_to=until,
        time_zone=time_zone,
        **people.added_up(list(told.values()), zone),
    )
