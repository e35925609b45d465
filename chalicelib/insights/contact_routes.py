"""What a contact did, over HTTP: its insights."""

from chalicelib.http import Api, Call, Nothing
from chalicelib.insights import people
from chalicelib.insights.schemas import ContactInsights, ContactInsightsQuery

api = Api(__name__)


@api.on(
    "GET /contacts/{contact_id}/insights",
    scope="interactions:read",
    query=ContactInsightsQuery,
    returns=ContactInsights,
)
def show_contact_insights(call: Call[Nothing], contact_id: str) -> ContactInsights:
    """Show what a contact did in the last twelve months: by type, by day, and when it opens messages."""
    asked: ContactInsightsQuery = call.query
    return people.insights(contact_id, asked.date_from, asked.date_to, asked.time_zone, call.now)
