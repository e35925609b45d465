"""What a lead of LinkedIn is to whoever takes leads: its values, its boxes, its interaction (LNK-4, LNK-8)."""

from datetime import datetime

from chalicelib.capture import inbound
from chalicelib.capture.inbound import Box, Matching, Origin, Sent
from chalicelib.capture.linkedin import mapping, matching
from chalicelib.capture.linkedin.models import NAME, Connection, Response, Strategy
from chalicelib.capture.linkedin.reading import Form, Lead
from chalicelib.errors import Problem
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.leads.choices import LeadSource

COUNTER = "linkedin_submissions"


def sent_of(lead: Lead, form: Form, connection: Connection, strategy: Strategy) -> tuple[Sent, list[Problem]]:
    """Return a response as it is taken, and the answers that could not be used."""
    values = mapping.values_of(matching.entries_of(connection), lead, form)
    campaign = {"linkedin_campaign": lead.campaign} if lead.campaign else {}
    sent = Sent(
        origin=_origin(lead.id, lead.submitted_at, connection.connection_id),
        contact=values.contact,
        lead={**values.lead, **campaign},
        lead_source=LeadSource.LINKEDIN_SPONSORED_FORM,
        owner_id=connection.owner_id,
        matching=Matching(
            strategy.lead_strategy_id,
            always_create_lead=strategy.always_create_lead,
            enable_contact_creation=strategy.enable_contact_creation,
        ),
        of_new={"topic": form.name} if form.name else {},
        boxes=_boxes(lead, form, connection),
        counted=COUNTER,
    )
    return sent, values.problems


def _boxes(lead: Lead, form: Form, connection: Connection) -> list[Box]:
    allowed = [mapping.Ticked(**each) for each in connection.consents]
    return [
        Box(
            id=str(consent_id),
            form=f"linkedin-form:{form.id},{form.version}",
            accepted=accepted,
            wording=form.wordings.get(consent_id),
            legal=form.legal or None,
            raises=mapping.raised_by(allowed, form, consent_id),
        )
        for consent_id, accepted in sorted(lead.consents.items())
    ]


def interaction_of(response: Response) -> NewInteraction:
    """Return the interaction that a stored response was recorded as."""
    origin = _origin(response.response_id, response.submitted_at, response.connection_id)
    return inbound.interaction(origin, response.contact_id, response.lead_id)


def _origin(response_id: str, at: datetime, connection_id: str) -> Origin:
    return Origin(NAME, response_id, at, InteractionType.LINKEDIN_FORM_SUBMISSION, {"connection_id": connection_id})
