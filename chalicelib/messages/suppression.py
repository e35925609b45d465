"""Addresses that mail is not attempted to, by keyed hash: all mail, or bulk mail (16.9)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.contacts.normalise import email as read_email
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, delete, put, put_new, read
from chalicelib.errors import Unavailable
from chalicelib.messages.models import Suppressed
from chalicelib.tokens import keyed_hash

ALL, BULK = "all", "bulk"
HARD_BOUNCE_FOR = timedelta(days=180)  # EML-23
SOFT_IN_A_ROW = 5  # EML-24, decision 32

HARD_BOUNCE, SOFT_BOUNCES, COMPLAINT, UNSUBSCRIBED, BY_USER = (
    "hard-bounce",
    "soft-bounces",
    "complaint",
    "unsubscribed",
    "by-user",
)


def address_hash(key: str) -> str:
    """Return the name of an address: the hash that contacts' claims on it have too, so that holders can be found."""
    return keyed_hash("claim", key)


def hash_of(address: str) -> str:
    """Return the name of an address as somebody wrote it. Raises Invalid."""
    return address_hash(read_email(address, "address").key)


class Wanted(Struct, frozen=True):
    """A suppression to be. Without `until` it lasts until a user or the person takes it away."""

    address_hash: str
    scope: str
    reason: str
    until: datetime | None = None
    by: str | None = None
    note: str | None = None


def keys(hashed: str) -> list[Key]:
    return [Key(Suppressed, *Suppressed.at(hashed, scope)) for scope in (ALL, BULK)]


def holds(row: Suppressed | None, now: datetime) -> bool:
    return row is not None and (row.until is None or now < row.until)


def applies(
    rows: Iterable[Suppressed | None], designation: str, now: datetime, agreed_at: datetime | None = None
) -> bool:
    """Return whether mail of a designation is suppressed: bulk suppression concerns commercial mail only.

    What the address itself unsubscribed from it may have agreed to since by a compliance profile (`agreed_at`).
    """
    return any(
        row is not None
        and holds(row, now)
        and (row.scope == ALL or (designation == "commercial" and not _overruled(row, agreed_at)))
        for row in rows
    )


def _overruled(row: Suppressed, agreed_at: datetime | None) -> bool:
    return row.reason == UNSUBSCRIBED and agreed_at is not None and agreed_at > row.since


def plan(before: Suppressed | None, wanted: Wanted, now: datetime) -> list[Write]:
    """Return the write of a suppression, none where a stronger one holds already."""
    if before is not None and holds(before, now) and not _longer(wanted.until, before.until):
        return []
    row = Suppressed(
        *Suppressed.at(wanted.address_hash, wanted.scope),
        scope=wanted.scope,
        reason=wanted.reason,
        since=now,
        until=wanted.until,
        by=wanted.by,
        note=wanted.note,
        expires=int(wanted.until.timestamp()) if wanted.until else None,
    )
    return [put_new(row) if before is None else put(row, Suppressed.since == before.since)]


def _longer(wanted: datetime | None, before: datetime | None) -> bool:
    return before is not None and (wanted is None or wanted > before)


def find(hashed: str) -> list[Suppressed]:
    """Return what is suppressed for an address, expired ones included until they are swept."""
    return [row for row in read(keys(hashed)) if row is not None]


def suppress(wanted: Wanted, now: datetime) -> None:
    """Suppress an address. Repeating it changes nothing."""
    for _ in range(3):
        before = Suppressed.find(*Suppressed.at(wanted.address_hash, wanted.scope))
        try:
            return commit(plan(before, wanted, now))
        except ConditionFailed:
            continue
    raise Unavailable("This address is being changed by somebody else. Try again in a few seconds.")


def lift(hashed: str, scope: str, reasons: Sequence[str] = ()) -> bool:
    """Take a suppression away, only one for certain reasons if they are named. Returns whether there was one."""
    before = Suppressed.find(*Suppressed.at(hashed, scope))
    if before is None or (reasons and before.reason not in reasons):
        return False
    commit([delete(before.key)])
    return True
