"""Use cases: make activities, change them, end them, list what somebody has to do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.activities.choices import OPEN_ONES, ActivityState
from chalicelib.activities.models import ActivitiesItem, Activity, ByOwner
from chalicelib.activities.schemas import NewActivity
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, commit, put_changed, put_new
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale
from chalicelib.lists import Asked, Page, page


def create(activity_id: str, new: NewActivity, by: str, now: datetime) -> Activity:
    """Make an activity; the same id again returns what it made the first time. Its maker owns what names no owner."""
    activity = Activity.new(activity_id, now)
    activity.activity_kind = new.kind
    for name in new.model_fields_set - {"kind", "regarding"}:
        setattr(activity, name, getattr(new, name))
    activity.owner_id = new.owner_id or by
    activity.regarding = new.regarding.key if new.regarding else None
    _check_times(activity)
    activity.list_by_due()
    try:
        commit([put_new(activity)])
    except ConditionFailed:
        return find(activity_id)
    return activity


def find(activity_id: str) -> Activity:
    """Return an activity, read consistently. Raises NotFound."""
    activity = Activity.find(*Activity.at(activity_id))
    if activity is None:
        raise NotFound("There is no activity of this id.")
    return activity


def change(activity_id: str, values: Mapping[str, Any], version: int, now: datetime) -> Activity:
    """Change an open activity. Raises NotFound, Stale, Conflict."""
    activity = _open(activity_id, version)
    for name, value in values.items():
        setattr(activity, name, value)
    _check_times(activity)
    return _saved(activity, now)


def end(activity_id: str, state: ActivityState, *, by: str, version: int, now: datetime) -> Activity:
    """Complete or cancel an activity. Raises NotFound, Stale, Conflict."""
    activity = _open(activity_id, version)
    activity.state, activity.ended_at, activity.ended_by = state, now, by
    return _saved(activity, now)


def _open(activity_id: str, version: int) -> Activity:
    activity = find(activity_id)
    if activity.version != version:
        raise Stale("It has changed since it was read. Read it again and repeat the change.")
    if activity.state != ActivityState.OPEN:
        raise Conflict(f"This activity is {activity.state} already.")
    return activity


def _check_times(activity: Activity) -> None:
    if activity.starts_at and activity.ends_at and activity.ends_at < activity.starts_at:
        raise Invalid("An activity cannot end before it starts.", [Problem("ends_at", "This is before starts_at.")])


def _saved(activity: Activity, now: datetime) -> Activity:
    activity.updated_at = now
    activity.list_by_due()
    commit([put_changed(activity)])
    return activity


def of_owner(owner_id: str, asked: Asked, *, only_open: bool = False) -> Page[Activity]:
    """Return a page of what somebody has to do, by due date, and then, unless only that is wanted, what has ended."""
    condition = ByOwner.due_key.startswith(OPEN_ONES) if only_open else None
    return page(ActivitiesItem.by_owner, [owner_id], asked, condition=condition, kind=Activity)


def regarding(key: str, asked: Asked) -> Page[Activity]:
    """Return a page of the activities regarding a record (such as contact#<id>), newest first.

    Those regarding a contact that was merged into another regard the same person.
    """
    kind, _, identity = key.partition("#")
    keys = [f"contact#{each}" for each in contacts.who_is(identity).ids] if kind == "contact" else [key]
    return page(ActivitiesItem.by_regarding, keys, asked, newest_first=True, kind=Activity)
