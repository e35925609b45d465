"""The log of what an account's contacts did, a row a fact: written by reactions, made anew by the recount."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from msgspec import Struct
from pynamodb.expressions.condition import Condition

from chalicelib.clock import as_text
from chalicelib.conditions.facts import Interaction as Told
from chalicelib.conditions.facts import Record, Verdict
from chalicelib.contacts.fields import of_contact
from chalicelib.contacts.models import Contact, Membership
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, delete, put
from chalicelib.interactions.models import Interaction
from chalicelib.interactions.types import COUNTED_FOR_ACCOUNTS
from chalicelib.scoring.accounts.items import (
    ALIASES,
    BELONGS,
    CHILD,
    PERSON,
    Aliases,
    Belongs,
    Child,
    Logged,
    Month,
    Person,
    log_of,
    month_of,
)
from chalicelib.scoring.models import ScoringItem

TOGETHER = 25


def accounts_of(contact_id: str, account_id: str | None = None) -> list[Belongs]:
    """Return the times that a person has spent at accounts, or at one, as far as they are known here of a contact."""
    prefix = f"{BELONGS}{account_id}#" if account_id else BELONGS
    found = Belongs.query(f"CONTACT#{contact_id}", Belongs.sk.startswith(prefix), consistent_read=True)
    return [each for each in found if isinstance(each, Belongs)]


def record(contact_id: str, type_: str, sk: str) -> list[str]:
    """Log an interaction where its contact, or another identity, belonged when it happened; returns the accounts."""
    places = accounts_of(contact_id) if type_ in COUNTED_FOR_ACCOUNTS else []
    item = Interaction.find(f"CONTACT#{contact_id}", sk) if places else None
    if item is None:
        return []
    found = list(dict.fromkeys(each.account_id for each in places if within(item.at, each.since, each.until)))
    for account_id in found:
        write(account_id, [item])
    return found


def within(at: datetime, since: datetime, until: datetime | None) -> bool:
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


def write(account_id: str, items: Sequence[Interaction]) -> int:
    """Put rows that are not there yet, or that know a later verdict; returns how many there were to put."""
    for month in sorted({month_of(each.at) for each in items}):
        note_month(account_id, month)
    return sum(_written(_logged(account_id, each)) for each in items)


def places_of(account_id: str, items: Iterable[Interaction]) -> list[Key]:
    """Return where in an account's log these lie."""
    return [Key(Logged, *Logged.place(account_id, each.type, each.at, each.interaction_id)) for each in items]


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


def drop(keys: Iterable[Key]) -> None:
    """Delete rows, those that are there."""
    left = list(keys)
    for start in range(0, len(left), TOGETHER):
        writes: list[Write] = [delete(key) for key in left[start : start + TOGETHER]]
        commit(writes)


# Reading ------------------------------------------------------------------------------------------------------------


class Known(Struct, frozen=True):
    """What an account's log knows of its people beside what they did."""

    children: set[str]
    persons: Mapping[str, Sequence[str]]
    """By contact, the person that it is one identity of, the contact that counts first; only who was merged."""

    def person(self, contact_id: str) -> Sequence[str]:
        return self.persons.get(contact_id, (contact_id,))


def known(account_id: str) -> Known:
    """Read the children among an account's contacts, past ones too, and who of them are one person."""
    rows = ScoringItem.query(
        f"ACCOUNT#{account_id}", ScoringItem.sk.between(ALIASES, f"{CHILD}~"), consistent_read=True
    )
    found = list(rows)
    persons = [(row.contact_id, *row.others) for row in found if isinstance(row, Aliases)]
    below = {row.contact_id for row in found if isinstance(row, Child)}
    return Known(below, {each: person for person in persons for each in person})


def told(account_id: str, types: Iterable[str], members: Iterable[Membership], about: Known) -> list[Told]:
    """Read what contacts did while they belonged to an account, without its children (decisions 16, 46, SCO-33)."""
    wanted = set(types)
    if not wanted:
        return []
    rows = (
        row for month in months(account_id) for row in Logged.query(log_of(account_id, month), consistent_read=True)
    )
    return [each for each in counting(rows, members, about) if each.type in wanted]


def counting(rows: Iterable[Logged], members: Iterable[Membership], about: Known) -> list[Told]:
    """Return which of the log's rows count, as facts: by the memberships as they are now, without children."""
    spans: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for each in members:
        for contact_id in set(about.person(each.contact_id)) - about.children:
            spans.setdefault(contact_id, []).append((each.since, each.until))
    return [
        _told(row, about.person(row.contact_id)[0])
        for row in rows
        if any(within(row.at, *span) for span in spans.get(row.contact_id, ()))
    ]


BY_TYPE = 2
"""Of so few months each type is asked for its days; of more a month is read whole, which is fewer requests."""


def rows_between(account_id: str, since: datetime, until: datetime, most: int) -> list[Logged]:
    """Return what an account's log has from a moment to before another; a row more than `most` where there are more."""
    asked = [each for each in months(account_id) if month_of(since) <= each <= month_of(until)]
    found: list[Logged] = []
    for partition in (log_of(account_id, each) for each in asked):
        for condition in _days(since, until) if len(asked) <= BY_TYPE else (None,):
            rows = Logged.query(partition, condition, limit=most + 1 - len(found))
            found += [row for row in rows if since <= row.at < until]
            if len(found) > most:
                return found
    return found


def _days(since: datetime, until: datetime) -> list[Condition]:
    return [
        Logged.sk.between(f"{type_}#{as_text(since)}", f"{type_}#{as_text(until)}")
        for type_ in sorted(COUNTED_FOR_ACCOUNTS)
    ]


def _told(row: Logged, contact_id: str) -> Told:
    attributes = {**(row.attributes or {}), "contact_id": contact_id}
    return Told(row.interaction_id, row.type, row.at, attributes, Verdict(row.verdict or Verdict.HUMAN))


def people(account_id: str, members: Iterable[Membership], about: Known) -> list[Record]:
    """Read who belongs to an account now, without its children (SCO-33)."""
    now = {each.contact_id for each in members if each.until is None} - about.children
    rows = Person.query(f"ACCOUNT#{account_id}", Person.sk.startswith(PERSON), consistent_read=True)
    return [of_contact(Contact.from_raw_data(dict(row.record))) for row in rows if row.contact_id in now]


def months(account_id: str) -> list[str]:
    """Return the months in which an account's log has rows."""
    rows = Month.query(f"ACCOUNT#{account_id}", Month.sk.startswith("MONTH#"), consistent_read=True)
    return [row.month for row in rows]
