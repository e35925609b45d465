"""The queues of leads over HTTP: what waits for sales, for teleprospectors, and whose it becomes (LEAD-10)."""

from chalicelib.errors import Invalid
from chalicelib.http import Api, Call, Listing, Nothing
from chalicelib.leads import lists, moving
from chalicelib.leads.models import Lead
from chalicelib.leads.process import Queue
from chalicelib.leads.routes import ONE, view
from chalicelib.leads.schemas import AssignLead, LeadView, SalesQueueQuery, TeleprospectingQueueQuery
from chalicelib.lists import Page

api = Api(__name__)

ONLY_ONE = "This queue is listed by one of {}. What needs several is a segment."


@api.on("GET /lead-queues/sales", scope="leads:read", query=SalesQueueQuery, returns=Listing[LeadView])
def list_sales_queue(call: Call[Nothing]) -> Listing[LeadView]:
    """List the open leads that are ready for sales, those first that have waited the longest."""
    query: SalesQueueQuery = call.query
    _require_one(query, "owner_id", "unassigned")
    found = _whose(Queue.SALES, query) or lists.in_queue(Queue.SALES, "", query.asked)
    return Listing[LeadView].of(found, view)


@api.on(
    "GET /lead-queues/teleprospecting",
    scope="leads:read",
    query=TeleprospectingQueueQuery,
    returns=Listing[LeadView],
)
def list_teleprospecting_queue(call: Call[Nothing]) -> Listing[LeadView]:
    """List the open leads that wait for teleprospectors, at a stage, of somebody or of nobody."""
    query: TeleprospectingQueueQuery = call.query
    _require_one(query, "stage", "owner_id", "unassigned")
    found = _whose(Queue.TELEPROSPECTING, query)
    if found is None and query.stage is None:
        raise Invalid("Say of which stage, or of which owner_id, or ask for what is unassigned.")
    found = found or lists.in_queue(Queue.TELEPROSPECTING, query.stage or "", query.asked)
    return Listing[LeadView].of(found, view)


def _require_one(query: SalesQueueQuery, *names: str) -> None:
    if sum(bool(getattr(query, name)) for name in names) > 1:
        raise Invalid(ONLY_ONE.format(", ".join(names)))


def _whose(queue: Queue, query: SalesQueueQuery) -> Page[Lead] | None:
    if query.owner_id is not None:
        return lists.in_queue_of(queue, query.owner_id, query.asked)
    return lists.in_queue_of_nobody(queue, query.asked) if query.unassigned else None


@api.on(f"POST {ONE}/assign", scope="leads:write", body=AssignLead, returns=LeadView)
def assign_lead(call: Call[AssignLead], lead_id: str) -> LeadView:
    """Give a lead to somebody, or to nobody."""
    body = call.body
    return view(
        moving.assign(lead_id, body.owner_id, by=call.caller.id, why=body.why, version=call.version, now=call.now)
    )
