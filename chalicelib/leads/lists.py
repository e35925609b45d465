"""Lists of leads, and their enumeration for bulk work."""

from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.definitions import jobs
from chalicelib.leads.models import Lead, LeadsItem, assigned, queue_of, unassigned
from chalicelib.leads.process import Queue
from chalicelib.lists import Asked, Page, page, partitions

every_lead = jobs.of_index(LeadsItem.by_created, "lead", lambda item: item.pk.removeprefix("LEAD#"))
"""All leads, for bulk work: slice n is the index's partition n."""


def newest(asked: Asked) -> Page[Lead]:
    return page(LeadsItem.by_created, partitions("lead"), asked, newest_first=True, kind=Lead)


def of_owner(owner_id: str, asked: Asked) -> Page[Lead]:
    """Newest first."""
    return page(LeadsItem.by_owner, [owner_id], asked, newest_first=True, kind=Lead)


def of_stage(stage: str, asked: Asked) -> Page[Lead]:
    """Open leads only, those first that have waited there the longest; those of every process with such a stage."""
    return page(LeadsItem.by_stage, partitions(stage), asked, kind=Lead)


def of_contact(contact_id: str, asked: Asked) -> Page[Lead]:
    """Newest first; also those of contacts that were merged into it."""
    return page(LeadsItem.by_contact, contacts.who_is(contact_id).ids, asked, newest_first=True, kind=Lead)


def of_account(account_id: str, asked: Asked) -> Page[Lead]:
    """Newest first; also those of accounts that were merged into it."""
    return page(LeadsItem.by_account, accounts.ids_of(account_id), asked, newest_first=True, kind=Lead)


def in_queue(queue: Queue, stage: str, asked: Asked) -> Page[Lead]:
    """Open leads that wait for sales, or at a stage for teleprospectors, those first that have waited the longest."""
    return page(LeadsItem.by_queue, partitions(queue_of(queue, stage)), asked, kind=Lead)


def in_queue_of(queue: Queue, owner_id: str, asked: Asked) -> Page[Lead]:
    """Those of a queue that are somebody's."""
    return page(LeadsItem.by_queue_owner, [assigned(queue, owner_id)], asked, kind=Lead)


def in_queue_of_nobody(queue: Queue, asked: Asked) -> Page[Lead]:
    """Those of a queue that nobody has yet."""
    return page(LeadsItem.by_queue_owner, partitions(unassigned(queue)), asked, kind=Lead)


def orphans(asked: Asked) -> Page[Lead]:
    """Open leads without a parent, newest first."""
    return page(LeadsItem.by_orphan, partitions("orphan"), asked, newest_first=True, kind=Lead)
