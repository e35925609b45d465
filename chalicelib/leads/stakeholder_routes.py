"""A lead's stakeholders over HTTP (LEAD-12)."""

from http import HTTPStatus

from chalicelib.http import Api, Call, Nothing
from chalicelib.leads import reading, stakeholders
from chalicelib.leads.models import Stakeholder
from chalicelib.leads.routes import ONE
from chalicelib.leads.schemas import NewStakeholder, Stakeholders, StakeholderView

api = Api(__name__)

PATH = f"{ONE}/stakeholders"


@api.on(f"GET {PATH}", scope="leads:read", returns=Stakeholders)
def list_stakeholders(_: Call[Nothing], lead_id: str) -> Stakeholders:
    """List who has a stake in a lead, its parent contact first."""
    lead = reading.find(lead_id)
    first = [StakeholderView(contact_id=lead.contact_id, parent=True)] if lead.contact_id is not None else []
    return Stakeholders(items=[*first, *(view(each) for each in stakeholders.of_all(lead))])


@api.on(f"POST {PATH}", scope="leads:write", body=NewStakeholder, returns=StakeholderView, status=HTTPStatus.CREATED)
def add_stakeholder(call: Call[NewStakeholder], lead_id: str) -> StakeholderView:
    """Note that a contact has a stake in a lead."""
    body = call.body
    return view(stakeholders.add(lead_id, body.contact_id, body.role, by=call.caller.id, now=call.now))


@api.on(f"DELETE {PATH}/{{contact_id}}", scope="leads:write")
def remove_stakeholder(call: Call[Nothing], lead_id: str, contact_id: str) -> None:
    """Take a contact from a lead's stakeholders."""
    stakeholders.remove(lead_id, contact_id, by=call.caller.id, now=call.now)


def view(each: Stakeholder) -> StakeholderView:
    return StakeholderView(
        contact_id=each.contact_id, parent=False, role=each.role, since=each.created_at, added_by=each.added_by
    )
