"""Use case: take a lead that another system sends, once: whose it is, which lead it belongs to, what was agreed to.

Nothing here knows which system that is (LNK-8). A connector reads what it was sent, maps it, and hands over `Sent`;
what it keeps of the response itself it writes in the same transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from chalicelib.capture.resolved import Resolved, result
from chalicelib.capture.resolving import SHARED
from chalicelib.clock import digest
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Answer, Evidence
from chalicelib.contacts import claims, tombstones
from chalicelib.contacts import matching as contact_matching
from chalicelib.contacts import service as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.plans import BOOK as CONTACTS
from chalicelib.dynamodb import ConditionFailed, Look, Notes, Write, commit, tries
from chalicelib.errors import Stale, Unavailable, Unprocessable
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import matching as lead_matching
from chalicelib.leads import service as leads
from chalicelib.leads.choices import LeadSource
from chalicelib.leads.matching import BOOK as LEADS


class Origin(Struct, frozen=True):
    """Which response of which system it is, and the interaction that it counts as."""

    source: str
    response_id: str
    at: datetime
    type: InteractionType
    attributes: Mapping[str, str | None]

    @property
    def submission_id(self) -> str:
        """Our name of the response, the same however often and by whichever way it comes."""
        return digest(self.source, self.response_id)


class Matching(Struct, frozen=True):
    """How a connector's leads are matched (LNK-3)."""

    lead_strategy_id: str | None = None
    always_create_lead: bool = False
    enable_contact_creation: bool = True


class Box(Struct, frozen=True):
    """A box of the form: where it stood, whether it was ticked, what it said, and what ticking it allows."""

    id: str
    form: str
    accepted: bool
    wording: str | None = None
    legal: str | None = None
    raises: Mapping[str, Any] = field(default_factory=dict)


class Sent(Struct, frozen=True):
    """A response as a connector has read and mapped it. `of_new` are values that only a new lead gets."""

    origin: Origin
    contact: Mapping[str, Any]
    lead: Mapping[str, Any]
    lead_source: LeadSource
    owner_id: str | None
    matching: Matching = field(default_factory=Matching)
    of_new: Mapping[str, Any] = field(default_factory=dict)
    boxes: Sequence[Box] = ()
    counted: str | None = None

    @property
    def of_lead(self) -> dict[str, Any]:
        return {**{name: value for name, value in self.contact.items() if name in SHARED}, **self.lead}


Keep = Callable[[Resolved], list[Write] | None]
"""What a connector writes of the response itself, under a condition that lets it be taken once; None: it is there."""


def take(sent: Sent, keep: Keep, now: datetime) -> Resolved | None:
    """Take a response: contact, lead, claims, consent, interaction and what `keep` writes, in one transaction.

    `keep` is asked anew at each try. Returns what it came to, None where it is there already. Raises Conflict and
    Unprocessable for what can only fail, Unavailable where others are quicker five times: it is to come again.
    """
    for _ in tries():
        resolved = resolve(sent, now)
        kept = keep(resolved)
        if kept is None:
            return None
        try:
            commit(kept, resolved.writes)
        except (ConditionFailed, Stale):
            continue  # somebody was quicker: with this very response, or with whom it is from
        return resolved
    raise Unavailable("The records are busy at the moment. The response comes again.")


def forgotten(sent: Sent) -> bool:
    """Return whether the person was erased after sending this: then it comes to nothing (decision 103)."""
    known = [tombstones.erased_at(values) for values in (sent.contact, sent.of_lead)]
    return any(at is not None and sent.origin.at <= at for at in known)


def resolve(sent: Sent, now: datetime) -> Resolved:
    """Decide what a response comes to (LNK-1, LNK-5).

    Raises Unprocessable for what can only fail, such as a response without what it is matched by (MAT-6).
    """
    resolved, look = Resolved(), _ahead(sent)
    _resolve_contact(resolved, sent, now, look)
    _resolve_lead(resolved, sent, now, look)
    if resolved.contact_id is not None:
        resolved.writes += _consent(resolved.contact_id, sent, now)
    resolved.writes += interactions.record(interaction(sent.origin, resolved.contact_id, resolved.lead_id), now)
    return resolved


