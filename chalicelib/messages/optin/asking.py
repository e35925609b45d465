"""What asking for something writes that has to be confirmed first (DOI-1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from chalicelib.agenda import due_shard
from chalicelib.clock import digest
from chalicelib.consent.subscriptions.plans import Standing
from chalicelib.consent.subscriptions.rules import State, of_person
from chalicelib.contacts.models import Contact
from chalicelib.contacts.normalise import email as read_email
from chalicelib.dynamodb import Write, put
from chalicelib.messages import suppression
from chalicelib.messages.optin.models import Confirmation, OptInSettings
from chalicelib.messages.optin.rules import LEFT, TAKEN_UP_AFTER, WORK, Mail, What, valid


class Asked(Struct, frozen=True):
    """When, where, in which words and which language somebody asked: what becomes the proof."""

    at: datetime
    source: str
    language: str
    wording: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)


def must_be_confirmed(standing: Standing, settings: OptInSettings) -> bool:
    """Return whether a form that anybody may send puts somebody on a list only after a confirmation.

    Always where the person left it: who sends the form may be somebody else, and only the person can take back what
    it withdrew (invariant 7).
    """
    return settings.enabled or of_person(standing.states) is State.UNSUBSCRIBED


def for_list(contact: Contact, list_id: str, asked: Asked) -> list[Write]:
    """Return the write by which joining a list waits; none where there is no address to write to."""
    name = digest(What.LIST, contact.contact_id, list_id)
    return _request(contact, name, asked, what=What.LIST, list_id=list_id)


def for_level(contact: Contact, level: int, asked: Asked) -> list[Write]:
    """Return the write by which a higher consent level waits; none where there is no address to write to."""
    name = digest(What.LEVEL, contact.contact_id)
    return _request(contact, name, asked, what=What.LEVEL, level=level)


def for_form(address: str, submission_id: str, asked: Asked, **what: Any) -> Confirmation:
    """Return the request by which a submission waits for its address; each submission is one of its own.

    So whoever presses the button confirms what that link was mailed for, whatever others send with the address.
    """
    hashed = suppression.address_hash(read_email(address).key)
    return row_of(hashed, submission_id, asked, what=What.FORM, address=address, **what)


def _request(contact: Contact, name: str, asked: Asked, **what: Any) -> list[Write]:
    """Asking again takes the place of what was asked before: its message may go out anew, older links stay good."""
    if not contact.email:
        return []
    hashed = suppression.address_hash(read_email(contact.email).key)
    return [put(row_of(hashed, name, asked, contact_id=contact.contact_id, **what))]


def row_of(address_hash: str, name: str, asked: Asked, **what: Any) -> Confirmation:
    """Return a request that is to be mailed."""
    return Confirmation(
        *Confirmation.at(address_hash, name),
        confirmation_id=name,
        address_hash=address_hash,
        asked_at=asked.at,
        language=asked.language,
        source=asked.source,
        wording=asked.wording,
        where={name: value for name, value in asked.where.items() if value is not None},
        state=Mail.WANTED,
        due_shard=due_shard(WORK, name),
        due=asked.at + TAKEN_UP_AFTER,
        expires=int((asked.at + valid(what.get("valid_days")) + LEFT).timestamp()),
        **what,
    )
