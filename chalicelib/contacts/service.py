"""Use cases: make, find, change and delete contacts; decide who somebody is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from chalicelib.clock import as_text
from chalicelib.contacts import strategies
from chalicelib.contacts.claims import Book, Strategy, backfilled, change, places
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.fields import EMAILS, clean
from chalicelib.contacts.models import Account, Contact, ContactsItem, Duplicate, Heir, Membership, Owner
from chalicelib.contacts.normalise import key_of
from chalicelib.dynamodb import (
    ConditionFailed,
    Key,
    Write,
    check,
    commit,
    delete,
    put,
    put_changed,
    put_new,
    read,
    update,
)
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale, Unprocessable
from chalicelib.lists import Asked, Page, page, partitions

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Prepared(Generic[Record]):
    """A record that a submission resolved to, and the writes that make it so; commit them with whatever else."""

    record: Record
    created: bool
    changed: bool
    writes: list[Write] = field(default_factory=list)


def find(contact_id: str) -> Contact:
    """Return a contact, read consistently. Raises NotFound."""
    contact = Contact.find(*Contact.at(contact_id))
    if contact is None:
        raise NotFound("There is no contact of this id.")
    return contact


def key(contact_id: str) -> Key:
    return Key(Contact, *Contact.at(contact_id))


def still_there(contact_id: str) -> Write:
    """Return the check that a contact exists, for what must not outlive it."""
    return check(key(contact_id), Contact.pk.exists())


BOOK = Book(Owner, Heir, key)


def find_many(contact_ids: Iterable[str]) -> list[Contact]:
    """Return those of the contacts that exist, read consistently."""
    return [contact for contact in read(key(each) for each in contact_ids) if contact is not None]


def create(
    contact_id: str, values: Mapping[str, Any], now: datetime, *, by: str, context: MarketingContext | None = None
) -> Contact:
    """Make a contact by hand. The same id again returns what it made the first time.

    Raises Conflict naming the contact that owns the default strategy's key already; Invalid for broken values.
    """
    contact = _new(contact_id, clean(values), context or MarketingContext(), now)
    contact.created_by = by
    if not contact.last_name:
        raise Invalid("A contact needs a last name.", [Problem("last_name", "This field is required.")])
    for _ in range(ROUNDS):
        try:
            # Both complete the contact itself, so they come before it is put.
            claimed, joined = _unclaimed(contact, now), _joined(contact, now)
            commit([put_new(contact)], claimed, joined)
        except ConditionFailed as failed:
            if earlier := next((found for _, found in failed.of(Contact) if found is not None), None):
                return earlier
        else:
            return contact
    raise Conflict("Others take these details at this moment. Try again in a few seconds.")


ROUNDS = 4  # of reading who owns a key and writing what follows from it


def _unclaimed(contact: Contact, now: datetime) -> list[Write]:
    """Claim for a contact that is made by hand. Raises Conflict where another owns the default strategy's key."""
    writes, met = _claim(contact, {}, now)
    owner = met.get(strategies.default(strategies.CONTACT).id)
    if owner is not None:
        raise Conflict("There is a contact with these details already.", [Problem("contact_id", owner)])
    return writes


def _new(contact_id: str, values: Mapping[str, Any], context: MarketingContext, now: datetime) -> Contact:
    given = {name: value for name, value in values.items() if value is not None}
    pk, sk = Contact.at(contact_id)
    known: dict[str, Any] = {**given, **context.named()}
    contact = Contact(pk, sk, contact_id=contact_id, created_at=now, updated_at=now, **known)
    contact.list_by_name()
    return contact


def _claim(
    contact: Contact, old: Mapping[str, str], now: datetime, owners: Mapping[str, Any] | None = None
) -> tuple[list[Write], Mapping[str, str]]:
    """Bring a contact's claims up to date with its values; returns the writes and whose keys it met."""
    contact.claims = _places(contact)
    changes = change(BOOK, contact.contact_id, old, contact.claims, now, owners=owners)
    suggestions = [_duplicate(contact.contact_id, other, strategy, now) for strategy, other in changes.met.items()]
    return [*changes.writes, *suggestions], changes.met


def _places(contact: Contact) -> dict[str, str]:
    return places(strategies.in_use(strategies.CONTACT), contact.attribute_values)


