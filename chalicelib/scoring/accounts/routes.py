"""What the people behind a lead or an account did, over HTTP."""

from chalicelib.http import Api, Call, Listing, ListQuery, Nothing
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.routes import view
from chalicelib.interactions.schemas import InteractionView
from chalicelib.interactions.types import InteractionType
from chalicelib.scoring.accounts import doings
from chalicelib.scoring.accounts.items import Logged

api = Api(__name__)


class DoingsQuery(ListQuery):
    """Interactions of one type, newest first."""

    type: InteractionType


@api.on(
    "GET /leads/{lead_id}/interactions",
    scope="interactions:read",
    query=DoingsQuery,
    returns=Listing[InteractionView],
)
def list_lead_interactions(call: Call[Nothing], lead_id: str) -> Listing[InteractionView]:
    """List what the lead's parent contact did, or the contacts of its parent account (LEAD-9)."""
    return Listing[InteractionView].of(doings.of_lead(lead_id, call.query.type, call.query.asked), _view)


@api.on(
    "GET /accounts/{account_id}/interactions",
    scope="interactions:read",
    query=DoingsQuery,
    returns=Listing[InteractionView],
)
def list_account_interactions(call: Call[Nothing], account_id: str) -> Listing[InteractionView]:
    """List what an account's contacts did while they belonged to it (ACC-4, ACC-5)."""
    return Listing[InteractionView].of(doings.of_account(account_id, call.query.type, call.query.asked), _view)


def _view(item: Interaction | Logged) -> InteractionView:
    if isinstance(item, Interaction):
        return view(item)
    return InteractionView(
        id=item.interaction_id,
        type=item.type,
        at=item.at,
        contact_id=item.contact_id,
        account_id=item.pk.split("#")[1],
        attributes=item.attributes or {},
        verdict=item.verdict,
        decided_at=item.decided_at,
    )
