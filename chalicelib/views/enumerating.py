"""Where a job finds the records of a view: page by page in each of 16 slices, in an order that stands still."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from chalicelib.contacts import accounts
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.models import Account, Contact, ContactsItem, name_key
from chalicelib.leads.models import Lead, LeadsItem
from chalicelib.lists import partitions
from chalicelib.segments import service as segments

PAGE = 500


class Stretch(Struct, frozen=True):
    """A part of an index that one slice goes through."""

    index: Any
    partition: str
    condition: Any = None


KINDS: Mapping[RecordType, type[Any]] = {
    RecordType.CONTACT: Contact,
    RecordType.ACCOUNT: Account,
    RecordType.LEAD: Lead,
}

Where = Callable[[str, int], Stretch | None]
"""what is searched for, a slice → what it goes through, None where it has nothing to do."""


def _alone(index: Any, ids: Callable[[str], Sequence[str]] = lambda each: [each]) -> Where:
    """Go through what is listed under ids of its own: each id is a slice's, most slices have nothing to do."""

    def where(value: str, number: int) -> Stretch | None:
        partitions = ids(value)
        return Stretch(index, partitions[number]) if number < len(partitions) else None

    return where


def _sharded(index: Any, name: str = "") -> Where:
    return lambda value, number: Stretch(index, partitions(name or value)[number])


def _named(name: str) -> Where:
    def where(value: str, number: int) -> Stretch:
        beginning = ContactsItem.name_key.startswith(name_key(value))
        return Stretch(ContactsItem.by_name, partitions(name)[number], beginning)

    return where


WHERE: Mapping[tuple[RecordType, str], Where] = {
    (RecordType.CONTACT, ""): _sharded(ContactsItem.by_created, "contact"),
    (RecordType.CONTACT, "name_prefix"): _named("contact"),
    (RecordType.CONTACT, "owner_id"): _alone(ContactsItem.by_owner),
    (RecordType.CONTACT, "account_id"): _alone(ContactsItem.by_account, accounts.ids_of),
    (RecordType.ACCOUNT, ""): _sharded(ContactsItem.by_created, "account"),
    (RecordType.ACCOUNT, "name_prefix"): _named("account"),
    (RecordType.ACCOUNT, "owner_id"): _alone(ContactsItem.by_owner),
    (RecordType.LEAD, ""): _sharded(LeadsItem.by_created, "lead"),
    (RecordType.LEAD, "owner_id"): _alone(LeadsItem.by_owner),
    (RecordType.LEAD, "stage"): _sharded(LeadsItem.by_stage),
    (RecordType.LEAD, "account_id"): _alone(LeadsItem.by_account, accounts.ids_of),
}


def page(
    record_type: RecordType, where: Mapping[str, str], number: int, cursor: str | None
) -> tuple[list[str], str | None]:
    """Return the ids of some records of a slice, and where to go on (None: the slice has no more)."""
    [(name, value)] = where.items() or [("", "")]
    if name == "segment_id":
        return segments.slice_of_members(value, number, cursor, PAGE)
    stretch = WHERE[record_type, name](value, number)
    if stretch is None:
        return [], None
    place = json.loads(cursor) if cursor else None
    found = stretch.index.query(
        stretch.partition, stretch.condition, limit=PAGE, page_size=PAGE, last_evaluated_key=place
    )
    ids = [item.pk.partition("#")[2] for item in found if isinstance(item, KINDS[record_type])]
    return ids, json.dumps(found.last_evaluated_key) if found.last_evaluated_key else None
