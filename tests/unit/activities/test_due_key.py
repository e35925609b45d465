"""The order of what somebody has to do."""

from datetime import UTC, datetime

from chalicelib.activities.choices import OPEN_ONES, ActivityState, due_key

EARLY, LATE = datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def test_open_ones_come_first_by_due_date_and_those_without_one_after_them():
    wanted = [
        due_key(ActivityState.OPEN, EARLY),
        due_key(ActivityState.OPEN, LATE),
        due_key(ActivityState.OPEN, None),
        due_key(ActivityState.CANCELED, EARLY),
        due_key(ActivityState.COMPLETED, LATE),
    ]

    assert wanted == sorted(wanted)
    assert [key.startswith(OPEN_ONES) for key in wanted] == [True, True, True, False, False]
