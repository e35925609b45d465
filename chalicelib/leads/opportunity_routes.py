"""Opportunities over HTTP, and what leads end as."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from chalicelib.errors import Invalid, Problem
from chalicelib.http import Api, Call, Listing, Nothing
from chalicelib.leads import opportunities, qualifying, service
from chalicelib.leads.choices import REASONS, State
from chalicelib.leads.opportunity import Opportunity, OpportunityState
from chalicelib.leads.opportunity_schemas import (
    DisqualifyLead,
    NewOpportunity,
    OpportunitiesQuery,
    OpportunityChange,
    OpportunityView,
    QualifiedView,
    QualifyLead,
)
from chalicelib.leads.routes import view as lead_view
from chalicelib.leads.schemas import LeadView, Why
from chalicelib.lists import Page

api = Api(__name__)

ONE = "/opportunities/{opportunity_id}"


@api.on(
    "POST /leads/{lead_id}/qualify",
    scope="opportunities:write",
    body=QualifyLead,
    returns=QualifiedView,
    status=HTTPStatus.CREATED,
)
def qualify_lead(call: Call[QualifyLead], lead_id: str) -> QualifiedView:
    """Close a lead as qualified and make an opportunity of it."""
    body = call.body
    done = qualifying.qualify(
        lead_id, call.new_id, body.values, by=call.caller.id, why=body.why, version=call.version, now=call.now
    )
    return QualifiedView(lead=lead_view(done.lead), opportunity=view(done.opportunity))


@api.on("POST /leads/{lead_id}/disqualify", scope="leads:write", body=DisqualifyLead, returns=LeadView)
def disqualify_lead(call: Call[DisqualifyLead], lead_id: str) -> LeadView:
    """Close a lead as disqualified, and say why."""
    reason = call.body.status_reason
    if reason not in REASONS[State.DISQUALIFIED]:
        said = f"Say one of {', '.join(REASONS[State.DISQUALIFIED])}."
        raise Invalid("This is no reason to disqualify a lead.", [Problem("status_reason", said)])
    closed = service.close(
        lead_id, State.DISQUALIFIED, reason, by=call.caller.id, why=call.body.why, version=call.version, now=call.now
    )
    return lead_view(closed)


@api.on(
    "POST /opportunities",
    scope="opportunities:write",
    body=NewOpportunity,
    returns=OpportunityView,
    status=HTTPStatus.CREATED,
)
def create_opportunity(call: Call[NewOpportunity]) -> OpportunityView:
    """Make an opportunity by hand."""
    values = call.body.model_dump(exclude_unset=True)
    return view(opportunities.create(call.new_id, values, call.caller.id, call.now))


@api.on("GET /opportunities", scope="opportunities:read", query=OpportunitiesQuery, returns=Listing[OpportunityView])
def list_opportunities(call: Call[Nothing]) -> Listing[OpportunityView]:
    """List opportunities, newest first: all, or those of one owner, contact or account."""
    return Listing[OpportunityView].of(_listed(call.query), view)


def _listed(query: OpportunitiesQuery) -> Page[Opportunity]:
    chosen = [name for name in LISTS if getattr(query, name) is not None]
    if len(chosen) > 1:
        raise Invalid(f"Opportunities are listed by one of {', '.join(LISTS)}. What needs several is a segment.")
    if not chosen:
        return opportunities.newest(query.asked)
    return LISTS[chosen[0]](getattr(query, chosen[0]), query.asked)


LISTS: dict[str, Callable[[Any, Any], Page[Opportunity]]] = {
    "owner_id": opportunities.of_owner,
    "contact_id": opportunities.of_contact,
    "account_id": opportunities.of_account,
}


@api.on(f"GET {ONE}", scope="opportunities:read", returns=OpportunityView)
def show_opportunity(_: Call[Nothing], opportunity_id: str) -> OpportunityView:
    """Show an opportunity."""
    return view(opportunities.find(opportunity_id))


@api.on(f"PATCH {ONE}", scope="opportunities:write", body=OpportunityChange, returns=OpportunityView)
def change_opportunity(call: Call[OpportunityChange], opportunity_id: str) -> OpportunityView:
    """Change an open opportunity."""
    return view(opportunities.amend(opportunity_id, call.body.values, call.version, call.now))


@api.on(f"DELETE {ONE}", scope="opportunities:write")
def delete_opportunity(call: Call[Nothing], opportunity_id: str) -> None:
    """Delete an opportunity."""
    opportunities.remove(opportunity_id, call.version)


@api.on(f"POST {ONE}/win", scope="opportunities:write", body=Why, returns=OpportunityView)
def win_opportunity(call: Call[Why], opportunity_id: str) -> OpportunityView:
    """Close an opportunity as won."""
    return _ended(call, opportunity_id, OpportunityState.WON)


@api.on(f"POST {ONE}/lose", scope="opportunities:write", body=Why, returns=OpportunityView)
def lose_opportunity(call: Call[Why], opportunity_id: str) -> OpportunityView:
    """Close an opportunity as lost."""
    return _ended(call, opportunity_id, OpportunityState.LOST)


def _ended(call: Call[Why], opportunity_id: str, state: OpportunityState) -> OpportunityView:
    return view(
        opportunities.end(
            opportunity_id, state, by=call.caller.id, why=call.body.why, version=call.version, now=call.now
        )
    )


@api.on(f"POST {ONE}/reopen", scope="opportunities:write", returns=OpportunityView)
def reopen_opportunity(call: Call[Nothing], opportunity_id: str) -> OpportunityView:
    """Open a closed opportunity again."""
    return view(opportunities.reopen(opportunity_id, version=call.version, now=call.now))


def view(found: Opportunity) -> OpportunityView:
    shown = {name: getattr(found, name) for name in OpportunityView.model_fields if name != "id"}
    return OpportunityView(id=found.opportunity_id, **shown)
