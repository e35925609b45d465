"""ISO 8601 durations that step as people count: months by the calendar, days and hours as elapsed time (decision 6)."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Any, Self

from msgspec import Struct
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from chalicelib.errors import Invalid

LONGEST = timedelta(days=100 * 12 * 31)
BEGINNING_OF_TIME = datetime.min.replace(tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)

_WRITTEN = re.compile(
    r"P(?=[0-9T])(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,5})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10})S)?)?",
    re.ASCII,
)


class Duration(Struct, frozen=True):
    """A length of time, more than nothing and at most a hundred years."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read `P1Y2M3W4DT5H6M7S` or a part of it. Raise Invalid where it is no duration, nothing, or too long."""
        written = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
        if written is None:
            raise Invalid(
                f"{str(text)[:40]!r} is no duration. Write for example P30D for 30 days or PT12H for 12 hours."
            )
        duration = cls(**{name: int(digits) for name, digits in written.groupdict(default="0").items()})
        if not timedelta(0) < duration.longest <= LONGEST:
            raise Invalid("A duration is more than nothing and at most 100 years.")
        return duration

    @property
    def in_months(self) -> int:
        """The part that steps by the calendar, in months."""
        return 12 * self.years + self.months

    @property
    def elapsed(self) -> timedelta:
        """The part that is elapsed time."""
        return timedelta(weeks=self.weeks, days=self.days, hours=self.hours, minutes=self.minutes, seconds=self.seconds)

    @property
    def longest(self) -> timedelta:
        """The elapsed time of this with every month as long as months get: no calendar makes more of it."""
        return timedelta(days=31 * self.in_months) + self.elapsed

    @property
    def shortest(self) -> timedelta:
        """The elapsed time of this with every month as short as months get."""
        return timedelta(days=28 * self.in_months) + self.elapsed

    def after(self, instant: datetime, zone: tzinfo = UTC) -> datetime:
        """Return the instant that is this much later; months are counted on the clocks of `zone`."""
        return self._step(instant, zone, 1)

    def before(self, instant: datetime, zone: tzinfo = UTC) -> datetime:
        """Return the instant that is this much earlier; months are counted on the clocks of `zone`."""
        return self._step(instant, zone, -1)

    def _step(self, instant: datetime, zone: tzinfo, sign: int) -> datetime:
        try:
            stepped = months_later(instant, sign * self.in_months, zone) if self.in_months else instant.astimezone(UTC)
            return stepped + sign * self.elapsed
        except (OverflowError, ValueError):
            return END_OF_TIME if sign > 0 else BEGINNING_OF_TIME

    def __str__(self) -> str:
        parts = [(getattr(self, name), name) for name in self.__struct_fields__]
        day = "".join(f"{number}{name[0].upper()}" for number, name in parts[:4] if number)
        time = "".join(f"{number}{name[0].upper()}" for number, name in parts[4:] if number)
        return f"P{day}T{time}" if time else f"P{day}"


def months_later(instant: datetime, months: int, zone: tzinfo) -> datetime:
    """Step by calendar months on the clocks of `zone`, to the month's last day where the day is missing.

    A clock time that is skipped moves forward by the gap; of one that comes twice the first counts (decision 28).
    """
    local = instant.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day, fold=0).astimezone(UTC)


def _validated(given: Any) -> Duration:
    if isinstance(given, Duration):
        return given
    try:
        return Duration.parse(given)
    except Invalid as refused:
        raise ValueError(str(refused)) from refused


_to_text: Callable[[Duration], str] = str

DurationText = Annotated[
    Duration,
    PlainValidator(_validated),
    PlainSerializer(_to_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "duration", "examples": ["P30D", "PT12H", "P1M"]}),
]
"""A duration as a field of a document: ISO 8601 text outside, a Duration inside."""
