"""The engine: what the machine's tasks do in one burst. Each commits under the burst's token and revision."""

from datetime import datetime
from typing import Any

from chalicelib.journeys import bursts
from chalicelib.journeys.bursts import Burst, Task
from chalicelib.journeys.leases import claimed
from chalicelib.journeys.resting import rest
from chalicelib.journeys.riding import perform

__all__ = ["claim", "perform", "rest"]


def claim(task: Task, now: datetime) -> dict[str, Any]:
    """Take the lease and say what comes next; nothing where somebody else holds it or nothing is due."""
    enrolment = claimed(task, now)
    if enrolment is None:
        return {**task, "next": "done"}
    burst = Burst.of({**task, "version": enrolment.journey_version}, enrolment, now)
    if bursts.left(burst, enrolment.state, None):
        return burst.over()
    return burst.onward(burst.walker().walk(enrolment.state))
