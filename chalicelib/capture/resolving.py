"""What a submission comes to: whose it is, which lead it belongs to, and everything it writes (SUB-1 to SUB-7)."""

from datetime import datetime
from typing import Any

from chalicelib.capture import values as reading
from chalicelib.capture import visiting
from chalicelib.capture.agreeing import consented, joined, where
from chalicelib.capture.models import Submission, visitor_key
from chalicelib.capture.pointing import agreed
from chalicelib.capture.resolved import Resolved, result
from chalicelib.capture.schemas import FormDocument, Update
from chalicelib.capture.values import Read
from chalicelib.clock import digest
from chalicelib.contacts import claims
from chalicelib.contacts import matching as contact_matching
from chalicelib.contacts import service as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.plans import BOOK as CONTACTS
from chalicelib.dynamodb import Look, Notes, Write
from chalicelib.errors import Unprocessable
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import matching as lead_matching
from chalicelib.leads import service as leads
from chalicelib.leads.matching import BOOK as LEADS
from chalicelib.leads.models import settings_key as lead_settings_key


def resolve(submission: Submission, form: FormDocument, read: Read, now: datetime) -> Resolved:
    """Decide what a submission comes to (SUB-1 to SUB-4). Raises Unprocessable for what can only fail."""
    if unknown := reading.unknown_options(form, read.values):
        raise Unprocessable("A choice was sent that the form does not offer.", unknown)
    resolved = Resolved()
    look = _ahead(submission, form, read)
    known = _known_contact(submission, look)
    if form.update in OF_CONTACTS:
        _resolve_contact(resolved, submission, form, read, now, look)
    else:
        linked = submission.linked_id if form.update is Update.NONE else None
        _take_for(resolved, linked or known)
    if form.update in OF_LEADS:
        _resolve_lead(resolved, submission, form, read, now, look)
    if resolved.contact_id is not None and form.update is not Update.NONE:
        resolved.writes += consented(resolved, submission, form, read, now)
        resolved.writes += joined(resolved, submission, form, read, now)
        resolved.writes += _binding(resolved, submission, known, now)
    resolved.writes += agreed(resolved, submission, form, read, now)
    resolved.writes += _interaction(resolved, submission, now)
    return resolved


OF_CONTACTS = {Update.CONTACTS_AND_LEADS, Update.CONTACTS}
OF_LEADS = {Update.CONTACTS_AND_LEADS, Update.LEADS}


def _ahead(submission: Submission, form: FormDocument, read: Read) -> Look:
    """Read together, in two requests, what the steps below ask for one by one: whose the keys are, and the records."""
    notes, unit = Notes(), {"business_unit": form.business_unit}
    if submission.visitor_id is not None:
        notes.expect([visitor_key(submission.visitor_id)])
    places: dict[claims.Book, list[str]] = {}
    if form.update in OF_CONTACTS:
        places[CONTACTS] = contact_matching.sought({**read.for_target(form, "contact"), **unit})
    if form.update in OF_LEADS:
        notes.expect([lead_settings_key()])
    if form.update in OF_LEADS and not form.generate_leads_without_matching:
        places[LEADS] = lead_matching.sought({**_of_lead(form, read), **unit}, submission.page_id)
    claims.ahead(places, notes.look)
    return notes.look


def _take_for(resolved: Resolved, known: str | None) -> None:
    """Credit a contact that was known before, unless it has been deleted since."""
    for who in contacts.who_are([known] if known else ()):
        resolved.contact_id, resolved.identities = who.id, who.ids
        resolved.writes.append(contacts.still_itself(who.id))


def _known_contact(submission: Submission, look: Look) -> str | None:
    """Return the contact that the browser is known as; a cookie never overrides what was submitted (SUB-2.3)."""
    return visiting.contact_of(submission.visitor_id, look) if submission.visitor_id else None


def _context(submission: Submission) -> MarketingContext:
    return MarketingContext(
        journey_id=submission.journey_id,
        email_id=submission.email_id,
        form_id=submission.form_id,
        page_id=submission.page_id,
        submission_id=submission.submission_id,
        at=submission.submitted_at,
    )


def _resolve_contact(
    resolved: Resolved, submission: Submission, form: FormDocument, read: Read, now: datetime, look: Look
) -> None:
    prepared = contacts.prepare(
        read.for_target(form, "contact"),
        strategy_id=form.contact_strategy_id,
        new_id=digest("contact", submission.submission_id),
        context=_context(submission),
        now=now,
        blank_clears=form.blank_clears,
        owner_id=form.owner_id,
        business_unit=form.business_unit,
        look=look,
    )
    if prepared.created:
        custom_fields.require(RecordType.CONTACT, prepared.record)
    resolved.writes += prepared.writes
    resolved.contact, resolved.contact_id = prepared.record, prepared.record.contact_id
    resolved.identities = [prepared.record.contact_id, *(prepared.record.identities or ())]
    resolved.contact_result = result(created=prepared.created, changed=prepared.changed)


def _of_lead(form: FormDocument, read: Read) -> dict[str, Any]:
    contact_values = {name: value for name, value in read.for_target(form, "contact").items() if name in SHARED}
    topic = {"topic": form.topic} if form.topic else {}  # a form without one says nothing of it, not that it is blank
    return {**topic, **contact_values, **read.for_target(form, "lead")}


def _resolve_lead(
    resolved: Resolved, submission: Submission, form: FormDocument, read: Read, now: datetime, look: Look
) -> None:
    prepared = leads.prepare(
        _of_lead(form, read),
        contact_id=resolved.contact_id,
        strategy_id=form.lead_strategy_id,
        always_new=form.generate_leads_without_matching,
        page_id=submission.page_id,
        new_id=digest("lead", submission.submission_id),
        context=_context(submission),
        owner_id=form.owner_id,
        business_unit=form.business_unit,
        now=now,
        blank_clears=form.blank_clears,
        look=look,
    )
    if prepared.created:
        custom_fields.require(RecordType.LEAD, prepared.record)
    resolved.writes += prepared.writes
    resolved.lead_id = prepared.record.lead_id
    resolved.lead_result = result(created=prepared.created, changed=prepared.changed)


SHARED = frozenset({"first_name", "last_name", "company_name", "email", "phone", "job_title"})
"""Contact fields that a new lead shows as well."""


def _binding(resolved: Resolved, submission: Submission, known: str | None, now: datetime) -> list[Write]:
    """Tie the browser to whom the submission names (WEB-5).

    A browser that is somebody else's stays so: who is identified second at one device is a visitor of its own, whatever
    the cookie says, and the submission is that one's.
    """
    contact_id, visitor_id = resolved.contact_id, submission.visitor_id
    if contact_id is None or visitor_id is None or known in resolved.identities:
        return []
    if known is not None:
        submission.visitor_id = visitor_id = visiting.another(visitor_id, contact_id)
        if visiting.contact_of(visitor_id) is not None:
            return []
    return [visiting.binding(visitor_id, contact_id, now)]


def _interaction(resolved: Resolved, submission: Submission, now: datetime) -> list[Write]:
    new = NewInteraction(
        type=InteractionType.FORM_SUBMITTED,
        at=submission.submitted_at,
        source="submission",
        source_event=f"{submission.submission_id}#{submission.rounds}"
        if submission.rounds
        else submission.submission_id,
        contact_id=resolved.contact_id,
        visitor_id=submission.visitor_id,
        submission_id=submission.submission_id,
        lead_id=resolved.lead_id,
        attributes=where(submission),
    )
    return interactions.record(new, now)
