"""The log of what an account's contacts did, a row a fact: written by reactions, made anew by the recount."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from itertools import islice

from chalicelib.conditions.facts import Interaction as Told
from chalicelib.conditions.facts import Record, Verdict
from chalicelib.consent import service as consent
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import FIELDS, of_contact
from chalicelib.contacts.models import Contact, Membership
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, delete, put
from chalicelib.interactions import service as interactions
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.types import COUNTED_FOR_ACCOUNTS
from chalicelib.scoring.accounts.items import BELONGS, PERSON, Belongs, Child, Logged, Month, Person, log_of, month_of
from chalicelib.sweeping import MOST, emptied

TOGETHER = 25


def accounts_of(contact_id: str) -> list[Belongs]:
    """Return the times that a contact has spent at accounts, as far as they are known here."""
    found = Belongs.query(f"CONTACT#{contact_id}", Belongs.sk.startswith(BELONGS), consistent_read=True)
    return [each for each in found if isinstance(each, Belongs)]


def record(contact_id: str, type_: str, sk: str) -> list[str]:
    """Log an interaction at the account that its contact belonged to when it happened; returns the accounts."""
    places = accounts_of(contact_id) if type_ in COUNTED_FOR_ACCOUNTS else []
    item = Interaction.find(f"CONTACT#{contact_id}", sk) if places else None
    if item is None:
        return []
    found = [each.account_id for each in places if _within(item.at, each.since, each.until)]
    for account_id in found:
        _write(account_id, [_logged(account_id, item)])
    return found


def _within(at: datetime, since: datetime, until: datetime | None) -> bool:
    return since <= at and (until is None or at < until)


def _logged(account_id: str, item: Interaction) -> Logged:
    place = Logged.place(account_id, item.type, item.at, item.interaction_id)
    return Logged(
        *place,
        interaction_id=item.interaction_id,
        type=item.type,
        at=item.at,
        contact_id=item.contact_id,
        attributes=item.attributes,
        verdict=item.verdict,
        decided_at=item.decided_at,
    )


def _write(account_id: str, rows: Sequence[Logged]) -> int:
    """Put rows that are not there yet, or that know a later verdict; returns how many there were to put."""
    for month in sorted({month_of(row.at) for row in rows}):
        note_month(account_id, month)
    return sum(_written(row) for row in rows)


@lru_cache(maxsize=10_000)
def note_month(account_id: str, month: str) -> None:
    """Note a month; it stays once it is there, so each process notes it once."""
    commit([put(Month(*Month.place(account_id, month), month=month))])


def _written(row: Logged) -> bool:
    fresh = Logged.pk.does_not_exist()
    if row.decided_at is not None:
        fresh |= Logged.decided_at.does_not_exist() | (Logged.decided_at < row.decided_at)
    try:
        commit([put(row, fresh)])
    except ConditionFailed:
        return False
    return True


# Who belongs --------------------------------------------------------------------------------------------------------


def belong(account_id: str, contact_id: str) -> int:
    """Bring the log up to date with a contact's times at an account; returns how many rows it lacked.

    What the contact did since it joined is looked at as well: it may have been told before the joining was, and what it
    did after it left before the leaving was.
    """
    places = accounts.memberships(account_id, contact_id)
    _note_child(account_id, contact_id)
    if any(each.until is None for each in places):
        _note_person(account_id, contact_id)
    else:
        commit([delete(Key(Person, *Person.place(account_id, contact_id)))])
    done = _done(contact_id, min((each.since for each in places), default=None))
    inside: list[Interaction] = []
    outside: list[Interaction] = []
    for item in done:
        belonged = any(_within(item.at, each.since, each.until) for each in places)
        (inside if belonged else outside).append(item)
    for place in places:
        _note(account_id, place)
    _deleted([Key(Logged, *Logged.place(account_id, each.type, each.at, each.interaction_id)) for each in outside])
    return _write(account_id, [_logged(account_id, item) for item in inside])


def rebuild(contact_id: str) -> list[str]:
    """Bring the logs of all accounts that a contact belongs to, or is known to have belonged to, up to date."""
    now_at = [contact.account_id for contact in contacts.find_many([contact_id]) if contact.account_id]
    found = sorted({*now_at, *(each.account_id for each in accounts_of(contact_id))})
    for account_id in found:
        belong(account_id, contact_id)
    return found


def _done(contact_id: str, since: datetime | None) -> list[Interaction]:
    """Return what a contact did since it first joined, as far as it is decided."""
    if since is None:
        return []
    found = [
        item for type_ in sorted(COUNTED_FOR_ACCOUNTS) for item in interactions.of_contact(contact_id, type_, since)
    ]
    return [item for item in found if item.verdict != Verdict.UNDECIDED]


def _note(account_id: str, member: Membership) -> None:
    place = Belongs.place(member.contact_id, account_id, member.since)
    row = Belongs(*place, account_id=account_id, since=member.since, until=member.until)
    known = Belongs.find(*place)
    if known is None or known.until != member.until:
        commit([put(row)])


def _note_child(account_id: str, contact_id: str) -> None:
    """Note whether a contact is a child, as its preferences say now."""
    row = Child(*Child.place(account_id, contact_id), contact_id=contact_id)
    commit([put(row) if consent.preferences(contact_id).is_child else delete(row.key)])


def note_child(contact_id: str) -> list[str]:
    """Note at every account of a contact whether it is a child; returns the accounts."""
    found = sorted({each.account_id for each in accounts_of(contact_id)})
    for account_id in found:
        _note_child(account_id, contact_id)
    return found


def note_person(contact_id: str) -> list[str]:
    """Note who a contact is at the accounts that it belongs to; returns every account that it has belonged to."""
    places = accounts_of(contact_id)
    for account_id in sorted({each.account_id for each in places if each.until is None}):
        _note_person(account_id, contact_id)
    return sorted({each.account_id for each in places})


def _note_person(account_id: str, contact_id: str) -> None:
    """Put who a contact is, unless a later version of it is known already."""
    for contact in contacts.find_many([contact_id]):
        raw = contact.serialize()
        row = Person(
            *Person.place(account_id, contact_id),
            contact_id=contact_id,
            record={name: raw[name] for name in ("contact_id", *FIELDS) if name in raw},
            contact_version=contact.version,
        )
        with suppress(ConditionFailed):
            commit([put(row, Person.pk.does_not_exist() | (Person.contact_version <= contact.version))])


def sweep(contact_id: str) -> bool:
    """Delete from the logs what a deleted contact did, up to 500 rows; return whether nothing is left.

    The keys of the rows come from the interactions, which are swept only after this.
    """
    places = accounts_of(contact_id)
    found = list(islice(Interaction.query(f"CONTACT#{contact_id}", consistent_read=True), MOST)) if places else []
    keys = [
        Key(Logged, *Logged.place(each.account_id, item.type, item.at, item.interaction_id))
        for item in found
        if isinstance(item, Interaction)
        for each in places
        if _within(item.at, each.since, each.until)
    ]
    at = dict.fromkeys(each.account_id for each in places)
    noted = [Key(Child, *Child.place(each, contact_id)) for each in at]
    noted += [Key(Person, *Person.place(each, contact_id)) for each in at]
    _deleted([*keys, *noted])
    return len(found) < MOST and emptied(Belongs, f"CONTACT#{contact_id}", BELONGS)


def _deleted(keys: Sequence[Key]) -> None:
    for start in range(0, len(keys), TOGETHER):
        writes: list[Write] = [delete(key) for key in keys[start : start + TOGETHER]]
        commit(writes)


# Reading ------------------------------------------------------------------------------------------------------------


def told(account_id: str, types: Iterable[str], members: Iterable[Membership]) -> list[Told]:
    """Read what contacts did while they belonged to an account, without its children (decision 16, SCO-33)."""
    wanted = set(types)
    if not wanted:
        return []
    below = children(account_id)
    spans: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for each in members:
        if each.contact_id not in below:
            spans.setdefault(each.contact_id, []).append((each.since, each.until))
    return [
        _told(row)
        for month in months(account_id)
        for row in Logged.query(log_of(account_id, month), consistent_read=True)
        if row.type in wanted and any(_within(row.at, *span) for span in spans.get(row.contact_id, ()))
    ]


def _told(row: Logged) -> Told:
    attributes = {**(row.attributes or {}), "contact_id": row.contact_id}
    return Told(row.interaction_id, row.type, row.at, attributes, Verdict(row.verdict or Verdict.HUMAN))


def people(account_id: str, members: Iterable[Membership]) -> list[Record]:
    """Read who belongs to an account now, without its children (SCO-33)."""
    below = children(account_id)
    now = {each.contact_id for each in members if each.until is None} - below
    rows = Person.query(f"ACCOUNT#{account_id}", Person.sk.startswith(PERSON), consistent_read=True)
    return [of_contact(Contact.from_raw_data(dict(row.record))) for row in rows if row.contact_id in now]


def children(account_id: str) -> set[str]:
    """Return the children among an account's contacts, past ones too."""
    rows = Child.query(f"ACCOUNT#{account_id}", Child.sk.startswith("CHILD#"), consistent_read=True)
    return {row.contact_id for row in rows}


def months(account_id: str) -> list[str]:
    """Return the months in which an account's log has rows."""
    rows = Month.query(f"ACCOUNT#{account_id}", Month.sk.startswith("MONTH#"), consistent_read=True)
    return [row.month for row in rows]
