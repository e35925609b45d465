"""The registrations table: registrations for events, the seats of each event, whom a lead was made of already."""

from datetime import datetime
from enum import StrEnum

from pynamodb.attributes import JSONAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.clock import as_text
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item, Key
from chalicelib.settings import settings

REGISTERED, CANCELED, REFUSED = "registered", "canceled", "refused"


class Role(StrEnum):
    """What somebody comes as."""

    ATTENDEE = "attendee"
    JOURNALIST = "journalist"
    SPEAKER = "speaker"
    VENDOR = "vendor"
    OTHER = "other"


class ByContact(GlobalSecondaryIndex["RegistrationsItem"]):
    """The registrations of a contact, by when they were made; who got no seat is no contact by it."""

    class Meta:
        index_name = "by_contact"
        projection = IncludeProjection(["kind"])

    contact_id = UnicodeAttribute(hash_key=True)
    registered_at = InstantAttribute(range_key=True)


class ByEvent(GlobalSecondaryIndex["RegistrationsItem"]):
    """The registrations for an event, by when they were made; apart from those who got no seat."""

    class Meta:
        index_name = "by_event"
        projection = IncludeProjection(["kind"])

    event_shard = UnicodeAttribute(hash_key=True)
    registered_at = InstantAttribute(range_key=True)


class RegistrationsItem(Item):
    """The registrations table."""

    class Meta:
        table_name = settings.table("registrations")

    by_contact = ByContact()
    by_event = ByEvent()
    contact_id = UnicodeAttribute(null=True)
    event_shard = UnicodeAttribute(null=True)
    registered_at = InstantAttribute(null=True)


class Registration(RegistrationsItem, discriminator="registration"):
    """Somebody's registration for an event (EVT-6); `values` is what was typed about the person, also if in vain."""

    registration_id = UnicodeAttribute()
    event_id = UnicodeAttribute()
    event_version = IntegerAttribute()
    state = UnicodeAttribute(default=REGISTERED)
    submission_id = UnicodeAttribute()
    attendee = IntegerAttribute(default=1)  # of those that one submission names; the first one registers the others
    registered_by = UnicodeAttribute(null=True)  # the user who did; without one the attendees did it themselves
    owner_id = UnicodeAttribute(null=True)
    role = UnicodeAttribute(default="attendee")
    values = JSONAttribute(null=True)
    answers = JSONAttribute(null=True)
    lead_id = UnicodeAttribute(null=True)
    canceled_at = InstantAttribute(null=True)
    canceled_by = UnicodeAttribute(null=True)
    checked_in_at = InstantAttribute(null=True)
    checked_in_by = UnicodeAttribute(null=True)
    checked_out_at = InstantAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(registration_id: str) -> tuple[str, str]:
        return f"REGISTRATION#{registration_id}", "REGISTRATION"


class Seats(RegistrationsItem, discriminator="seats"):
    """How many seats of an event are held, and what happened: figures that stay when who it was is forgotten."""

    taken = IntegerAttribute(default=0)
    registered = IntegerAttribute(default=0)
    canceled = IntegerAttribute(default=0)
    checked_in = IntegerAttribute(default=0)

    @staticmethod
    def at(event_id: str) -> tuple[str, str]:
        return f"EVENT#{event_id}", "SEATS"


class LeadOfEvent(RegistrationsItem, discriminator="lead_of_event"):
    """A lead was made of a contact for an event; no second one is (EVT-13). It lies with the contact."""

    event_id = UnicodeAttribute()
    lead_id = UnicodeAttribute()

    @staticmethod
    def at(contact_id: str, event_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"EVENT#{event_id}"


class OfContact(RegistrationsItem, discriminator="registration_of_contact"):
    """A contact has this registration: what reactions read, for an index may not know yet what a stream told."""

    registration_id = UnicodeAttribute()

    @staticmethod
    def at(contact_id: str, registered_at: datetime, registration_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"REGISTRATION#{as_text(registered_at)}#{registration_id}"


class EventAddress(RegistrationsItem, discriminator="event_address"):
    """Which event has a readable id; an id that an event had stays its own."""

    event_id = UnicodeAttribute()

    @staticmethod
    def at(readable_id: str) -> tuple[str, str]:
        return f"ADDRESS#{readable_id}", "ADDRESS"


def registration_key(registration_id: str) -> Key:
    """Return where a registration lies."""
    return Key(Registration, *Registration.at(registration_id))


def lead_key(contact_id: str, event_id: str) -> Key:
    """Return where it lies that a lead was made of a contact for an event."""
    return Key(LeadOfEvent, *LeadOfEvent.at(contact_id, event_id))


def refused_of(event_id: str) -> str:
    """Return the name of the list of those who got no seat at an event."""
    return f"{event_id}.{REFUSED}"