def _duplicate(contact_id: str, other_id: str, strategy_id: str, now: datetime) -> Write:
    suggestion = Duplicate(
        *Duplicate.at(contact_id, other_id),
        contact_id=contact_id,
        other_id=other_id,
        strategy_id=strategy_id,
        found_at=now,
    )
    return put(suggestion)


def amend(contact_id: str, values: Mapping[str, Any], version: int, now: datetime) -> Contact:
    """Change a contact; None clears a field. Raises Stale, NotFound, Invalid, Conflict (a key of another contact)."""
    contact = find(contact_id)
    if contact.version != version:
        raise Stale("The contact has changed since you read it. Read it again and repeat the change.")
    writes = _amended(contact, clean(values), now)
    if not contact.last_name:
        raise Invalid("A contact needs a last name.", [Problem("last_name", "This field is required.")])
    try:
        commit(writes)
    except ConditionFailed as failed:
        raise Conflict("Somebody changed this contact, or took these details, at the same moment.") from failed
    return contact


def _amended(contact: Contact, values: Mapping[str, Any], now: datetime) -> list[Write]:
    """Apply values to a contact as read and return the writes: itself, its claims, its time at an account."""
    old_claims, old_account = contact.claims or {}, contact.account_id
    for name, value in values.items():
        setattr(contact, name, value)
    contact.updated_at = now
    contact.list_by_name()
    claims, _ = _claim(contact, old_claims, now)
    moved = _moved(contact, old_account, now) if contact.account_id != old_account else []
    return [put_changed(contact), *claims, *moved]


def _joined(contact: Contact, now: datetime) -> list[Write]:
    """Begin a contact's time at its account. Raises NotFound by condition if there is no such account."""
    if contact.account_id is None:
        return []
    contact.member_since = now
    there = check(
        Key(Account, *Account.at(contact.account_id)),
        Account.pk.exists(),
        refused=Unprocessable(
            "There is no account of this id.", [Problem("account_id", "There is no account of this id.")]
        ),
    )
    place = Membership.at(contact.account_id, contact.contact_id, as_text(now))
    return [there, put_new(Membership(*place, contact_id=contact.contact_id, since=now))]


def _moved(contact: Contact, left: str | None, now: datetime) -> list[Write]:
    writes: list[Write] = []
    if left is not None and contact.member_since is not None:
        place = Membership.at(left, contact.contact_id, as_text(contact.member_since))
        writes.append(update(Key(Membership, *place), Membership.until.set(now), condition=Membership.pk.exists()))
    contact.member_since = None
    return [*writes, *_joined(contact, now)]


def prepare(
    values: Mapping[str, Any],
    *,
    strategy_id: str | None,
    new_id: str,
    context: MarketingContext,
    now: datetime,
    blank_clears: bool = False,
    owner_id: str | None = None,
) -> Prepared[Contact]:
    """Decide who submitted these values: the contact that owns their match key, or a new one (SUB-1.1, MAT-1).

    `owner_id` is whose a new contact becomes; a known one keeps its owner. The writes are conditional on what was read
    here: where one fails, prepare again. Raises Unprocessable naming the attribute that the strategy needs and that has
    no value (MAT-6), Invalid for broken values.
    """
    strategy = strategies.find(strategies.CONTACT, strategy_id)
    cleaned = clean(values)
    _require(strategy, cleaned)
    own = {
        name: value for name, value in cleaned.items() if value is not None or (blank_clears and name != "last_name")
    }
    place = strategy.place(cleaned) or ""
    owner = BOOK.owners([place]).get(place)
    if owner is None:
        return _created({"owner_id": owner_id, **own}, new_id, strategy, context, now)
    contact = find_many([owner.record_id])
    if not contact or (contact[0].claims or {}).get(strategy.id) != place:
        raise ConditionFailed([])  # deleted or changed between two reads; its claim is going as well
    return _matched(contact[0], own, now)


def _require(strategy: Strategy, values: Mapping[str, Any]) -> None:
    if missing := strategy.missing(values):
        needed = [Problem(name, f"Without it we cannot tell who this is ({strategy.name}).") for name in missing]
        raise Unprocessable("The form did not send everything that its matching strategy needs.", needed)


def _created(
    values: Mapping[str, Any], new_id: str, strategy: Strategy, context: MarketingContext, now: datetime
) -> Prepared[Contact]:
    contact = _new(new_id, values, context, now)
    writes, met = _claim(contact, {}, now)
    if strategy.id in met:
        raise ConditionFailed([])  # another contact took the key between two reads: it is the one that matches
    return Prepared(contact, created=True, changed=True, writes=[put_new(contact), *writes])


