"""Who belongs to an account, as its log knows it: times, identities, children and people, kept by reactions.

A person belongs where any of its identities does, and what any of them does then is the account's (decision 63).
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from chalicelib.conditions.facts import Verdict
from chalicelib.conditions.sources import Identity
from chalicelib.consent import service as consent
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import FIELDS
from chalicelib.contacts.models import Membership
from chalicelib.dynamodb import ConditionFailed, Key, Notes, Write, commit, delete, put, read, tries
from chalicelib.errors import Conflict
from chalicelib.interactions import service as interactions
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.types import COUNTED_FOR_ACCOUNTS
from chalicelib.scoring.accounts import log
from chalicelib.scoring.accounts.items import Aliases, Belongs, Child, Person


def belong(account_id: str, contact_id: str) -> int:
    """Bring the log up to date with a contact's times at an account; returns how many rows it lacked.

    What the contact did since it joined is looked at as well: it may have been told before the joining was, and what it
    did after it left before the leaving was.
    """
    return _settled(contact_id, lambda who: _brought(account_id, who))


def rebuild(contact_id: str) -> list[str]:
    """Bring the logs of all accounts that a person belongs to, or is known to have belonged to, up to date."""
    found: dict[str, None] = {}

    def bring(who: Identity) -> int:
        at = _accounts(who)
        found.update(dict.fromkeys(at))
        return sum(_brought(each, who) for each in at)

    _settled(contact_id, bring)
    return sorted(found)


def merged(contact_id: str) -> list[str]:
    """Bring the logs up to date with a merge or its undoing, which is told of everybody who is a contact of its own."""
    return rebuild(contact_id) if contacts.who_is(contact_id).id == contact_id else []


def _settled(contact_id: str, bring: Callable[[Identity], int]) -> int:
    """Bring something up to date with a person until it is still who it was; returns how much was lacking.

    A merge, or its undoing, may come meanwhile and be told to another who is done before: whoever writes last looks.
    """
    lacking, known = 0, {contact_id}
    people = _people(known)
    for _ in tries():
        lacking += sum(bring(who) for who in people)
        known |= {each for who in people for each in who.ids}
        again = _people(known)
        if [who.ids for who in again] == [who.ids for who in people]:
            return lacking
        people = again
    raise Conflict("This contact is being merged at this moment.")


def _people(contact_ids: Iterable[str]) -> list[Identity]:
    """Return who these contacts are, each person once; also those that are gone, of whom something may be left."""
    asked, notes = sorted(contact_ids), Notes()
    notes.expect(contacts.key(each) for each in asked)
    found = [contacts.who_is(each, notes.look) for each in asked]
    return list({who.id: who for who in found}.values())


def _accounts(who: Identity) -> list[str]:
    now_at = [who.contact.account_id] if who.contact is not None and who.contact.account_id else []
    return sorted({*now_at, *(each.account_id for one in who.ids for each in log.accounts_of(one))})


# At one account ------------------------------------------------------------------------------------------------------


def _brought(account_id: str, who: Identity) -> int:
    times = [each for one in who.ids for each in accounts.memberships(account_id, one)]
    _note_aliases(account_id, who, times)
    _note_children(account_id, who, child=bool(times) and consent.of_person(who).is_child)
    for contact_id in who.ids:
        if any(each.until is None and each.contact_id == contact_id for each in times):
            _note_person(account_id, contact_id)
        else:
            commit([delete(Key(Person, *Person.place(account_id, contact_id)))])
    return sum(_logged(account_id, each, times) for each in who.ids)


def _logged(account_id: str, contact_id: str, times: Sequence[Membership]) -> int:
    """Log what a contact did at these times and nothing else.

    The times are noted first, so that what is recorded from here on finds them; those that are none go last, since by
    them is known what else may be left.
    """
    known = {each.sk: each for each in log.accounts_of(contact_id, account_id)}
    wanted = [_belongs(account_id, contact_id, each) for each in times]
    for row in wanted:
        if row.sk not in known or known[row.sk].until != row.until:
            commit([put(row)])
    inside: list[Interaction] = []
    outside: list[Interaction] = []
    for item in _done(contact_id, min((each.since for each in [*wanted, *known.values()]), default=None)):
        belonged = any(log.within(item.at, each.since, each.until) for each in times)
        (inside if belonged else outside).append(item)
    log.drop(log.places_of(account_id, outside))
    lacking = log.write(account_id, inside)
    log.drop(known[sk].key for sk in sorted(known.keys() - {row.sk for row in wanted}))
    return lacking


def _belongs(account_id: str, contact_id: str, time: Membership) -> Belongs:
    of = time.contact_id if time.contact_id != contact_id else None
    place = Belongs.place(contact_id, account_id, time.since, of)
    return Belongs(*place, account_id=account_id, since=time.since, until=time.until, of=of)


def _done(contact_id: str, since: datetime | None) -> list[Interaction]:
    """Return what a contact did since it first joined, as far as it is decided."""
    if since is None:
        return []
    found = [
        item for type_ in sorted(COUNTED_FOR_ACCOUNTS) for item in interactions.of_contact(contact_id, type_, since)
    ]
    return [item for item in found if item.verdict != Verdict.UNDECIDED]


def _note_aliases(account_id: str, who: Identity, times: Sequence[Membership]) -> None:
    """Note who is one person with whom, where anybody is; what has not changed is not written."""
    keys = [Key(Aliases, *Aliases.place(account_id, each)) for each in who.ids]
    own, *others = read(keys)
    writes: list[Write] = [delete(key) for key, row in zip(keys[1:], others, strict=True) if row is not None]
    aliases = list(who.ids[1:]) if times else []
    if aliases and (own is None or own.others != aliases):
        writes.append(put(Aliases(*Aliases.place(account_id, who.id), contact_id=who.id, others=aliases)))
    if own is not None and not aliases:
        writes.append(delete(own.key))
    if writes:
        commit(writes)


# Who they are --------------------------------------------------------------------------------------------------------


def _note_children(account_id: str, who: Identity, *, child: bool) -> None:
    rows = [Child(*Child.place(account_id, each), contact_id=each) for each in who.ids]
    commit([put(row) if child else delete(row.key) for row in rows])


def note_child(contact_id: str) -> list[str]:
    """Note at every account of a person whether it is a child, as one of its identities; returns them."""
    found: dict[str, None] = {}

    def note(who: Identity) -> int:
        at = sorted({each.account_id for one in who.ids for each in log.accounts_of(one)})
        found.update(dict.fromkeys(at))
        for account_id in at:
            _note_children(account_id, who, child=consent.of_person(who).is_child)
        return 0

    _settled(contact_id, note)
    return sorted(found)


def note_person(contact_id: str) -> list[str]:
    """Note who a contact is at the accounts that it belongs to; returns every account that it has belonged to."""
    places = log.accounts_of(contact_id)
    for account_id in sorted({each.account_id for each in places if each.until is None and each.of is None}):
        _note_person(account_id, contact_id)
    return sorted({each.account_id for each in places})


def _note_person(account_id: str, contact_id: str) -> None:
    """Put who a contact is, unless a later version of it is known already."""
    for contact in contacts.find_many([contact_id]):
        raw = contact.serialize()
        row = Person(
            *Person.place(account_id, contact_id),
            contact_id=contact_id,
            record={name: raw[name] for name in ("contact_id", "custom", *FIELDS) if name in raw},
            contact_version=contact.version,
        )
        with suppress(ConditionFailed):
            commit([put(row, Person.pk.does_not_exist() | (Person.contact_version <= contact.version))])
