"""What happened with a contact or an account, over HTTP: insights, and of a contact its timeline."""

from collections.abc import Mapping, Sequence

from chalicelib.access.scopes import allows, require
from chalicelib.http import Api, Call, Listing, Nothing
from chalicelib.insights import companies, people, timeline
from chalicelib.insights.schemas import (
    AccountInsights,
    ContactInsights,
    ContactInsightsQuery,
    TimelineEntry,
    TimelineQuery,
)
from chalicelib.insights.timeline import Entry, Kind

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


@api.on(
    "GET /accounts/{account_id}/insights",
    scope="interactions:read",
    query=ContactInsightsQuery,
    returns=AccountInsights,
)
def show_account_insights(call: Call[Nothing], account_id: str) -> AccountInsights:
    """Show what an account's contacts did while they belonged to it: by type, by day, and when they open messages."""
    asked: ContactInsightsQuery = call.query
    return companies.insights(account_id, asked.date_from, asked.date_to, asked.time_zone, call.now)


SCOPES: Mapping[Kind, str] = {
    Kind.ACTIVITY: "activities:read",
    Kind.CONSENT: "contacts:read",
    Kind.INTERACTION: "interactions:read",
    Kind.LEAD: "leads:read",
    Kind.MOVE: "leads:read",
    Kind.NOTE: "contacts:read",
}
"""Who may read what of a timeline: nothing that could not be read where it lies."""

SHOWN: Mapping[Kind, Sequence[str]] = {
    Kind.ACTIVITY: ("activity_kind", "subject", "state", "due", "owner_id", "ended_at"),
    Kind.CONSENT: ("contact_id", "list_id", "who", "source", "method", "wording", "reason", "before", "after"),
    Kind.INTERACTION: ("contact_id", "type", "verdict", "attributes", "lead_id"),
    Kind.LEAD: ("topic", "state", "stage", "owner_id"),
    Kind.MOVE: ("lead_id", "by", "why", "changes"),
    Kind.NOTE: ("text", "created_by", "updated_at", "updated_by", "version"),
}


@api.on(
    "GET /contacts/{contact_id}/timeline", scope="contacts:read", query=TimelineQuery, returns=Listing[TimelineEntry]
)
def show_timeline(call: Call[Nothing], contact_id: str) -> Listing[TimelineEntry]:
    """List what happened with a contact, latest first: of all kinds that you may read, or of one."""
    asked: TimelineQuery = call.query
    if asked.kind is not None:
        require(call.caller.scopes, SCOPES[asked.kind])
    wanted = [asked.kind] if asked.kind else [kind for kind in Kind if allows(call.caller.scopes, SCOPES[kind])]
    return Listing[TimelineEntry].of(timeline.page(contact_id, wanted, asked.asked, call.now), _entry)


def _entry(entry: Entry) -> TimelineEntry:
    what = {name: getattr(entry.row, name) for name in SHOWN[entry.kind]}
    return TimelineEntry(at=entry.at, kind=entry.kind, id=entry.id, what=what)
