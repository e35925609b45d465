"""Reads what a contact did, of one type: the newest rows as they lie, what is older from digests.

The order makes it exact while others write: rows, then marks, then digests. Rows never go; a row is in a digest before
its mark goes, and marked before a digest that was made without it could hide it.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from msgspec import Struct

from chalicelib.clock import as_text, from_text
from chalicelib.conditions.facts import Interaction as Told
from chalicelib.conditions.facts import Verdict
from chalicelib.dynamodb import Key, Raw, query_between, read
from chalicelib.errors import Unavailable
from chalicelib.interactions.models import Digest, Interaction, Late
from chalicelib.interactions.packing import unpack
from chalicelib.interactions.plans import SETTLED
from chalicelib.queues import send

LOOSE = 200
"""Rows of a type that are read one by one; whoever has more has the older ones in digests."""
MANY = 100
"""Settled rows that no digest holds yet, or marks, at which a reader asks for them to be digested."""
QUEUE = "digest"
STRETCHES = (("!", "DIGEST"), ("DIGEST$", "LATE"), ("LATE$", "~"))
"""Where a contact's rows lie: beside its digests and marks, which may be large."""


class Row(Struct, frozen=True):
    """An interaction as it lies, without what no condition asks: made by the hundred, so not by its model."""

    sk: str
    told: Told
    recorded_at: str

    @classmethod
    def of(cls, raw: Raw) -> "Row":
        sk, verdict = raw["sk"]["S"], raw.get("verdict")
        type_, at, identity = sk.split("#", 2)
        attributes = json.loads(raw["attributes"]["S"]) if "attributes" in raw else {}
        if "lead_id" in raw:
            attributes = {**attributes, "lead_id": raw["lead_id"]["S"]}
        told = Told(identity, type_, from_text(at), attributes, Verdict(verdict["S"]) if verdict else Verdict.HUMAN)
        return cls(sk, told, raw["recorded_at"]["S"])


NAMES = ("sk", "attributes", "verdict", "lead_id", "recorded_at")


def told(contact_id: str, type_: str, since: datetime | None = None) -> list[Told]:
    """Return a contact's interactions of a type as conditions read them, oldest first: at most 200 rows and digests."""
    owner, low = f"CONTACT#{contact_id}", f"{type_}#{as_text(since) if since else ''}"
    newest, more = query_between(Interaction, owner, (low, f"{type_}#~"), NAMES, most=LOOSE)
    rows = list(map(Row.of, newest))
    if not more:
        return [each.told for each in reversed(rows)]
    marked = list(marked_of(owner, type_, low))
    digests = list(digests_of(owner, type_, since))
    through = max((each.last for each in digests), default="")
    rows += _down_to(owner, max(low, through), rows[-1].sk)
    _ask(contact_id, type_, [each for each in rows if each.sk > through], marked)
    known = [*map(told_of, looked_at(owner, marked)), *(each.told for each in rows)]
    return _together(type_, digests, known, marked, since)


def types_of(contact_id: str) -> list[str]:
    """Return the types of what a contact ever did, by a small request a type: the last row, then the one before it."""
    found = []
    for low, end in STRETCHES:
        high = end
        while rows := query_between(Interaction, f"CONTACT#{contact_id}", (low, high), ("sk",), most=1)[0]:
            found.append(rows[0]["sk"]["S"].partition("#")[0])
            high = f"{found[-1]}#"
    return sorted(found)


def told_of(row: Interaction) -> Told:
    verdict = Verdict(row.verdict) if row.verdict else Verdict.HUMAN
    attributes = row.attributes or {}
    attributes = {**attributes, "lead_id": row.lead_id} if row.lead_id else attributes
    return Told(row.interaction_id, row.type, row.at, attributes, verdict)


def marked_of(owner: str, type_: str, low: str = "", most: int | None = None) -> Iterator[Late]:
    """Yield the marks of a type, of rows from `low` on."""
    between = Late.sk.between(f"LATE#{low or f'{type_}#'}", f"LATE#{type_}#~")
    return iter(Late.query(owner, between, limit=most, consistent_read=True))


def digests_of(owner: str, type_: str, since: datetime | None = None) -> Iterator[Digest]:
    """Yield the digests of a type, month by month, from the month of `since` on."""
    month = month_of(since) if since else ""
    between = Digest.sk.between(f"DIGEST#{type_}#{month}", f"DIGEST#{type_}#~")
    return iter(Digest.query(owner, between, consistent_read=True))


def month_of(at: datetime) -> str:
    return as_text(at)[:7]


def looked_at(owner: str, marked: Iterable[Late]) -> list[Interaction]:
    """Return the rows that are marked, as they are now."""
    return [row for row in read(Key(Interaction, owner, each.row) for each in marked) if row is not None]


def _down_to(owner: str, low: str, read_to: str) -> list[Row]:
    """Read the rows that neither were read yet nor are in a digest: none, unless a digest is overdue."""
    if low >= read_to:
        return []
    older, _ = query_between(Interaction, owner, (low, read_to), NAMES)
    return list(map(Row.of, older[1:]))


def _together(
    type_: str, digests: Iterable[Digest], rows: Iterable[Told], marked: Iterable[Late], since: datetime | None
) -> list[Told]:
    known = {each.id: each for digest in digests for each in unpack(type_, digest.packed)}
    for gone in marked:
        known.pop(gone.row.rpartition("#")[2], None)
    known |= {row.id: row for row in rows}
    found = [each for each in known.values() if since is None or each.at >= since]
    return sorted(found, key=lambda each: (as_text(each.at), each.id))


def _ask(contact_id: str, type_: str, loose: list[Row], marked: list[Late]) -> None:
    """Ask for a digest where many rows have settled. Whether the queue takes it is nothing a reader depends on."""
    latest = max((from_text(each.recorded_at) for each in loose), default=None)
    settled = [each for each in loose if latest is not None and each.told.at < latest - SETTLED]
    if len(settled) >= MANY or len(loose) > LOOSE or len(marked) >= MANY:
        with suppress(Unavailable):
            send(QUEUE, [{"contact": contact_id, "type": type_}])


class Digested(Struct, frozen=True):
    """What digests hold of a type, and up to which row they hold everything."""

    through: str
    parts: dict[str, list[Digest]]
    """By month, in their order."""

    @classmethod
    def of(cls, digests: Iterable[Digest]) -> "Digested":
        through, parts = "", dict[str, list[Digest]]()
        for each in digests:
            parts.setdefault(each.sk.split("#")[2], []).append(each)
            through = max(through, each.last)
        return cls(through, parts)