def _matched(contact: Contact, values: Mapping[str, Any], now: datetime) -> Prepared[Contact]:
    """Update a known contact (MAT-9). What has not changed is not written, only checked to be as it was read."""
    changed = {name: value for name, value in values.items() if getattr(contact, name) != value}
    if not changed or _same_addresses(contact, changed):
        still = check(contact.key, Contact.version == contact.version)
        return Prepared(contact, created=False, changed=False, writes=[still])
    return Prepared(contact, created=False, changed=True, writes=_amended(contact, changed, now))


def _same_addresses(contact: Contact, changed: Mapping[str, Any]) -> bool:
    """Return whether all that differs is how addresses of the same key are written."""
    return all(
        name in EMAILS and key_of(name, value) == key_of(name, getattr(contact, name))
        for name, value in changed.items()
    )


def remove(contact_id: str, version: int, now: datetime) -> None:
    """Delete a contact and free its claims (decision 40). Raises Stale, NotFound."""
    contact = find(contact_id)
    gone = delete(contact.key, Contact.version == version, refused=Stale("The contact has changed since you read it."))
    released = change(BOOK, contact_id, contact.claims or {}, {}, now).writes
    contact.account_id, left = None, contact.account_id
    try:
        commit([gone], released, _moved(contact, left, now) if left else [])
    except ConditionFailed as failed:
        raise Conflict("Others take or leave this contact's details at this moment. Delete it again.") from failed


def backfill(strategy: Strategy, contact_ids: Iterable[str], now: datetime) -> None:
    """Let existing contacts claim under a strategy that is being built; the latest updated owns a shared key."""
    for contact in find_many(contact_ids):
        place = strategy.place(contact.attribute_values)
        if place is None or (contact.claims or {}).get(strategy.id) == place:
            continue
        claimed, met = backfilled(BOOK, place, contact.contact_id, contact.updated_at, now)
        contact.claims = {**(contact.claims or {}), strategy.id: place}
        suggested = [_duplicate(met.heir_id, met.owner_id, strategy.id, now)] if met else []
        commit([put_changed(contact)], claimed, suggested)


# Lists -------------------------------------------------------------------------------------------------------------


def by_name(prefix: str, asked: Asked) -> Page[Contact]:
    condition = ContactsItem.name_key.startswith(prefix.casefold()) if prefix else None
    return page(ContactsItem.by_name, partitions("contact"), asked, condition=condition, kind=Contact)


def by_created(asked: Asked) -> Page[Contact]:
    """Newest first."""
    return page(ContactsItem.by_created, partitions("contact"), asked, newest_first=True, kind=Contact)


def by_owner(owner_id: str, asked: Asked) -> Page[Contact]:
    """Newest first."""
    return page(ContactsItem.by_owner, [owner_id], asked, newest_first=True, kind=Contact)


def by_account(account_id: str, asked: Asked) -> Page[Contact]:
    """By name."""
    return page(ContactsItem.by_account, [account_id], asked, kind=Contact)


def by_email(address: str) -> list[Contact]:
    """Return the contacts that hold an address: the owner of its key and the heirs, read consistently.

    Raises Conflict if no strategy by email alone is in use.
    """
    strategy = next((each for each in strategies.in_use(strategies.CONTACT) if each.attributes == ("email",)), None)
    if strategy is None:
        raise Conflict("Contacts can be found by address only while a matching strategy by email alone is in use.")
    return find_many(_at(strategy.place({"email": address}) or ""))


def holders(address_hash: str) -> list[str]:
    """Return the ids of the contacts that hold an address, by its keyed hash alone (decisions 31, 38).

    None where no strategy by email alone is in use: then nobody claims addresses.
    """
    by_email = (each for each in strategies.in_use(strategies.CONTACT) if each.attributes == ("email",))
    return [holder for strategy in by_email for holder in _at(f"CLAIM#{strategy.id}##{address_hash}")]


def _at(place: str) -> list[str]:
    rows = [item for item in ContactsItem.query(place, consistent_read=True) if isinstance(item, (Owner, Heir))]
    return list(dict.fromkeys(row.record_id for row in rows))


def duplicates(contact_id: str) -> list[Duplicate]:
    """Return the suggestions that a contact is somebody else as well."""
    return list(Duplicate.query(f"CONTACT#{contact_id}", Duplicate.sk.startswith("DUPLICATE#")))
