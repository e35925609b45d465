"""What a submission comes to: whose it is, which lead it belongs to, and everything it writes (SUB-1 to SUB-7)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from chalicelib.capture import values as reading
from chalicelib.capture import visiting
from chalicelib.capture.models import Submission, visitor_key
from chalicelib.capture.schemas import REFUSALS, ElementKind, FormDocument, Update
from chalicelib.capture.values import Read
from chalicelib.clock import digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.rules import Preferences, strictest
from chalicelib.consent.subscriptions import plans as list_plans
from chalicelib.consent.subscriptions import records
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.consent.subscriptions.plans import Said, Standing
from chalicelib.consent.subscriptions.rules import State
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
from chalicelib.messages import words
from chalicelib.messages.optin import asking
from chalicelib.messages.optin import settings as optin_settings
from chalicelib.messages.optin.asking import Asked
from chalicelib.messages.optin.confirming import METHOD, since


class Resolved(Struct):
    """What a submission comes to, and everything it writes."""

    writes: list[Write] = field(default_factory=list)
    contact_id: str | None = None
    contact: Any = None
    """Its record, where the submission made or changed it."""
    identities: Sequence[str] = ()
    lead_id: str | None = None
    contact_result: str | None = None
    lead_result: str | None = None


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
        resolved.writes += _consent(resolved, submission, form, read, now)
        resolved.writes += _lists(resolved, submission, form, read, now)
        resolved.writes += _binding(resolved, submission, known, now)
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


CREATED = "created"
MOST_OF_LISTS = 60  # writes of lists in the transaction of a submission, which may have a hundred


def result(*, created: bool, changed: bool) -> str:
    return CREATED if created else "updated" if changed else "matched"


def _consent(resolved: Resolved, submission: Submission, form: FormDocument, read: Read, now: datetime) -> list[Write]:
    """Refuse what was ticked: bulk email, tracking (PRV-12), which a form never takes back (invariant 7), and remember.

    A program may send a refusal that the form has no box for; it counts, without words.
    """
    before = consent.of_each(resolved.identities) if read.refused or read.remembers is not None else []
    if not before:
        return []
    boxes = {REFUSALS[each][0]: each for each in read.refused}
    wanted: dict[str, Any] = dict.fromkeys(boxes, False)
    if read.remembers is not None and (not read.remembers or _may_be_remembered(resolved, submission, before)):
        wanted["prefill"], boxes["prefill"] = read.remembers, ElementKind.REMEMBER_ME
    words = [each.words for each in form.elements if each.kind in boxes.values() and each.words]
    evidence = Evidence(
        who=f"contact:{resolved.contact_id}",
        source=f"form:{submission.form_id}",
        method="checkbox",
        wording=" · ".join(dict.fromkeys(words)) or None,
        version=submission.form_version,
    )
    return consent_plans.every(before, wanted, evidence, submission.submission_id, now)


def _may_be_remembered(resolved: Resolved, submission: Submission, before: Sequence[Preferences]) -> bool:
    """Return whether ticking the box counts: not where the person took it back, unless a mailed link proves it."""
    if resolved.contact_result == CREATED or strictest(before).prefill:
        return True
    proven = submission.asked_at is not None or submission.linked_id in resolved.identities
    return proven or "prefill" not in consent.lowered(resolved.contact_id or "")


def _lists(resolved: Resolved, submission: Submission, form: FormDocument, read: Read, now: datetime) -> list[Write]:
    """Put the contact on the lists that were ticked (SUB-6); a form never takes anybody off one.

    Whoever left a list after sending the form stays off it, however late this is tried again (invariant 7). Where
    joining has to be confirmed it waits for that.
    """
    if not read.lists or form.update not in OF_CONTACTS:
        return []
    confirmed, own = submission.asked_at, optin_settings.current()
    writes: list[Write] = []
    for each in _standings(resolved, _offered(read.lists) if confirmed else read.lists):
        if each.on or each.left_after(confirmed or submission.submitted_at):
            continue
        said = _agreed(each.list_id, resolved, submission, form)
        if confirmed is None and asking.must_be_confirmed(each, own):
            writes += asking.for_list(resolved.contact, each.list_id, _asked(resolved, submission, said))
        else:
            writes += list_plans.move(each, State.SUBSCRIBED, said, now)
    if len(writes) > MOST_OF_LISTS:
        raise Unprocessable("This person left these lists as too many contacts to join them by one form.")
    return writes


def _offered(list_ids: Sequence[str]) -> list[str]:
    """Return the lists that can still be joined: the form that offered them may have been stopped since, and they."""
    return [each.list_id for each in records.find_many(list_ids) if not each.stopped]


def _asked(resolved: Resolved, submission: Submission, said: Said) -> Asked:
    return Asked(
        at=submission.submitted_at,
        source=said.evidence.source,
        language=words.language_of(resolved.contact.language),
        wording=said.evidence.wording,
        where=said.attributes,
    )


def _standings(resolved: Resolved, list_ids: Sequence[str]) -> list[Standing]:
    """Return where the contact stands with the lists; one that is just being made said nothing yet."""
    if resolved.contact_result == CREATED:
        return [Standing(each, resolved.identities, [None]) for each in list_ids]
    return subscriptions.standings(Identity(tuple(resolved.identities)), list_ids)


def _agreed(list_id: str, resolved: Resolved, submission: Submission, form: FormDocument) -> Said:
    element = next(each for each in form.elements if each.list_id == list_id)
    evidence = Evidence(
        who=f"contact:{resolved.contact_id}",
        source=f"form:{submission.form_id}",
        method=METHOD if submission.asked_at else "hidden on the form" if element.hidden else "checkbox",
        wording=element.text,
        version=submission.form_version,
        reason=since(submission.asked_at, submission.mailed_at) if submission.asked_at else None,
    )
    return Said(evidence, submission.submission_id, _where(submission))


def _where(submission: Submission) -> dict[str, Any]:
    return {
        "form_id": submission.form_id,
        "page_id": submission.page_id,
        "journey_id": submission.journey_id,
        "email_id": submission.email_id,
    }


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
        attributes=_where(submission),
    )
    return interactions.record(new, now)
