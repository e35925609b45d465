"""Who hears of what: every fact and the queues of the reactions to it, due work, bulk work, and where facts come from.

Imported once by app.py; a domain never imports it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib import queues, streams
from chalicelib.agenda import Agenda, agendas
from chalicelib.capture.linkedin import connections, messages
from chalicelib.capture.models import CaptureItem
from chalicelib.clock import as_text
from chalicelib.conditions import sources
from chalicelib.conditions.sources import Identity
from chalicelib.consent import service as consent
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.contacts import accounts, deletion, merging, strategies
from chalicelib.contacts import fields as contact_fields
from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import ContactsItem
from chalicelib.definitions import jobs
from chalicelib.definitions.models import DefinitionsItem
from chalicelib.dynamodb import Notes
from chalicelib.insights import service as insights
from chalicelib.insights.counting import OF_THE_LEDGER, of_burst
from chalicelib.interactions import reading
from chalicelib.interactions import service as interactions
from chalicelib.interactions.types import InteractionType
from chalicelib.journeys import bulk as journeys
from chalicelib.journeys import leaving, second
from chalicelib.journeys.models import Burst, JourneysItem
from chalicelib.journeys.rules import AWAITED
from chalicelib.leads import fields as lead_fields
from chalicelib.leads import lists as lead_lists
from chalicelib.leads import opportunities, opportunity, orphans
from chalicelib.leads import service as leads
from chalicelib.leads.facts import entered as told_of_entry
from chalicelib.leads.models import Lead
from chalicelib.messages.models import MessagesItem
from chalicelib.scoring import bulk as scoring
from chalicelib.scoring.accounts import log as account_log
from chalicelib.scoring.accounts import rescoring as account_scoring
from chalicelib.scoring.models import ScoringItem
from chalicelib.scoring.reports import exports, previews
from chalicelib.segments import asking
from chalicelib.segments import service as segments
from chalicelib.segments.models import SegmentsItem
from chalicelib.settings import settings

Fact = Mapping[str, Any]

# Facts and the queues that hear of them ----------------------------------------------------------------------------

SETTLED = {"none", "human"}  # verdicts that cause something at once; undecided facts wait, machines cause nothing
BY_PEOPLE = {"FormSubmitted", "WebsiteVisited", "FormVisited"}  # whoever does this is a person (decision 35)

REACTIONS: dict[str, tuple[str, ...]] = {
    "account.changed": ("rescore", "membership"),
    "account.merged": ("rescore", "membership"),
    "account.joined": ("rescore",),
    "account.left": ("rescore",),
    "contact.created": ("membership", "business"),
    "contact.changed": ("rescore", "membership", "business"),
    "contact.merged": ("rescore", "membership", "enrol"),
    "contact.deleted": ("rescore", "membership", "sweep"),
    "preferences.changed": ("rescore", "membership", "enrol"),
    "interaction.decided": ("rescore", "membership", "wake", "count"),
    "lead.entered": ("leads-work",),
    "lead.created": ("rescore", "membership", "business"),
    "lead.changed": ("rescore", "membership"),
    "lead.deleted": ("rescore", "membership"),
    "score.changed": ("count",),
    "opportunity.created": ("rescore", "membership"),
    "opportunity.changed": ("rescore", "membership"),
    "opportunity.deleted": ("rescore", "membership"),
    "segment.joined": ("enrol",),
    "segment.left": ("enrol",),
    "send.queued": ("send",),
    "send.settled": ("sent", "count"),
    "enrolment.created": ("wake",),
    "enrolment.refused": ("count",),
    "burst.recorded": ("count",),
    "trigger.raised": ("enrol",),
    "subscription.joined": ("rescore", "membership", "enrol"),
    "subscription.left": ("rescore", "membership", "enrol"),
    "submission.pending": ("submissions",),
    "visitor.identified": ("submissions",),
    "job.created": ("jobs",),
}


OF_CONTACTS = frozenset({"lead.created", "lead.changed", "lead.deleted"})


def queues_for(fact: Fact) -> tuple[str, ...]:
    """Return the queues that hear of a fact (docs/architecture.md has the same table in words)."""
    if fact["fact"] == "interaction.recorded":
        return _interaction(fact)
    if fact["fact"] in OF_CONTACTS and "contact" not in fact:
        return _of_no_contact(fact)
    return REACTIONS.get(fact["fact"], ())


def _of_no_contact(fact: Fact) -> tuple[str, ...]:
    """Memberships and triggers are a contact's (CORE-4); account-based leads have scores, a new orphan may get one."""
    if "accounts" in fact:
        return ("rescore",)
    return ("leads-work",) if fact["fact"] == "lead.created" else ()