def _ahead(sent: Sent) -> Look:
    """Read together what the steps below ask for one by one: whose the keys are, then the records."""
    notes = Notes()
    places = {CONTACTS: contact_matching.sought(sent.contact), LEADS: lead_matching.sought(sent.of_lead, None)}
    claims.ahead(places, notes.look)
    return notes.look


def _context(origin: Origin) -> MarketingContext:
    return MarketingContext(submission_id=origin.submission_id, at=origin.at)


def _resolve_contact(resolved: Resolved, sent: Sent, now: datetime, look: Look) -> None:
    """Find whose it is, or make the contact; where that is switched off the lead stays an orphan (LNK-3)."""
    prepared = _prepared_contact(sent, now, look)
    if prepared is None or (prepared.created and not sent.matching.enable_contact_creation):
        return
    resolved.writes += prepared.writes
    resolved.contact_id = prepared.record.contact_id
    resolved.contact_result = result(created=prepared.created, changed=prepared.changed)


def _prepared_contact(sent: Sent, now: datetime, look: Look) -> contacts.Prepared[Any] | None:
    """Return the contact, None where it cannot be told who this is and nobody is to be made anyway."""
    try:
        return contacts.prepare(
            sent.contact,
            strategy_id=None,
            new_id=digest("contact", sent.origin.submission_id),
            context=_context(sent.origin),
            now=now,
            owner_id=sent.owner_id,
            look=look,
        )
    except Unprocessable:
        if sent.matching.enable_contact_creation:
            raise
        return None


def _resolve_lead(resolved: Resolved, sent: Sent, now: datetime, look: Look) -> None:
    prepared = leads.prepare(
        sent.of_lead,
        contact_id=resolved.contact_id,
        strategy_id=sent.matching.lead_strategy_id,
        always_new=sent.matching.always_create_lead,
        page_id=None,
        new_id=digest("lead", sent.origin.submission_id),
        context=_context(sent.origin),
        owner_id=sent.owner_id,
        now=now,
        look=look,
        of_new={**sent.of_new, "lead_source": sent.lead_source},
        counted=sent.counted,
    )
    resolved.writes += prepared.writes
    resolved.lead_id = prepared.record.lead_id
    resolved.lead_result = result(created=prepared.created, changed=prepared.changed)


def _consent(contact_id: str, sent: Sent, now: datetime) -> list[Write]:
    """Keep each box of the form as evidence, in its wording; a ticked one allows what it is mapped to (invariant 7)."""
    answers = [_answer(contact_id, sent.origin, box) for box in sent.boxes]
    if not answers:
        return []
    before = consent.preferences(contact_id)
    raising = any(answer.raises for answer in answers)
    return consent_plans.answered(before, answers, consent.lowered(contact_id) if raising else set(), now)


def _answer(contact_id: str, origin: Origin, box: Box) -> Answer:
    evidence = Evidence(
        who=f"contact:{contact_id}",
        source=box.form,
        method="checkbox ticked" if box.accepted else "checkbox left empty",
        wording=box.wording,
        reason=box.legal,
    )
    return Answer(f"{origin.submission_id}.{box.id}", evidence, box.raises if box.accepted else {})


def interaction(origin: Origin, contact_id: str | None, lead_id: str | None) -> NewInteraction:
    """Return the interaction that a response is; the same again whenever it is asked for."""
    return NewInteraction(
        type=origin.type,
        at=origin.at,
        source=origin.source,
        source_event=f"{origin.source}#{origin.response_id}#CREATED",
        contact_id=contact_id,
        submission_id=origin.submission_id,
        lead_id=lead_id,
        attributes=dict(origin.attributes),
    )
