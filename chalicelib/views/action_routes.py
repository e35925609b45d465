"""Actions on several contacts over HTTP: on chosen ones at once, on the members of a segment by a job (CON-16)."""

from collections import Counter
from http import HTTPStatus

from chalicelib.access.scopes import require as require_scope
from chalicelib.definitions.routes import job_view
from chalicelib.http import Api, Call, Nothing
from chalicelib.views import actions, runs
from chalicelib.views.actions import Asked, Order, Outcome, Result
from chalicelib.views.models import Run
from chalicelib.views.schemas import ActionOnContacts, Outcomes, OutcomeView, RunView

api = Api(__name__)


@api.on("POST /contacts/actions", scope="contacts:write", body=ActionOnContacts, returns=Outcomes)
def act_on_contacts(call: Call[ActionOnContacts]) -> Outcomes:
    """Do something with up to fifty contacts, each for itself; doing it again changes nothing more."""
    require_scope(call.caller.scopes, call.body.scope)
    actions.require(call.body)
    asked = Asked(call.new_id, call.body, call.caller.id, call.now)
    found = [actions.perform(asked, each.id, each.version) for each in call.body.contacts]
    counted = Counter(each.result for each in found)
    return Outcomes(items=[_outcome(each) for each in found], **{each: counted[each] for each in Result})


def _outcome(found: Outcome) -> OutcomeView:
    return OutcomeView(contact_id=found.contact_id, result=found.result, why=found.why)


@api.on(
    "POST /segments/{segment_id}/actions",
    scope="contacts:write",
    body=Order,
    returns=RunView,
    status=HTTPStatus.ACCEPTED,
)
def act_on_members(call: Call[Order], segment_id: str) -> RunView:
    """Do something with every member of a segment, by a job: ask for it until it is done."""
    require_scope(call.caller.scopes, call.body.scope)
    return _run(runs.start(segment_id, call.body, call.new_id, call.caller.id, call.now))


@api.on("GET /segments/{segment_id}/actions/{action_id}", scope="segments:read", returns=RunView)
def show_action_on_members(call: Call[Nothing], segment_id: str, action_id: str) -> RunView:
    """Show how far an action on a segment's members is, and what it came to."""
    return _run(runs.find(segment_id, action_id, call.now))


def _run(run: Run) -> RunView:
    job, sums = job_view(runs.job_of(run)), runs.sums(run)
    because = {name.removeprefix(runs.BECAUSE): n for name, n in sums.items() if name.startswith(runs.BECAUSE)}
    return RunView(
        id=run.run_id,
        segment_id=run.segment_id,
        order=run.order,
        state=job.state,
        reason=job.reason,
        seen=job.done,
        slices_finished=job.slices_finished,
        refused_because=dict(sorted(because.items())),
        created_at=run.created_at,
        created_by=run.created_by,
        expires_at=run.expires,
        **{each: sums[each] for each in Result},
    )
