"""Which stretch of time is pulled next, and how long LinkedIn is left alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.capture.linkedin.windows import LONGEST_PAUSE, Reach, next_window, pause

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


@dataclass
class Progress:
    back_pull_days: int = 90
    pulled_until: datetime | None = None
    swept_at: datetime | None = None


def test_the_first_pull_reaches_back_as_far_as_was_asked():
    window = next_window(Progress(back_pull_days=365), NOW)

    assert (window.reach, window.since, window.until) == (Reach.BACK, NOW - timedelta(days=365), NOW)


def test_a_pull_reaches_two_hours_behind_the_last_one():
    window = next_window(Progress(90, NOW - timedelta(minutes=30), NOW - timedelta(hours=5)), NOW)

    assert (window.reach, window.since) == (Reach.RECENT, NOW - timedelta(minutes=150))


def test_once_a_day_the_last_week_is_swept():
    window = next_window(Progress(90, NOW - timedelta(minutes=30), NOW - timedelta(hours=24)), NOW)

    assert (window.reach, window.since) == (Reach.SWEEP, NOW - timedelta(days=7))


def test_after_a_long_outage_the_sweep_begins_where_the_last_pull_ended():
    window = next_window(Progress(90, NOW - timedelta(days=30), NOW - timedelta(days=30)), NOW)

    assert window.since == NOW - timedelta(days=30, hours=2)


@given(st.lists(st.integers(1, 60 * 24 * 40), max_size=12))
def test_no_instant_is_ever_left_out_between_two_pulls(minutes):
    progress, now = Progress(pulled_until=NOW, swept_at=NOW), NOW
    for each in minutes:
        now += timedelta(minutes=each)
        before, window = progress.pulled_until, next_window(progress, now)
        assert window.since <= before - timedelta(hours=2)
        progress.pulled_until = window.until
        progress.swept_at = window.until if window.reach is Reach.SWEEP else progress.swept_at


def test_linkedin_is_left_alone_as_long_as_it_asks_but_six_hours_at_most():
    assert pause(3, 90.0, lambda: 1.0) == timedelta(seconds=90)
    assert pause(0, 10**9, lambda: 0.0) == LONGEST_PAUSE
    assert pause(0, 0.0, lambda: 0.0) == timedelta(seconds=1)


def test_without_being_told_each_pause_is_twice_as_long():
    pauses = [pause(attempts, None, lambda: 0.0) for attempts in range(12)]

    assert pauses[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert pauses[-1] == LONGEST_PAUSE
