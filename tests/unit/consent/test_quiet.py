"""When the quiet time of a compliance profile is over, by the clocks of its place."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.consent.points.quiet import Quiet
from chalicelib.consent.points.schemas import QuietTime

FROM, UNTIL = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-01-01")
NIGHT = {"begins": time(20), "ends": time(8)}
WEEKEND = {"begins": time(0), "ends": time(0), "weekdays": (6, 7)}
FRIDAY_NIGHT_AND_SATURDAY = {"begins": time(18), "ends": time(18), "weekdays": (5,)}


def over(at, zone="Europe/Copenhagen", **hours):
    found = Quiet(time_zone=zone, **hours).over(datetime.fromisoformat(at))
    return found and found.isoformat()


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        (NIGHT, "2026-03-02T12:00:00+01:00", None),
        (NIGHT, "2026-03-02T19:59:59+01:00", None),
        (NIGHT, "2026-03-02T20:00:00+01:00", "2026-03-03T07:00:00+00:00"),
        (NIGHT, "2026-03-03T07:59:59+01:00", "2026-03-03T07:00:00+00:00"),
        (NIGHT, "2026-03-03T08:00:00+01:00", None),
        (NIGHT, "2026-03-28T23:00:00+01:00", "2026-03-29T06:00:00+00:00"),  # the clocks go forward in that night
        (NIGHT | {"zone": "America/New_York"}, "2026-03-02T20:00:00+01:00", None),
        (NIGHT | {"weekdays": (1,)}, "2026-03-03T02:00:00+01:00", "2026-03-03T07:00:00+00:00"),
        (NIGHT | {"weekdays": (1,)}, "2026-03-03T21:00:00+01:00", None),
        (WEEKEND, "2026-03-06T23:59:00+01:00", None),
        (WEEKEND, "2026-03-07T00:00:00+01:00", "2026-03-08T23:00:00+00:00"),
        (FRIDAY_NIGHT_AND_SATURDAY, "2026-03-07T12:00:00+01:00", "2026-03-07T17:00:00+00:00"),
    ],
)
@pytest.mark.rule("RCN-2")
def test_quiet_time_is_over_when_the_clocks_of_its_place_say_so(hours, at, expected):
    assert over(at, **hours) == expected


@given(
    begins=st.times(),
    ends=st.times(),
    weekdays=st.sets(st.integers(1, 7), min_size=1).map(sorted),
    at=st.datetimes(FROM, UNTIL, timezones=st.just(UTC)),
)
def test_quiet_time_that_is_not_endless_comes_to_an_end_at_which_it_is_quiet_no_more(begins, ends, weekdays, at):
    quiet = Quiet(time_zone="Europe/Copenhagen", begins=begins, ends=ends, weekdays=tuple(weekdays))

    end = at if quiet.is_endless else quiet.over(at) or at

    assert at <= end <= at + timedelta(days=8)
    assert quiet.is_endless or quiet.over(end) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends": "20:00"},
        {"time_zone": "Mars"},
        {"begins": "20:00+01:00"},
        {"weekdays": []},
        {"weekdays": [8]},
    ],
)
def test_quiet_time_that_would_never_end_or_is_not_of_this_world_is_refused(wrong):
    with pytest.raises(ValidationError):
        QuietTime.model_validate({"time_zone": "Europe/Copenhagen", "begins": "20:00", "ends": "08:00", **wrong})
