"""The switch of lead management, over HTTP."""

from chalicelib.http import Api, Call, Nothing
from chalicelib.scoring import management
from chalicelib.scoring.schemas import LeadManagementChange, LeadManagementView

api = Api(__name__)


@api.on("GET /settings/lead-management", scope="settings:read", returns=LeadManagementView)
def show_lead_management(_: Call[Nothing]) -> LeadManagementView:
    """Show whether lead management is on: whether there are scoring models and qualifications."""
    return LeadManagementView.model_validate(management.current())


@api.on("PUT /settings/lead-management", scope="settings:write", body=LeadManagementChange, returns=LeadManagementView)
def save_lead_management(call: Call[LeadManagementChange]) -> LeadManagementView:
    """Switch lead management on, or off once no scoring model and no qualification is live any more."""
    return LeadManagementView.model_validate(management.save(call.version, call.now, enabled=call.body.enabled))
