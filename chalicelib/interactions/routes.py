"""Interactions over HTTP: read by contact and type, reported by other systems."""

from http import HTTPStatus

from chalicelib.conditions import sources
from chalicelib.errors import Problem, Unprocessable
from chalicelib.http import Api, Call, Listing, Nothing
from chalicelib.interactions import service
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.schemas import InteractionsQuery, InteractionView, Recorded, ReportedInteraction

api = Api(__name__)


@api.on("GET /interactions", scope="interactions:read", query=InteractionsQuery, returns=Listing[InteractionView])
def list_interactions(call: Call[Nothing]) -> Listing[InteractionView]:
    """List what a contact did, of one type, newest first; also as those who were merged into it."""
    asked = call.query
    ids = sources.identify(asked.contact_id).ids
    found = service.page_of_contact(ids, asked.type, asked.date_from, asked.date_to, asked.asked)
    return Listing[InteractionView].of(found, view)


@api.on(
    "POST /interactions",
    scope="interactions:write",
    body=ReportedInteraction,
    returns=Recorded,
    status=HTTPStatus.CREATED,
)
def report_interaction(call: Call[ReportedInteraction]) -> Recorded:
    """Record something that a contact did elsewhere."""
    if not sources.is_contact(call.body.contact_id):
        problem = Problem("contact_id", "There is no contact of this id.")
        raise Unprocessable("Only what a known contact did can be recorded.", [problem])
    new = NewInteraction(
        type=call.body.type,
        at=call.body.at,
        source="api",
        source_event=call.new_id,
        contact_id=call.body.contact_id,
        attributes={"properties": call.body.properties},
    )
    return Recorded(id=service.record(new, call.now))


def view(item: Interaction) -> InteractionView:
    return InteractionView(
        id=item.interaction_id,
        type=item.type,
        at=item.at,
        contact_id=item.contact_id,
        account_id=item.account_id,
        lead_id=item.lead_id,
        visitor_id=item.visitor_id,
        attributes=item.attributes or {},
        verdict=item.verdict,
        reasons=item.reasons or [],
        decided_at=item.decided_at,
    )
