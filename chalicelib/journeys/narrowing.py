"""Use case: the enrolments of a journey, narrowed to the people of one account (ABM-4).

Who belongs to it is asked of the contacts, so an enrolment holds no account, and somebody who changes the employer is
found at the one where he or she is now.
"""

import json

from msgspec import Struct

from chalicelib.contacts import service as contacts
from chalicelib.contacts.models import Contact
from chalicelib.journeys.models import Enrolment
from chalicelib.lists import Asked, Page
from chalicelib.tokens import seal, unseal

PEOPLE = 25
"""Contacts that a page looks at; each is a query of its own partition."""


class Place(Struct, frozen=True):
    """Where a page begins: a stretch of the account's contacts, and in it behind this enrolment of this contact."""

    people: str | None = None
    contact_id: str | None = None
    partition: str | None = None
    after: str | None = None

    @property
    def cursor(self) -> str:
        return seal("enrolments-of-account", json.dumps([self.people, self.contact_id, self.partition, self.after]))


def of_account(journey_id: str, account_id: str, asked: Asked) -> Page[Enrolment]:
    """By the contacts' names; a page may hold few or none, though there are more: its cursor says so."""
    place = Place(*json.loads(unseal("enrolments-of-account", asked.cursor))) if asked.cursor else Place()
    people = contacts.by_account(account_id, Asked(PEOPLE, place.people))
    found: list[tuple[Contact, Enrolment]] = []
    for person in _from(people.items, place.contact_id):
        most = asked.limit + 1 - len(found)
        found += [(person, each) for each in _of_person(person, journey_id, place, most)]
        if len(found) > asked.limit:
            contact, last = found[asked.limit - 1]
            cut = Place(place.people, contact.contact_id, last.pk, last.sk)
            return Page([each for _, each in found[: asked.limit]], cut.cursor)
    more = Place(people.next_cursor).cursor if people.next_cursor else None
    return Page([each for _, each in found], more)


def _from(people: list[Contact], contact_id: str | None) -> list[Contact]:
    """Go on with this contact; where it has left the account meanwhile, look at its stretch once more."""
    ids = [each.contact_id for each in people]
    return people[ids.index(contact_id) :] if contact_id in ids else people


def _of_person(person: Contact, journey_id: str, place: Place, most: int) -> list[Enrolment]:
    partitions = [f"CONTACT#{each}" for each in (person.contact_id, *sorted(person.identities or ()))]
    begun = person.contact_id == place.contact_id and place.partition in partitions
    found: list[Enrolment] = []
    for partition in partitions[partitions.index(str(place.partition)) if begun else 0 :]:
        after = place.after if begun and partition == place.partition else None
        found += _of_one(partition, journey_id, after, most - len(found))
    return found


def _of_one(partition: str, journey_id: str, after: str | None, most: int) -> list[Enrolment]:
    if most <= 0:
        return []
    place = {"pk": {"S": partition}, "sk": {"S": after}} if after else None
    journey = Enrolment.sk.startswith(f"ENROLMENT#{journey_id}#")
    query = Enrolment.query(
        partition, journey, last_evaluated_key=place, consistent_read=True, page_size=100, limit=most
    )
    return list(query)
