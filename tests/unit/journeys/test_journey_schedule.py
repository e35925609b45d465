"""When waits end, and which iteration runs."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.journeys.document import JourneyDocument, WaitFor, WaitUntil, Window
from chalicelib.journeys.schedule import allowed, deadline, iteration, iteration_start
from tests.support.journeys import document, mail

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)


def waits(duration, **more):
    return WaitFor.model_validate({"kind": "wait_for", "duration": duration, **more})


def until(at, **more):
    return WaitUntil.model_validate({"kind": "wait_until", "at": at, **more})


@pytest.mark.rule("JRN-41")
def test_a_wait_for_counts_from_each_arrival():
    assert deadline(waits("PT36H"), TUESDAY, COPENHAGEN) == TUESDAY + timedelta(hours=36)


@pytest.mark.rule("JRN-41")
def test_a_wait_until_is_read_on_the_clocks_of_the_journey():
    summer = until("2026-07-01T09:00:00")

    assert deadline(summer, datetime(2026, 6, 1, tzinfo=UTC), COPENHAGEN) == datetime(2026, 7, 1, 7, tzinfo=UTC)


@pytest.mark.rule("JRN-41")
def test_a_moment_that_is_past_holds_nobody():
    assert deadline(until("2026-01-01T09:00:00"), TUESDAY, COPENHAGEN) == TUESDAY


def test_a_time_in_a_clock_gap_moves_forward_and_of_two_the_first_counts():
    before = datetime(2026, 1, 1, tzinfo=UTC)

    assert deadline(until("2026-03-29T02:30:00"), before, COPENHAGEN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert deadline(until("2026-10-25T02:30:00"), before, COPENHAGEN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.rule("JRN-42")
def test_a_window_releases_at_its_first_allowed_moment():
    office = Window(weekdays=[1, 2, 3, 4, 5], opens=time(9), closes=time(17))
    saturday = datetime(2026, 11, 28, 12, tzinfo=UTC)

    assert allowed(saturday, office, COPENHAGEN) == datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert allowed(TUESDAY, office, COPENHAGEN) == TUESDAY
    assert allowed(TUESDAY.replace(hour=16), office, COPENHAGEN) == datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.mark.rule("JRN-42")
def test_a_window_past_midnight_belongs_to_the_day_it_opens_on():
    night = Window(weekdays=[5], opens=time(22), closes=time(2))
    early_saturday = datetime(2026, 11, 28, 0, 30, tzinfo=UTC)

    assert allowed(early_saturday, night, COPENHAGEN) == early_saturday


@given(some.integers(0, 2 * 366 * 24 * 60), some.sets(some.integers(1, 7), max_size=7))
def test_a_release_is_never_early_and_always_on_an_allowed_day(minutes, weekdays):
    earliest = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    window = Window(weekdays=sorted(weekdays), opens=time(8), closes=time(18))

    released = allowed(earliest, window, COPENHAGEN)

    local = released.astimezone(COPENHAGEN)
    assert released >= earliest
    assert not weekdays or local.isoweekday() in weekdays
    assert time(8) <= local.time() < time(18)


def recurring(start, **more):
    content = document({"m": mail()}, start=start.isoformat(), time_zone="Europe/Copenhagen", **more)
    return JourneyDocument.model_validate(content)


@pytest.mark.rule("JRN-16")
def test_the_iteration_is_a_function_of_schedule_and_clock():
    start = datetime(2026, 3, 1, 8, tzinfo=UTC)
    journey = recurring(start, recurrence={"interval_days": 30, "count": 3})

    assert iteration(journey, start, start - timedelta(seconds=1)) == 0
    assert iteration(journey, start, start) == 1
    assert iteration(journey, start, start + timedelta(days=100)) == 3


@pytest.mark.rule("JRN-16")
def test_an_iteration_keeps_the_local_hour_when_the_clocks_change():
    start = datetime(2026, 3, 1, 8, tzinfo=UTC)  # nine o'clock in Copenhagen
    journey = recurring(start, recurrence={"interval_days": 30, "count": 3})

    second = iteration_start(journey, start, 2)

    assert second == datetime(2026, 3, 31, 7, tzinfo=UTC)
    assert iteration(journey, start, second) == 2
    assert iteration(journey, start, second - timedelta(seconds=1)) == 1
