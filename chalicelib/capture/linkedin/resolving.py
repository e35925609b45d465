"""What a response comes to: whose it is, which lead it belongs to, and everything it writes (LNK-1, LNK-5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.capture import resolving
from chalicelib.capture.linkedin import mapping, matching
from chalicelib.capture.linkedin.models import Connection, Response, Strategy
from chalicelib.capture.linkedin.reading import Form, Lead
from chalicelib.capture.resolving import SHARED, Resolved
from chalicelib.clock import digest
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Answer, Evidence
from chalicelib.contacts import claims
from chalicelib.contacts import matching as contact_matching
from chalicelib.contacts import service as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.plans import BOOK as CONTACTS
from chalicelib.dynamodb import Look, Notes, Write
from chalicelib.errors import Problem
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import matching as lead_matching
from chalicelib.leads import service as leads
from chalicelib.leads.choices import LeadSource
from chalicelib.leads.matching import BOOK as LEADS

COUNTER = "linkedin_submissions"


class Sent(Struct, frozen=True):
    """A response with all that decides what it comes to."""

    lead: Lead
    form: Form
    connection: Connection
    strategy: Strategy


def resolve(submission_id: str, sent: Sent, now: datetime) -> tuple[Resolved, list[Problem]]:
    """Decide what a response comes to; returns the answers too that could not be used.

    Raises Unprocessable for what can only fail, such as a response without what it is matched by (MAT-6).
    """
    values = mapping.values_of(matching.entries_of(sent.connection), sent.lead, sent.form)
    of_lead = {**_shared(values.contact), **values.lead, **_campaign(sent.lead)}
    resolved, look = Resolved(), _ahead(values.contact, of_lead)
    _resolve_contact(resolved, submission_id, sent, values.contact, now, look)
    _resolve_lead(resolved, submission_id, sent, of_lead, now, look)
    if resolved.contact_id is not None:
        resolved.writes += _consent(resolved.contact_id, submission_id, sent, now)
    done = interaction(submission_id, sent.lead, resolved.contact_id, resolved.lead_id, sent.connection.connection_id)
    resolved.writes += interactions.record(done, now)
    return resolved, values.problems


def _shared(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in SHARED}


def _campaign(lead: Lead) -> dict[str, Any]:
    return {"linkedin_campaign": lead.campaign} if lead.campaign else {}


def _ahead(of_contact: dict[str, Any], of_lead: dict[str, Any]) -> Look:
    """Read together what the steps below ask for one by one: whose the keys are, then the records."""
    notes = Notes()
    places = {CONTACTS: contact_matching.sought(of_contact), LEADS: lead_matching.sought(of_lead, None)}
    claims.ahead(places, notes.look)
    return notes.look


def _context(submission_id: str, lead: Lead) -> MarketingContext:
    return MarketingContext(submission_id=submission_id, at=lead.submitted_at)


def _resolve_contact(
    resolved: Resolved, submission_id: str, sent: Sent, values: dict[str, Any], now: datetime, look: Look
) -> None:
    """Find whose it is, or make the contact; where that is switched off the lead stays an orphan (LNK-3)."""
    prepared = contacts.prepare(
        values,
        strategy_id=None,
        new_id=digest("contact", submission_id),
        context=_context(submission_id, sent.lead),
        now=now,
        owner_id=sent.connection.owner_id,
        look=look,
    )
    if prepared.created and not sent.strategy.enable_contact_creation:
        return
    resolved.writes += prepared.writes
    resolved.contact_id = prepared.record.contact_id
    resolved.contact_result = resolving.result(created=prepared.created, changed=prepared.changed)


def _resolve_lead(
    resolved: Resolved, submission_id: str, sent: Sent, values: dict[str, Any], now: datetime, look: Look
) -> None:
    topic = {"topic": sent.form.name} if sent.form.name else {}
    prepared = leads.prepare(
        values,
        contact_id=resolved.contact_id,
        strategy_id=sent.strategy.lead_strategy_id,
        always_new=sent.strategy.always_create_lead,
        page_id=None,
        new_id=digest("lead", submission_id),
        context=_context(submission_id, sent.lead),
        owner_id=sent.connection.owner_id,
        now=now,
        look=look,
        of_new={**topic, "lead_source": LeadSource.LINKEDIN_SPONSORED_FORM},
        counted=COUNTER,
    )
    resolved.writes += prepared.writes
    resolved.lead_id = prepared.record.lead_id
    resolved.lead_result = resolving.result(created=prepared.created, changed=prepared.changed)


def _consent(contact_id: str, submission_id: str, sent: Sent, now: datetime) -> list[Write]:
    """Keep each box of the form as evidence, in its wording; a ticked one allows what it is mapped to (invariant 7)."""
    consents = [mapping.Ticked(**each) for each in sent.connection.consents]
    answers = [
        _answer(contact_id, submission_id, sent, consents, each, accepted=accepted)
        for each, accepted in sorted(sent.lead.consents.items())
    ]
    if not answers:
        return []
    before = consent.preferences(contact_id)
    raising = any(answer.raises for answer in answers)
    return consent_plans.answered(before, answers, consent.lowered(contact_id) if raising else set(), now)


def _answer(
    contact_id: str, submission_id: str, sent: Sent, consents: Sequence[mapping.Ticked], consent_id: int, *,
    accepted: bool,
) -> Answer:  # fmt: skip
    evidence = Evidence(
        who=f"contact:{contact_id}",
        source=f"linkedin-form:{sent.form.id},{sent.form.version}",
        method="checkbox ticked" if accepted else "checkbox left empty",
        wording=sent.form.wordings.get(consent_id),
        reason=sent.form.legal or None,
    )
    raises = mapping.raised_by(consents, sent.form, consent_id) if accepted else {}
    return Answer(f"{submission_id}.{consent_id}", evidence, raises)


def interaction(
    submission_id: str, lead: Lead, contact_id: str | None, lead_id: str | None, connection_id: str
) -> NewInteraction:
    """Return the interaction that a response is; the same again whenever it is asked for."""
    return _interaction(submission_id, lead.id, lead.submitted_at, contact_id, lead_id, connection_id)


def interaction_of(response: Response) -> NewInteraction:
    """Return the interaction that a stored response was recorded as."""
    return _interaction(
        response.submission_id,
        response.response_id,
        response.submitted_at,
        response.contact_id,
        response.lead_id,
        response.connection_id,
    )


def _interaction(
    submission_id: str,
    response_id: str,
    at: datetime,
    contact_id: str | None,
    lead_id: str | None,
    connection_id: str,
) -> NewInteraction:
    return NewInteraction(
        type=InteractionType.LINKEDIN_FORM_SUBMISSION,
        at=at,
        source="linkedin",
        source_event=f"linkedin#{response_id}#CREATED",
        contact_id=contact_id,
        submission_id=submission_id,
        lead_id=lead_id,
        attributes={"connection_id": connection_id},
    )
