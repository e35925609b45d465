"""What the contacts table holds of a person."""

from datetime import datetime

from chalicelib.contacts import identity, merging, reading, service
from chalicelib.contacts.custom.models import FieldRow
from chalicelib.contacts.models import (
    Account,
    Contact,
    ContactsItem,
    Deleted,
    DeletedAccount,
    Dismissed,
    Duplicate,
    Heir,
    MatchingStrategy,
    Membership,
    Merge,
    Owner,
    StrategySet,
)
from chalicelib.contacts.tombstones import Tombstone
from chalicelib.dynamodb import ConditionFailed, commit, delete
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.holdings import Held, Holding, Nobody, Noun, Person, Reached, Stays


def _named(person: Person, row: Duplicate | Dismissed) -> bool:
    noun, _, own = row.pk.partition("#")
    return noun == "CONTACT" and bool({own, row.other_id} & person.contacts)


def _merged(person: Person, row: Merge) -> bool:
    """A merge lies with the contact that stayed, which is somebody else again once it was undone."""
    if not row.pk.startswith("CONTACT#"):
        return False
    if {row.into_id, row.other_id} & person.contacts:
        return True
    return person.mentioned([row.taken, row.before]) and not person.anew(row.at)


def _remove(person: Person, contact: Contact, now: datetime) -> bool:
    """Delete a contact with all that it is, as a person would; the sweeps of every domain follow from that."""
    main = identity.of_row(contact.contact_id, contact).contact
    if main is None:
        return True
    if main.contact_id not in person.contacts:
        return False  # it was merged into somebody meanwhile whom the request does not name
    try:
        return _removed(main, now)
    except NotFound:
        return True
    except (Stale, Conflict):
        return False


def _removed(main: Contact, now: datetime) -> bool:
    """Delete a contact; who is too many at once to be deleted in one step is parted first, and found one by one."""
    while main.identities:
        try:
            service.remove(main.contact_id, main.version, now)
        except Conflict:
            merging.undo(main.contact_id, max(main.identities.values()), "system", now)
            main = reading.find(main.contact_id)
        else:
            return True
    service.remove(main.contact_id, main.version, now)
    return True


def _end_merge(person: Person, row: Merge, _: datetime) -> bool:
    """A merge that stands goes with its contact; whoever was parted from somebody leaves nothing of it there."""
    if row.into_id in person.contacts:
        return not reading.exists(row.into_id)
    if row.undone_at is None:
        return False
    try:
        commit([delete(row.key, Merge.version == row.version)])
    except ConditionFailed:
        return False
    return True


def _leave(_: Person, row: Membership, __: datetime) -> bool:
    """A time at an account that lasts ends with the deletion of the contact, which holds to it."""
    if row.until is None and reading.exists(row.contact_id):
        return False
    commit([delete(row.key)])
    return True


HOLDING = Holding(
    ContactsItem,
    (
        Held(Contact, lambda person, row: row.contact_id in person.contacts, Noun.CONTACT, erase=_remove),
        Held(Merge, _merged, erase=_end_merge, own=False, shown=False),  # holds what both of them were
        Held(Duplicate, _named, own=False, shown=False),
        Held(Dismissed, _named, own=False, shown=False),
        Held(Membership, lambda person, row: row.contact_id in person.contacts, erase=_leave),
        Reached(Deleted, erase=lambda *_: False, shown=False),  # goes by itself, when every domain has swept twice
        Nobody(Account, "A company; who belongs to it is told by the contact."),
        Nobody(DeletedAccount, "A company."),
        Nobody(Owner, "A keyed hash, which the deletion of its contact frees."),
        Nobody(Heir, "A keyed hash, which the deletion of its contact frees."),
        Stays(Tombstone, "The keyed hash that keeps an erased person from coming back."),
        Nobody(MatchingStrategy, "What records are matched by."),
        Nobody(StrategySet, "A fence."),
        Nobody(FieldRow, "What a custom field is; its values lie with the records."),
    ),
    partitions={Noun.CONTACT: "CONTACT#"},
)
