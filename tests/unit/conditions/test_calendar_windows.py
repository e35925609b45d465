"""Windows of calendar months: the quick count is the one that steps from every interaction."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from chalicelib.conditions.behaviour import Window
from chalicelib.conditions.durations import Duration
from chalicelib.conditions.facts import Interaction

ZONES = ["UTC", "Europe/Copenhagen", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe"]
START = datetime(2010, 6, 1, tzinfo=UTC)
instants = some.integers(0, 20_000).map(lambda hours: START + timedelta(hours=hours))


def facts(timeline):
    return [Interaction(str(number), "A", at) for number, at in enumerate(sorted(timeline))]


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=150, deadline=None)
@given(some.lists(instants, max_size=30), instants, some.sampled_from(["P1M", "P2M", "P1Y", "P1M3DT5H"]))
@example(
    [datetime(2011, 1, 29, 5, tzinfo=UTC), datetime(2011, 1, 31, 1, tzinfo=UTC)],
    datetime(2011, 2, 28, 3, tzinfo=UTC),
    "P1M",
)
def test_what_counts_is_what_stepping_from_each_says(zone, timeline, now, length):
    window = Window(Duration.parse(length), ZoneInfo(zone))
    happened = [fact for fact in facts(timeline) if fact.at <= now]

    counted = window.counted(happened, now)

    assert list(counted) == [fact for fact in happened if now < window.length.after(fact.at, window.zone)]


@given(
    some.sampled_from(
        [datetime(1, 1, 5, tzinfo=UTC), datetime(1, 3, 1, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)]
    )
)
def test_the_ends_of_the_calendar_are_no_trouble(now):
    window = Window(Duration.parse("P1Y"))

    assert window.counted([Interaction("1", "A", now)], now) == [Interaction("1", "A", now)]
