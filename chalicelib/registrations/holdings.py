"""What the registrations table holds of a person: what it registered for, also in vain."""

from datetime import datetime

from chalicelib.holdings import Held, Holding, Nobody, Noun, Person, Reached
from chalicelib.registrations.forgetting import vacate
from chalicelib.registrations.models import EventAddress, LeadOfEvent, OfContact, Registration, RegistrationsItem, Seats


def _whose(person: Person, row: Registration) -> bool:
    """Who got no seat is no contact by that; what somebody else's contact sent is that person's."""
    if row.contact_id is not None:
        return row.contact_id in person.contacts
    return person.mentioned(row.values) and not person.anew(row.registered_at)


def _erase(_: Person, row: Registration, __: datetime) -> bool:
    vacate(row)
    return True


HOLDING = Holding(
    RegistrationsItem,
    (
        Held(Registration, _whose, erase=_erase),
        Reached(LeadOfEvent, shown=False),
        Reached(OfContact, shown=False),
        Nobody(Seats, "Figures of an event."),
        Nobody(EventAddress, "Nothing of a person."),
    ),
    partitions={Noun.CONTACT: "CONTACT#"},
)
