from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chalicelib.conditions.durations import END_OF_TIME, Duration, DurationText
from chalicelib.errors import Invalid

BERLIN = ZoneInfo("Europe/Berlin")

durations = st.builds(Duration, *[st.integers(0, 20)] * 7).filter(lambda duration: duration.longest > timedelta(0))
instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_every_part_of_a_duration_is_read():
    duration = Duration.parse("P1Y2M3W4DT5H6M7S")

    assert duration == Duration(1, 2, 3, 4, 5, 6, 7)


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "P",
        "PT",
        "P1",
        "1D",
        "P-1D",
        "P0D",
        "PT0S",
        "PT1.5S",
        "P1DT",
        "P101Y",
        "P1M1Y",
        "p1d",
        " P1D",
        "P١D",
        30,
        None,
    ],
)
def test_what_is_no_duration_is_refused(nonsense):
    with pytest.raises(Invalid):
        Duration.parse(nonsense)


@given(durations)
def test_a_duration_is_written_as_it_is_read(duration):
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-01-31T10:00:00+00:00", "P1M", "2026-02-28T10:00:00+00:00"),
        ("2028-01-31T10:00:00+00:00", "P1M", "2028-02-29T10:00:00+00:00"),
        ("2028-02-29T10:00:00+00:00", "P1Y", "2029-02-28T10:00:00+00:00"),
        ("2026-12-15T10:00:00+00:00", "P2M", "2027-02-15T10:00:00+00:00"),
        ("2026-03-28T12:00:00+01:00", "P1D", "2026-03-29T13:00:00+02:00"),
        ("2026-03-28T12:00:00+01:00", "P1M", "2026-04-28T12:00:00+02:00"),
        ("2026-02-28T02:30:00+01:00", "P1M", "2026-03-28T02:30:00+01:00"),
        ("2026-02-28T02:30:00+01:00", "P1M1D", "2026-03-29T03:30:00+02:00"),
        ("2025-02-28T02:30:00+01:00", "P13M", "2026-03-28T02:30:00+01:00"),
        ("2025-12-29T02:30:00+01:00", "P3M", "2026-03-29T03:30:00+02:00"),
        ("2026-09-25T02:30:00+02:00", "P1M", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_months_step_by_the_calendar_and_days_are_elapsed_time(start, length, end):
    """Decision 6, with the clock changes of decision 28."""
    arrived = Duration.parse(length).after(datetime.fromisoformat(start), BERLIN)

    assert arrived == datetime.fromisoformat(end)


@given(durations, instants)
def test_after_goes_forward_and_before_goes_back_within_the_longest_length(duration, instant):
    later, earlier = duration.after(instant, BERLIN), duration.before(instant, BERLIN)

    assert instant < later <= instant + duration.longest + timedelta(hours=1)
    assert instant - duration.longest - timedelta(hours=1) <= earlier < instant


def test_beyond_the_end_of_time_is_the_end_of_time():
    assert Duration.parse("P1M").after(datetime(9999, 12, 31, tzinfo=UTC)) == END_OF_TIME


def test_a_document_holds_a_duration_as_text():
    field = TypeAdapter(DurationText)

    assert field.dump_json(field.validate_python("P30D")) == b'"P30D"'
    with pytest.raises(ValidationError, match="no duration"):
        field.validate_python("30 days")
