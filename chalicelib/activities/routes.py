"""Activities over HTTP."""

from http import HTTPStatus

from chalicelib.activities import service
from chalicelib.activities.choices import ActivityState, RegardingKind
from chalicelib.activities.models import Activity
from chalicelib.activities.schemas import (
    ActivitiesQuery,
    ActivityChange,
    ActivityFields,
    ActivityView,
    NewActivity,
    Regarding,
)
from chalicelib.errors import Invalid
from chalicelib.http import Api, Call, Listing, Nothing

api = Api(__name__)

ONE = "/activities/{activity_id}"
LISTS = "Activities are listed by owner_id, with state=open for the open ones only, or by regarding_id."


@api.on("POST /activities", scope="activities:write", body=NewActivity, returns=ActivityView, status=HTTPStatus.CREATED)
def create_activity(call: Call[NewActivity]) -> ActivityView:
    """Make a task, a phone call or an appointment."""
    return view(service.create(call.new_id, call.body, call.caller.id, call.now))


@api.on("GET /activities", scope="activities:read", query=ActivitiesQuery, returns=Listing[ActivityView])
def list_activities(call: Call[Nothing]) -> Listing[ActivityView]:
    """List what somebody has to do, by due date, or what regards a record."""
    query: ActivitiesQuery = call.query
    if (query.owner_id is None) == (query.regarding_id is None) or query.state not in {None, ActivityState.OPEN}:
        raise Invalid(LISTS)
    if query.owner_id is not None:
        found = service.of_owner(query.owner_id, query.asked, only_open=query.state is ActivityState.OPEN)
    elif query.state is None:
        found = service.regarding(f"{query.regarding_kind}#{query.regarding_id}", query.asked)
    else:
        raise Invalid(LISTS)
    return Listing[ActivityView].of(found, view)


@api.on(f"GET {ONE}", scope="activities:read", returns=ActivityView)
def show_activity(_: Call[Nothing], activity_id: str) -> ActivityView:
    """Show an activity."""
    return view(service.find(activity_id))


@api.on(f"PATCH {ONE}", scope="activities:write", body=ActivityChange, returns=ActivityView)
def change_activity(call: Call[ActivityChange], activity_id: str) -> ActivityView:
    """Change an open activity."""
    return view(service.change(activity_id, call.body.values, call.version, call.now))


@api.on(f"POST {ONE}/complete", scope="activities:write", returns=ActivityView)
def complete_activity(call: Call[Nothing], activity_id: str) -> ActivityView:
    """Say that it is done."""
    return _ended(call, activity_id, ActivityState.COMPLETED)


@api.on(f"POST {ONE}/cancel", scope="activities:write", returns=ActivityView)
def cancel_activity(call: Call[Nothing], activity_id: str) -> ActivityView:
    """Say that it will not be done."""
    return _ended(call, activity_id, ActivityState.CANCELED)


def _ended(call: Call[Nothing], activity_id: str, state: ActivityState) -> ActivityView:
    return view(service.end(activity_id, state, by=call.caller.id, version=call.version, now=call.now))


def view(activity: Activity) -> ActivityView:
    kind, _, identity = (activity.regarding or "").partition("#")
    regarding = Regarding.model_validate({"kind": kind, "id": identity}) if identity else None
    shown = {name: getattr(activity, name) for name in SHOWN}
    contact_id = identity if kind == RegardingKind.CONTACT else None
    return ActivityView(
        id=activity.activity_id, kind=activity.activity_kind, regarding=regarding, contact_id=contact_id, **shown
    )


SHOWN = (
    *ActivityFields.model_fields,
    *("subject", "state", "journey_id", "enrolment_id"),
    *("created_at", "updated_at", "ended_at", "ended_by", "version"),
)
