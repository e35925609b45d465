"""What differs between rows of contacts, of accounts and of leads: whose plans make them, where they lie, who goes."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.contacts import accounts, bringing, reading
from chalicelib.contacts import service as contacts
from chalicelib.contacts.bringing import Brought
from chalicelib.contacts.claims import Book
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.plans import BOOK as CONTACTS
from chalicelib.contacts.service import Prepared
from chalicelib.dynamodb import Key, Look
from chalicelib.leads import bringing as lead_bringing
from chalicelib.leads import service as leads
from chalicelib.leads.matching import BOOK as LEADS
from chalicelib.leads.models import lead_key, settings_key


class Kind(Struct, frozen=True):
    """A record type as its rows need it; people have a book of claims, and `besides` is read for every row."""

    bring: Callable[[Brought, str | None, str, datetime, Look], Prepared[Any]]
    key: Callable[[str], Key]
    remove: Callable[[str, int, datetime], None]
    book: Book | None = None
    places: Callable[[Mapping[str, Any]], Mapping[str, str]] = lambda _: {}
    besides: Callable[[], Iterable[Key]] = tuple


KINDS: Mapping[RecordType, Kind] = {
    RecordType.CONTACT: Kind(bringing.contact, reading.key, contacts.remove, CONTACTS, bringing.places),
    RecordType.LEAD: Kind(
        lead_bringing.lead, lead_key, leads.remove, LEADS, lead_bringing.places, lambda: [settings_key()]
    ),
    RecordType.ACCOUNT: Kind(bringing.account, bringing.account_key, accounts.remove),
}
