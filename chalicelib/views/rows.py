"""Use case: the records that a view shows, a page at a time, as its columns."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from chalicelib.consent import service as consent
from chalicelib.consent.rules import Preferences, strictest
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.models import Contact
from chalicelib.definitions import service as definitions
from chalicelib.leads import lists as leads
from chalicelib.lists import Asked, Page
from chalicelib.segments import service as segments
from chalicelib.tokens import seal, unseal
from chalicelib.views.columns import OF_CONSENT, SHOWN, values
from chalicelib.views.document import ViewDocument

KIND = "view"

List = Callable[[str, Asked], Page[Any]]


def _members(segment_id: str, asked: Asked) -> Page[Any]:
    """Who was deleted or merged a moment ago may be a member still; it is not shown."""
    found = segments.members(segment_id, asked)
    known = contacts.find_many(member.contact_id for member in found.items)
    return Page([each for each in known if each.merged_into is None], found.next_cursor)


LISTS: Mapping[tuple[RecordType, str], List] = {
    (RecordType.CONTACT, ""): lambda _, asked: contacts.by_created(asked),
    (RecordType.CONTACT, "segment_id"): _members,
    (RecordType.CONTACT, "name_prefix"): contacts.by_name,
    (RecordType.CONTACT, "owner_id"): contacts.by_owner,
    (RecordType.CONTACT, "account_id"): contacts.by_account,
    (RecordType.ACCOUNT, ""): lambda _, asked: accounts.by_created(asked),
    (RecordType.ACCOUNT, "name_prefix"): accounts.by_name,
    (RecordType.ACCOUNT, "owner_id"): accounts.by_owner,
    (RecordType.LEAD, ""): lambda _, asked: leads.newest(asked),
    (RecordType.LEAD, "owner_id"): leads.of_owner,
    (RecordType.LEAD, "stage"): leads.of_stage,
    (RecordType.LEAD, "account_id"): leads.of_account,
}


class Row(Struct, frozen=True):
    """A record as a view shows it."""

    id: str
    values: dict[str, Any]


def find(view_id: str) -> ViewDocument:
    """Return what a saved view says. Raises NotFound."""
    return ViewDocument.model_validate(definitions.get(KIND, view_id).document)


def shown(view_id: str, view: ViewDocument, asked: Asked) -> Page[Row]:
    """Return a page of what a view shows. Raises NotFound for a segment that is gone, Invalid for a strange cursor."""
    [(name, value)] = view.where.given.items() or [("", "")]
    own = f"view:{view_id}"  # the cursor is that of the list behind it, and of no other view of that list
    place = unseal(own, asked.cursor) if asked.cursor else None
    found = LISTS[view.record_type, name](value, Asked(asked.limit, place))
    cursor = seal(own, found.next_cursor) if found.next_cursor else None
    return Page(of_records(found.items, columns_of(view)), cursor)


def columns_of(view: ViewDocument) -> Sequence[str]:
    return view.columns or SHOWN[view.record_type]


def of_records(records: Sequence[Any], columns: Sequence[str]) -> list[Row]:
    """Return records as rows; what contacts allow is read for all of them at once, where a column asks for it."""
    allowed = _allowed(records) if any(name in OF_CONSENT for name in columns) else {}
    return [
        Row(identity, values(record, columns, allowed.get(identity)))
        for record in records
        for identity in [record.pk.partition("#")[2]]
    ]


def in_use(records: Sequence[Any]) -> list[Any]:
    """Return the records without those of people who demanded that nothing is done with their data (GDPR 18)."""
    held = consent.only_kept(people_in(records))
    return [record for record in records if _contact_of(record) not in held]


def _contact_of(record: Any) -> str | None:
    contact_id: str | None = getattr(record, "contact_id", None)
    return contact_id


def people_in(records: Sequence[Any]) -> list[str]:
    """Return the contacts that records tell of."""
    return [each for record in records if (each := _contact_of(record)) is not None]


def _allowed(records: Sequence[Any]) -> dict[str, Preferences]:
    """Return what people allow: the strictest of all that each is (decision 46)."""
    people = {
        each.contact_id: [each.contact_id, *sorted(each.identities or ())]
        for each in records
        if isinstance(each, Contact)
    }
    asked = [one for ids in people.values() for one in ids]
    known = dict(zip(asked, consent.of_each(asked), strict=True))
    return {contact_id: strictest([known[one] for one in ids]) for contact_id, ids in people.items()}
