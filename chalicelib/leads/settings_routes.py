"""What is decided about leads over HTTP, and leads without a parent."""

from http import HTTPStatus

from chalicelib.definitions.routes import job_view
from chalicelib.definitions.schemas import JobView
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing
from chalicelib.leads import lists, orphans, service
from chalicelib.leads.models import LeadSettings
from chalicelib.leads.routes import ONE, view
from chalicelib.leads.schemas import LeadSettingsChange, LeadSettingsView, LeadView

api = Api(__name__)


@api.on("GET /settings/leads", scope="settings:read", returns=LeadSettingsView)
def show_lead_settings(_: Call[Nothing]) -> LeadSettingsView:
    """Show what is decided about leads."""
    return LeadSettingsView.model_validate(service.settings())


@api.on("PUT /settings/leads", scope="settings:write", body=LeadSettingsChange, returns=LeadSettingsView)
def save_lead_settings(call: Call[LeadSettingsChange]) -> LeadSettingsView:
    """Decide about leads."""
    wanted = LeadSettings(*LeadSettings.at(), **call.body.model_dump())
    return LeadSettingsView.model_validate(service.save_settings(wanted, call.version, call.now))


@api.on("GET /orphan-leads", scope="leads:read", query=ListQuery, returns=Listing[LeadView])
def list_orphan_leads(call: Call[Nothing]) -> Listing[LeadView]:
    """List the open leads without a contact or an account, newest first."""
    return Listing[LeadView].of(lists.orphans(call.query.asked), view)


@api.on("POST /orphan-leads/contacts", scope="leads:write", returns=JobView, status=HTTPStatus.ACCEPTED)
def give_orphans_contacts(call: Call[Nothing]) -> JobView:
    """Give every open lead without a parent a contact, in the background."""
    return job_view(orphans.begin(call.new_id, call.now))


@api.on(f"POST {ONE}/contact", scope="leads:write", returns=LeadView)
def give_lead_contact(call: Call[Nothing], lead_id: str) -> LeadView:
    """Give a lead without a parent a contact: the one that is known, else a new one for marketing only."""
    return view(orphans.adopt(lead_id, by=call.caller.id, now=call.now, version=call.version))
