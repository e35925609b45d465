"""Bulk work: what it ranges over, and what it does with each page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib import queues
from chalicelib.clock import as_text
from chalicelib.consent import switches
from chalicelib.contacts import service as contacts
from chalicelib.contacts import strategies
from chalicelib.contacts.models import ContactsItem
from chalicelib.definitions import jobs
from chalicelib.imports import bulk as imports
from chalicelib.journeys import bulk as journeys
from chalicelib.leads import backfilling as lead_backfilling
from chalicelib.leads import lists as lead_lists
from chalicelib.leads import orphans, resuming
from chalicelib.leads import reading as lead_reading
from chalicelib.leads.facts import entered as told_of_entry
from chalicelib.leads.models import Lead
from chalicelib.privacy import bulk as privacy
from chalicelib.scoring import bulk as scoring
from chalicelib.scoring.reports import exports, previews
from chalicelib.segments import asking
from chalicelib.views import bulk as views

EVERY_CONTACT = jobs.of_index(ContactsItem.by_created, "contact", lambda item: item.pk.removeprefix("CONTACT#"))


def _reevaluate(_: Mapping[str, Any], ids: Sequence[str], __: datetime) -> None:
    queues.send("membership", ({"fact": "rebuild", "contact": each} for each in ids))


def _asked(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    """Enumerate whom a query about a static segment's members is asked of: everybody, or those who may leave."""
    return (EVERY_CONTACT if asking.adds(arguments) else asking.members)(arguments, number, cursor)


def _consent_again(_: Mapping[str, Any], ids: Sequence[str], __: datetime) -> None:
    """Have scores and journeys look at contacts again, since minimum consent was switched on or off."""
    told = [{"fact": "preferences.changed", "id": each, "contact": each, "changed": ["consent_level"]} for each in ids]
    for queue in ("rescore", "enrol"):
        queues.send(queue, told)


def _ages_again(_: Mapping[str, Any], ids: Sequence[str], __: datetime) -> None:
    """Have it looked at again who is a child, since ages of consent were changed."""
    queues.send("children", ({"fact": "contact.age", "id": each, "contact": each} for each in ids))


def _resync(_: Mapping[str, Any], ids: Sequence[str], __: datetime) -> None:
    """Have every reaction look at a contact again, and at who it is; safe at any time."""
    _ages_again({}, ids, __)
    for queue in ("rescore", "wake"):
        queues.send(queue, ({"fact": "rebuild", "contact": each} for each in ids))
    for queue in ("membership", "enrol"):
        queues.send(queue, ({"fact": "contact.merged", "id": each, "contact": each} for each in ids))


def _resync_leads(_: Mapping[str, Any], ids: Sequence[str], __: datetime) -> None:
    """Tell of every lead's last entry into a stage, of all that wait and of every orphan; what came of it is there."""
    found = lead_reading.find_many(ids)
    queues.send("leads-work", (told_of_entry(_told(lead)) for lead in found if lead.entry is not None))
    queues.send(
        resuming.QUEUE, ({"fact": resuming.WAITING, "id": lead.lead_id} for lead in found if lead.waiting_stage)
    )
    queues.send("leads-work", ({"fact": "lead.created", "id": lead.lead_id} for lead in found if lead.orphan_shard))


def _told(lead: Lead) -> dict[str, Any]:
    return {**lead.attribute_values, "stage_since": as_text(lead.stage_since)}


CLAIMANTS = {
    strategies.CONTACT: (EVERY_CONTACT, contacts.backfill),
    strategies.LEAD: (lead_lists.every_lead, lead_backfilling.backfill),
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
    **imports.WORKS,
    switches.WORK: jobs.Work(EVERY_CONTACT, _consent_again, room=scoring.has_room),
    switches.AGES: jobs.Work(EVERY_CONTACT, _ages_again),
    **views.WORKS,
    **privacy.WORKS,
    "segment-build": jobs.Work(EVERY_CONTACT, _reevaluate),
    asking.WORK: jobs.Work(_asked, asking.act),
    "strategy-backfill": jobs.Work(_claimants, _claim, _claimed),
    orphans.WORK: jobs.Work(orphans.every_orphan, orphans.act),
    "resync": jobs.Work(EVERY_CONTACT, _resync),
    "resync-leads": jobs.Work(lead_lists.every_lead, _resync_leads),
}
