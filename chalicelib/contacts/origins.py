"""Use case: which initiatives brought somebody (CON-3), with the names that they have now."""

from datetime import datetime

from msgspec import Struct

from chalicelib.contacts import identity
from chalicelib.contacts.models import Contact
from chalicelib.contacts.reading import find_many
from chalicelib.definitions import service as definitions

INITIATIVES = ("journey", "email", "form", "page")
"""What can bring somebody, in the order in which it is told."""


class Initiative(Struct, frozen=True):
    """Something that brought a contact; it has no name once it is gone."""

    kind: str
    id: str
    name: str | None


class Origin(Struct, frozen=True):
    """What one contact came from; `at` is when it did what it came by, `created_at` when it was made."""

    contact_id: str
    created_at: datetime
    created_by: str | None
    at: datetime | None
    initiatives: list[Initiative]
    submission_id: str | None
    originating_lead_id: str | None
    originating_event_id: str | None
    import_id: str | None


def of(contact_id: str) -> list[Origin]:
    """Return what somebody came from, as each of its identities, the earliest first. Raises NotFound."""
    who = identity.find(contact_id)
    found = sorted(find_many(who.ids), key=lambda each: (each.created_at, each.contact_id))
    brought = [(each, kind, getattr(each, f"source_{kind}_id")) for each in found for kind in INITIATIVES]
    names = definitions.names((kind, one) for _, kind, one in brought if one)
    return [
        _origin(
            each, [Initiative(kind, one, names.get((kind, one))) for of, kind, one in brought if of is each and one]
        )
        for each in found
    ]


def _origin(contact: Contact, initiatives: list[Initiative]) -> Origin:
    return Origin(
        contact.contact_id,
        contact.created_at,
        contact.created_by,
        contact.source_at,
        initiatives,
        contact.source_submission_id,
        contact.originating_lead_id,
        contact.originating_event_id,
        contact.import_row.partition(".")[0] if contact.import_row else None,
    )