def _interaction(fact: Fact) -> tuple[str, ...]:
    if fact["verdict"] == "undecided":
        return ("verdict",)
    if fact["verdict"] not in SETTLED:
        return ("count",)
    entering = ("enrol",) if fact["type"] == "FormSubmitted" else ()
    confirming = ("confirm",) if fact["type"] in BY_PEOPLE else ()
    counted = () if fact["type"] in OF_THE_LEDGER else ("count",)
    waking = ("wake",) if fact["type"] in AWAITED else ()
    return ("rescore", "membership", *waking, *counted, *entering, *confirming)


# What a contact is known by ----------------------------------------------------------------------------------------


def _contact(who: Identity) -> list[dict[str, Any]]:
    return [contact_fields.of_contact(who.contact)] if who.contact is not None else []


def _contacts(contact_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the contacts that count: where one was merged, the one that it was merged into."""
    notes, asked = Notes(), list(contact_ids)
    notes.expect(contacts.key(each) for each in asked)
    known = {each: contacts.who_is(each, notes.look) for each in asked}
    return {each: contact_fields.of_contact(who.contact) for each, who in known.items() if who.contact is not None}


def _accounts(account_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    found = accounts.find_all(account_ids)
    return {asked: contact_fields.of_account(account) for asked, account in found.items()}


def _account(who: Identity) -> list[dict[str, Any]]:
    account = accounts.find_if_any(who.contact.account_id) if who.contact is not None else None
    return [contact_fields.of_account(account)] if account is not None else []


def _preferences(who: Identity) -> list[dict[str, Any]]:
    return [consent.of_person(who).fields()]


def _leads(who: Identity) -> list[dict[str, Any]]:
    return [lead_fields.record_of(lead) for lead in leads.of_person(who.ids)]


def _leads_of(contact_id: str) -> list[dict[str, Any]]:
    return _leads(contacts.who_is(contact_id))


def _opportunities(who: Identity) -> list[dict[str, Any]]:
    found = [each for contact_id in who.ids for each in opportunities.of_contact_now(contact_id)]
    return [opportunity.record_of(each) for each in found]


def _opportunities_of(contact_id: str) -> list[dict[str, Any]]:
    return _opportunities(contacts.who_is(contact_id))


def _opportunities_of_account(account_id: str) -> list[dict[str, Any]]:
    found = [each for one in accounts.ids_of(account_id) for each in opportunities.of_account_now(one)]
    return [opportunity.record_of(each) for each in found]


# Bulk work ---------------------------------------------------------------------------------------------------------


def _id(pk: str) -> str:
    return pk.partition("#")[2]


EVERY_CONTACT = jobs.of_index(ContactsItem.by_created, "contact", lambda item: _id(item.pk))


def _reevaluate(_: Mapping[str, Any], ids: Sequence[str], __: datetime) -> None:
    queues.send("membership", ({"fact": "rebuild", "contact": each} for each in ids))


def _asked(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    """Enumerate whom a query about a static segment's members is asked of: everybody, or those who may leave."""
    return (EVERY_CONTACT if asking.adds(arguments) else asking.members)(arguments, number, cursor)


def _resync(_: Mapping[str, Any], ids: Sequence[str], __: datetime) -> None:
    """Have every reaction look at a contact again, and at who it is; safe at any time."""
    for queue in ("rescore", "wake"):
        queues.send(queue, ({"fact": "rebuild", "contact": each} for each in ids))
    for queue in ("membership", "enrol"):
        queues.send(queue, ({"fact": "contact.merged", "id": each, "contact": each} for each in ids))


def _resync_leads(_: Mapping[str, Any], ids: Sequence[str], __: datetime) -> None:
    """Tell of every lead's last entry into a stage, and of every orphan, again; what came of it is there already."""
    found = leads.find_many(ids)
    queues.send("leads-work", (told_of_entry(_told(lead)) for lead in found if lead.entry is not None))
    queues.send("leads-work", ({"fact": "lead.created", "id": lead.lead_id} for lead in found if lead.orphan_shard))


def _told(lead: Lead) -> dict[str, Any]:
    return {**lead.attribute_values, "stage_since": as_text(lead.stage_since)}


CLAIMANTS = {
    strategies.CONTACT: (EVERY_CONTACT, contacts.backfill),
    strategies.LEAD: (lead_lists.every_lead, leads.backfill),
}
"""Who claims under a strategy, by its target: how they are enumerated, and how they do."""


def _claimants(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    pages, _ = CLAIMANTS[arguments["target"]]
    return pages(arguments, number, cursor)


def _claim(arguments: Mapping[str, Any], ids: Sequence[str], now: datetime) -> None:
    """Let existing records claim under a strategy that is being built; nothing if it has been removed since."""
    _, backfill = CLAIMANTS[arguments["target"]]
    for strategy in strategies.read_all(arguments["target"]):
        if strategy.id == arguments["strategy"]:
            backfill(strategy, ids, now)


def _claimed(arguments: Mapping[str, Any]) -> None:
    strategies.built(arguments["target"], arguments["strategy"])


WORKS = {
    **journeys.WORKS,
    **scoring.WORKS,
    **exports.WORKS,
    **previews.WORKS,
    "segment-build": jobs.Work(EVERY_CONTACT, _reevaluate),
    asking.WORK: jobs.Work(_asked, asking.act),
    "strategy-backfill": jobs.Work(_claimants, _claim, _claimed),
    orphans.WORK: jobs.Work(orphans.every_orphan, orphans.act),
    "resync": jobs.Work(EVERY_CONTACT, _resync),
    "resync-leads": jobs.Work(lead_lists.every_lead, _resync_leads),
}

# What a deleted contact leaves behind ------------------------------------------------------------------------------


def _enrolments(contact_id: str, now: datetime) -> bool:
    """Bursts are the facts of figures (invariant 9): they are counted before they go."""

    def counted(bursts: Sequence[Burst]) -> None:
        told = (({"contact": contact_id, "sk": each.sk, "journey": each.journey_id}, each) for each in bursts)
        insights.count((of_burst(*each) for each in told), now)

    return leaving.sweep(contact_id, counted, now)


SWEEPS: tuple[deletion.Sweep, ...] = (
    _enrolments,
    segments.sweep,
    leads.sweep,
    lambda contact_id, _: consent.sweep(contact_id),
    lambda contact_id, _: account_log.sweep(contact_id),  # by the interactions, which go after it
    lambda contact_id, _: interactions.sweep(contact_id),
)

# What merging two contacts would change, for people to read before -------------------------------------------------

FORESIGHTS: dict[str, merging.Foresight] = {
    "consent": consent.foresee,
    "lists": subscriptions.foresee,
    "leads": leads.foresee,
    "segments": segments.foresee,
    "enrolments": second.foresee,
}

# Due work ----------------------------------------------------------------------------------------------------------


def _due_contact(pk: str, _: str) -> dict[str, Any]:
    return {"fact": "due", "contact": _id(pk)}


def _due_account(pk: str, _: str) -> dict[str, Any]:
    return {"fact": "due", "account": _id(pk)}


def _due_record(pk: str, _: str) -> dict[str, Any]:
    return {"fact": "due", "id": _id(pk)}


def _due_enrolment(pk: str, sk: str) -> dict[str, Any]:
    _, journey, occurrence = sk.split("#")
    return {"fact": "due", "enrolment": f"{_id(pk)}.{journey}.{occurrence}"}


def _due_pull(pk: str, sk: str) -> dict[str, Any]:
    _, lead_type, owner = sk.split("#")
    return messages.message(_id(pk), lead_type, owner)


AGENDAS = (
    Agenda("enrolment", "wake", JourneysItem.by_due, _due_enrolment),
    Agenda("membership", "membership", SegmentsItem.by_due, _due_contact),
    Agenda("rescore", "rescore", ScoringItem.by_due, _due_contact),
    Agenda(account_scoring.WORK, "rescore", ScoringItem.by_due, _due_account),
    Agenda("job", "jobs", DefinitionsItem.by_due, _due_record),
    Agenda("send", "send", MessagesItem.by_due, _due_record),
    Agenda("submission", "submissions", CaptureItem.by_due, _due_record),
    Agenda(connections.WORK, messages.QUEUE, CaptureItem.by_due, _due_pull),
    Agenda(deletion.WORK, "sweep", ContactsItem.by_due, _due_contact),
)


def wire() -> None:
    """Tell the mechanism what there is. Called once, by app.py; calling it again changes nothing."""
    sources.register_identities(contacts.who_is)
    sources.register(
        "contact", contact_fields.FIELDS, _contact, by_id=_contacts, reached_by={"lead.contact": "contact_id"}
    )
    sources.register(
        "account",
        contact_fields.ACCOUNT_FIELDS,
        _account,
        by_id=_accounts,
        reached_by={"lead.account": "account_id", "contact.account": "account_id"},
    )
    sources.register("preferences", consent.FIELDS, _preferences)
    sources.register("subscription", subscriptions.FIELDS, subscriptions.records_of, key="list_id")
    sources.register("lead", lead_fields.FIELDS, _leads, key="lead_id", reached_by={"contact.leads": _leads_of})
    sources.register(
        "opportunity",
        opportunity.FIELDS,
        _opportunities,
        key="opportunity_id",
        reached_by={"contact.opportunities": _opportunities_of, "account.opportunities": _opportunities_of_account},
    )
    sources.register_interactions(InteractionType, reading.told)
    streams.routes.queues_for = queues_for
    streams.routes.delays = {"verdict": int(settings.verdict_delay_seconds)}
    merging.besides[:] = [consent.together]
    merging.foresights.update(FORESIGHTS)
    jobs.works.update(WORKS)
    deletion.sweeps[:] = SWEEPS
    agendas[:] = AGENDAS
