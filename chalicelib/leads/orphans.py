"""Use cases: give leads without a parent a contact, so that marketing can use them (MTL-2)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from chalicelib.clock import digest
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import plans as contact_plans
from chalicelib.contacts import strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.models import Contact
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Job
from chalicelib.dynamodb import ConditionFailed, Write, check, commit, put_new, read, tries
from chalicelib.errors import Conflict, NotFound, Stale, Unavailable
from chalicelib.leads import plans, reading
from chalicelib.leads.models import Lead, LeadSettings, LeadsItem, settings_key

WORK = "orphan-contacts"
BUSY = Unavailable("Others take these details at this moment. Try again in a few seconds.")
SYSTEM = "system"

SHARED = (
    *("first_name", "last_name", "email", "phone", "mobile_phone", "job_title", "company_name"),
    *("street", "city", "region", "postal_code", "country", "website"),
)
"""What a contact has of the lead that it is made for."""

REFUSED = {"do_not_email": "email", "do_not_bulk_email": "bulk_email"}
"""What a lead may say against messages, and which preference of a contact that is."""


def adopt(lead_id: str, *, by: str, now: datetime, version: int | None = None) -> Lead:
    """Give an open lead without a parent a contact: whom the default strategy finds, else one for marketing only.

    A contact that is found stays as it is; one that is made goes into the transaction that makes it the parent.
    Raises NotFound, Conflict (closed, or it has a parent); Stale where it is not in `version` any more; Unavailable
    where others are quicker five times: what does this by itself comes again.
    """
    for _ in tries():
        lead = reading.find(lead_id) if version is None else reading.as_read(lead_id, version)
        _require_orphan(lead)
        try:
            contact, writes = _contact_for(lead, by, now)
            before = plans.remembered(lead)
            lead.contact_id = contact.contact_id
            commit(plans.changed(lead, before, by=by, why="was given a contact", now=now), writes)
        except (ConditionFailed, Stale):
            continue  # somebody else took the contact's details, or changed the lead
        return lead
    raise BUSY


def _require_orphan(lead: Lead) -> None:
    if not lead.open:
        raise Conflict("This lead is closed. Open it again first.")
    if lead.contact_id is not None or lead.account_id is not None:
        raise Conflict("This lead has a contact or an account already.")


def _contact_for(lead: Lead, by: str, now: datetime) -> tuple[Contact, list[Write]]:
    """Return whom a lead is about, and the writes that hold to it or make it."""
    values = {name: value for name in SHARED if (value := getattr(lead, name)) is not None}
    made_id = digest("contact-of-lead", lead.lead_id)
    unit = {"business_unit": lead.business_unit}
    known = _known({**values, **unit}) or Contact.find(*Contact.at(made_id))
    if known is not None:
        return known, [check(known.key, Contact.version == known.version)]
    own = {"owner_id": lead.owner_id, **unit, "marketing_only": True, "originating_lead_id": lead.lead_id}
    made = contact_plans.new(made_id, {**values, **own}, MarketingContext(), now)
    made.created_by = by
    claims, _ = contact_plans.claim(made, {}, now)
    return made, [put_new(made), *claims, *_refusals(lead, made_id, by, now)]


def _refusals(lead: Lead, contact_id: str, by: str, now: datetime) -> list[Write]:
    """Refuse for a contact what its lead says is not wanted: with the contact it could be mailed (CON-10, CON-11)."""
    refused = {name: False for flag, name in REFUSED.items() if getattr(lead, flag)}
    if not refused:
        return []
    evidence = Evidence(who=by, source=f"lead:{lead.lead_id}", method="made of a lead", reason="The lead says so.")
    return consent_plans.change(consent.preferences(contact_id), refused, evidence, digest("refused", contact_id), now)


def _known(values: Mapping[str, Any]) -> Contact | None:
    """Return the contact that the default strategy finds; None too where the lead lacks what it compares."""
    strategy = strategies.default(strategies.CONTACT)
    place = strategy.place(values)
    owner = contact_plans.BOOK.owners([place]).get(place) if place else None
    if owner is None:
        return None
    [found] = read([contact_plans.BOOK.record_key(owner.record_id)])
    if found is None or place not in found.places:
        raise ConditionFailed([])  # deleted or changed between two reads; its claim is going as well
    known: Contact = found
    return known


# By itself -----------------------------------------------------------------------------------------------------------


def hear(fact: Mapping[str, Any], now: datetime) -> None:
    """Give a new lead a contact where it has no parent and the settings say so; safe to repeat."""
    [own] = read([settings_key()])
    if own is not None and own.contacts_for_orphans:
        _unless_parented(fact["id"], now)


def _unless_parented(lead_id: str, now: datetime) -> None:
    with suppress(Conflict, NotFound):
        adopt(lead_id, by=SYSTEM, now=now)


every_orphan = jobs.of_index(LeadsItem.by_orphan, "orphan", lambda item: item.pk.removeprefix("LEAD#"))
"""All open leads without a parent: slice n is the index's partition n."""


def act(_: Mapping[str, Any], lead_ids: Sequence[str], now: datetime) -> None:
    """Give a page of leads their contacts; safe to repeat."""
    for lead_id in lead_ids:
        _unless_parented(lead_id, now)


def begin(job_id: str, now: datetime) -> Job:
    """Begin to give every orphan a contact. The same id again returns the job it began the first time."""
    with suppress(ConditionFailed):
        commit(planned(job_id, now))
    return jobs.get(job_id)


def planned(job_id: str, now: datetime) -> list[Write]:
    return jobs.plan(job_id, JobWanted(WORK, delay=0), now)


def turned_on(wanted: LeadSettings, before: LeadSettings | None) -> bool:
    """Return whether settings begin to give orphans contacts, those that are there too."""
    return bool(wanted.contacts_for_orphans) and not (before is not None and before.contacts_for_orphans)
