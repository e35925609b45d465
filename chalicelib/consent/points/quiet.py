"""Quiet time of a compliance profile: hours in which its messages are held, never dropped; pure (RCN-2)."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from chalicelib.clock import on_clocks

EVERY_DAY = tuple(range(1, 8))
AHEAD = 9  # days that are looked at: no quiet time goes on for longer than a week


class Quiet(Struct, frozen=True, kw_only=True):
    """Hours by the clocks of a place; those that end on the next day belong to the weekday on which they begin."""

    time_zone: str
    begins: time
    ends: time
    weekdays: tuple[int, ...] = EVERY_DAY
    transactional: bool = False

    @property
    def is_endless(self) -> bool:
        return self.begins == self.ends and set(self.weekdays) == set(EVERY_DAY)

    def over(self, at: datetime) -> datetime | None:
        """Return when the quiet time that there is at that moment is over; None where there is none."""
        first = at.astimezone(ZoneInfo(self.time_zone)).date() - timedelta(days=1)
        end = at
        for day in (first + timedelta(days=number) for number in range(AHEAD)):
            begins, ends = self._hours(day)
            if day.isoweekday() in self.weekdays and begins <= end < ends:
                end = ends
        return end if end > at else None

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        zone = ZoneInfo(self.time_zone)
        last = day if self.ends > self.begins else day + timedelta(days=1)
        return on_clocks(datetime.combine(day, self.begins), zone), on_clocks(datetime.combine(last, self.ends), zone)
