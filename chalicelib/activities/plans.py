"""What activities write."""

from datetime import datetime

from chalicelib.activities.choices import ActivityKind, RegardingKind
from chalicelib.activities.models import Activity
from chalicelib.dynamodb import Write, put_new


def create(  # noqa: PLR0913  each is a field of the activity
    activity_id: str,
    *,
    kind: str,
    subject: str,
    description: str | None,
    owner_id: str | None,
    due: datetime | None,
    regarding_contact_id: str,
    journey_id: str | None,
    enrolment_id: str | None,
    now: datetime,
) -> list[Write]:
    """Make an activity regarding a contact, put if absent: the caller's id is that of the tile's visit (JRN-62)."""
    activity = Activity.new(activity_id, now)
    activity.activity_kind, activity.subject, activity.description = kind, subject, description
    activity.owner_id, activity.due = owner_id, due
    activity.regarding = f"contact#{regarding_contact_id}"
    activity.journey_id, activity.enrolment_id = journey_id, enrolment_id
    activity.list_by_due()
    return [put_new(activity)]


def task_about_lead(
    activity_id: str,
    lead_id: str,
    *,
    subject: str,
    details: str | None,
    owner_id: str | None,
    due: datetime | None,
    now: datetime,
) -> list[Write]:
    """Make a task regarding a lead, put if absent: the caller's id is that of what it was made for."""
    task = Activity.new(activity_id, now)
    task.activity_kind, task.subject, task.description = ActivityKind.TASK, subject, details
    task.owner_id, task.due = owner_id, due
    task.regarding = f"{RegardingKind.LEAD}#{lead_id}"
    task.list_by_due()
    return [put_new(task)]
