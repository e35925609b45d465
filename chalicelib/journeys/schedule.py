"""When waits end: durations from arrival, moments on the journey's clocks, windows of release, iterations; pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.clock import on_clocks
from chalicelib.journeys.document import IfThen, JourneyDocument, WaitFor, WaitUntil, Window

MIDNIGHT = time(0)


def deadline(tile: WaitFor | WaitUntil | IfThen, arrived: datetime, zone: ZoneInfo) -> datetime:
    """Return when a contact that arrived then is released by time alone (JRN-35, JRN-41, JRN-42)."""
    match tile:
        case IfThen():
            return tile.timeout.after(arrived, zone)
        case WaitFor():
            return allowed(tile.duration.after(arrived, zone), tile.window, zone)
        case WaitUntil():
            return allowed(max(on_clocks(tile.at, zone), arrived), tile.window, zone)


def allowed(earliest: datetime, window: Window | None, zone: ZoneInfo) -> datetime:
    """Return the first moment from `earliest` on that lies in the window of release (JRN-42)."""
    if window is None:
        return earliest
    return next((max(earliest, opens) for opens, closes in _openings(earliest, window, zone) if earliest < closes))


def _openings(earliest: datetime, window: Window, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield the window's openings from the day before `earliest` on; one past midnight belongs to its first day."""
    day = earliest.astimezone(zone).date() - timedelta(days=1)
    while True:
        if not window.weekdays or day.isoweekday() in window.weekdays:
            yield _opening(day, window, zone)
        day += timedelta(days=1)


def _opening(day: date, window: Window, zone: ZoneInfo) -> tuple[datetime, datetime]:
    opens, closes = window.opens or MIDNIGHT, window.closes or MIDNIGHT
    last = day if closes > opens else day + timedelta(days=1)
    return on_clocks(datetime.combine(day, opens), zone), on_clocks(datetime.combine(last, closes), zone)


def iteration(document: JourneyDocument, published: datetime, now: datetime) -> int:
    """Return which iteration runs, 1 to count; 0 before the start (JRN-16, decision 28). 1 where nothing recurs."""
    start = document.start or published
    if now < start:
        return 0
    if document.recurrence is None:
        return 1
    number = _whole_intervals(start, now, document.recurrence.interval_days, document.zone) + 1
    return min(number, document.recurrence.count)


def iteration_start(document: JourneyDocument, published: datetime, number: int) -> datetime:
    """Return when an iteration begins: at the local hour of the first."""
    start = document.start or published
    days = (number - 1) * (document.recurrence.interval_days if document.recurrence else 0)
    local = start.astimezone(document.zone).replace(tzinfo=None) + timedelta(days=days)
    return on_clocks(local, document.zone)


def _whole_intervals(start: datetime, now: datetime, days: int, zone: ZoneInfo) -> int:
    first, local = (each.astimezone(zone).replace(tzinfo=None) for each in (start, now))
    number = (local - first).days // days
    # The local hour may lie in a gap, which moves the start; the instants decide.
    return number if on_clocks(first + timedelta(days=number * days), zone) <= now else number - 1


def fits(document: JourneyDocument, published: datetime) -> bool:
    """Return whether all iterations end by the end date: interval × count ≤ end − start, in local days (JRN-16)."""
    if document.recurrence is None or document.end is None:
        return True
    start = document.start or published
    local = document.end.astimezone(document.zone).replace(tzinfo=None)
    length = local - start.astimezone(document.zone).replace(tzinfo=None)
    return timedelta(days=document.recurrence.interval_days * document.recurrence.count) <= length
