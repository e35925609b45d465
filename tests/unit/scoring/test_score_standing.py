"""How far a score can be relied on: every status from what is stored."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.scoring.explanations.standing import PATIENCE, Known, standing
from chalicelib.scoring.schemas import ScoreStatus

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SOON, SHORTLY, LONG_AGO = NOW + timedelta(days=1), NOW - timedelta(minutes=1), NOW - PATIENCE


@pytest.mark.rule("SCO-26")
@pytest.mark.parametrize(
    ("scored_by", "known", "status"),
    [
        (2, Known(version=2), "up_to_date"),
        (2, Known(version=2, due=SOON), "up_to_date"),
        (2, Known(version=None), "obsolete"),
        (2, Known(version=None, failed_at=NOW), "obsolete"),
        (2, Known(version=2, due=SHORTLY), "in_progress"),
        (2, Known(version=2, due=LONG_AGO), "error"),
        (2, Known(version=2, failed_at=SHORTLY, failure="KeyError", due=SOON), "error"),
        (2, Known(version=2, moved=True), "in_progress"),
        (1, Known(version=2), "in_progress"),
        (1, Known(version=2, job_state="waiting"), "in_progress"),
        (1, Known(version=2, job_state="running"), "in_progress"),
        (1, Known(version=2, job_state="done", job_ended_at=SHORTLY), "in_progress"),
        (1, Known(version=2, job_state="done", job_ended_at=LONG_AGO), "error"),
        (1, Known(version=2, job_state="set-aside"), "error"),
        (1, Known(version=2, job_state="cancelled"), "obsolete"),
        (2, Known(version=2, job_state="set-aside"), "up_to_date"),
        (None, Known(version=1, job_state="running"), "in_progress"),
        (None, Known(version=1, job_state="done", job_ended_at=LONG_AGO), "error"),
    ],
)
def test_a_status_follows_from_what_is_stored(scored_by, known, status):
    found = standing(scored_by, known, NOW)

    assert found.status == ScoreStatus(status)
    assert found.reason.endswith(".")


def test_an_error_says_what_went_wrong_and_when_it_is_tried_again():
    found = standing(1, Known(version=1, failed_at=SHORTLY, failure="KeyError", due=SOON), NOW)

    assert "KeyError" in found.reason
    assert "2026-11-25T09:00:00" in found.reason
