"""What somebody did, added up: by type, by day, by the hour of the week; pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, tzinfo
from enum import StrEnum

from msgspec import Struct

from chalicelib.conditions.facts import Interaction, Verdict
from chalicelib.interactions.types import InteractionType

MONTHS_SHOWN = 12
"""What is older stays stored, and is not shown (INT-5)."""


class Group(StrEnum):
    """The categories of a person's insights (20.1)."""

    EMAIL = "email"
    WEB = "web"
    EVENT = "event"
    FORM = "form"
    LIST = "list"
    OTHER = "other"


BEGINNINGS: Mapping[str, Group] = {
    "Email": Group.EMAIL,
    "Website": Group.WEB,
    "Redirect": Group.WEB,
    "Event": Group.EVENT,
    "Session": Group.EVENT,
    "Form": Group.FORM,
    "ConfirmableForm": Group.FORM,
    "LinkedInForm": Group.FORM,
    "Segment": Group.LIST,
}
"""How the types of each category begin; what begins with none of these is of no category."""


def group_of(type_: str) -> Group:
    if type_ == InteractionType.EMAIL_SUBSCRIPTION_SUBMIT:
        return Group.LIST
    return next((group for start, group in BEGINNINGS.items() if type_.startswith(start)), Group.OTHER)


class Total(Struct, frozen=True):
    """How often somebody did something, how often only a machine did, and when a person did it first and last."""

    type: str
    group: Group
    count: int
    machines: int
    first_at: datetime | None
    last_at: datetime | None


def totals(found: Iterable[Interaction]) -> list[Total]:
    """Return what was done by type; what nobody knows yet and what was taken back is left out (decision 35)."""
    by_type: dict[str, list[Interaction]] = defaultdict(list)
    for each in found:
        if each.verdict in {Verdict.HUMAN, Verdict.MACHINE}:
            by_type[each.type].append(each)
    return [_total(type_, by_type[type_]) for type_ in sorted(by_type)]


def _total(type_: str, found: list[Interaction]) -> Total:
    by_people = [each.at for each in found if each.verdict is Verdict.HUMAN]
    return Total(
        type_,
        group_of(type_),
        len(by_people),
        len(found) - len(by_people),
        min(by_people, default=None),
        max(by_people, default=None),
    )


def days(found: Iterable[Interaction], zone: tzinfo) -> dict[date, dict[str, int]]:
    """Return what people did day by day, by type; days without anything are left out."""
    counted: dict[date, Counter[str]] = defaultdict(Counter)
    for each in found:
        if each.verdict is Verdict.HUMAN:
            counted[each.at.astimezone(zone).date()][each.type] += 1
    return {day: dict(sorted(counted[day].items())) for day in sorted(counted)}


class OpenTime(Struct, frozen=True):
    """An hour of the week (0 is Monday), and how often somebody opened a message in it."""

    weekday: int
    hour: int
    opens: int


def open_times(found: Iterable[Interaction], zone: tzinfo) -> list[OpenTime]:
    """Return the hours of the week in which somebody opened messages, the best first (CON-9)."""
    opened = [
        each.at.astimezone(zone)
        for each in found
        if each.type == InteractionType.EMAIL_OPENED and each.verdict is Verdict.HUMAN
    ]
    counted = Counter((at.weekday(), at.hour) for at in opened)
    ordered = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    return [OpenTime(weekday, hour, opens) for (weekday, hour), opens in ordered]


def earliest(today: date) -> date:
    """Return the first day that is shown: twelve months ago, by the calendar."""
    try:
        return today.replace(year=today.year - MONTHS_SHOWN // 12)
    except ValueError:  # the 29th of February
        return today.replace(year=today.year - MONTHS_SHOWN // 12, day=28)


def span(since: date | None, until: date | None, now: datetime, zone: tzinfo) -> tuple[date, date]:
    """Return the days that are asked for: within the last twelve months. Raises ValueError with a sentence."""
    today = now.astimezone(zone).date()
    first = earliest(today)
    since, until = since or first, until or today
    if since < first:
        raise ValueError(f"Insights show the last {MONTHS_SHOWN} months: from {first.isoformat()} on.")
    if until < since:
        raise ValueError("The last day cannot come before the first one.")
    return since, min(until, today)


def within(at: datetime, since: date, until: date, zone: tzinfo) -> bool:
    return since <= at.astimezone(zone).date() <= until


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
