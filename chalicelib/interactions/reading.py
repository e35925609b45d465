"""Reads what a contact did, of one type: the newest rows as they lie, what is older from digests.

The order makes it exact while others write: rows, then marks, then digests. Rows never go; a row is in a digest before
its mark goes, and marked before a digest that was made without it could hide it.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

from msgspec import Struct

from chalicelib.clock import as_text
from chalicelib.conditions.facts import Interaction as Told
from chalicelib.conditions.facts import Verdict
from chalicelib.dynamodb import Key, read
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


def told(contact_id: str, type_: str, since: datetime | None = None) -> list[Told]:
    """Return a contact's interactions of a type as conditions read them, oldest first: at most 200 rows and digests."""
    owner, low = f"CONTACT#{contact_id}", f"{type_}#{as_text(since) if since else ''}"
    newest = Interaction.query(
        owner, Interaction.sk.between(low, f"{type_}#~"), scan_index_forward=False, limit=LOOSE, consistent_read=True
    )
    rows = list(newest)
    if newest.last_evaluated_key is None:
        return [told_of(each) for each in reversed(rows)]
    marked = list(marked_of(owner, type_, low))
    digests = list(digests_of(owner, type_, since))
    through = max((each.last for each in digests), default="")
    rows += _down_to(owner, max(low, through), rows[-1].sk)
    _ask(contact_id, type_, [each for each in rows if each.sk > through], marked)
    return _together(type_, digests, [*looked_at(owner, marked), *rows], marked, since)


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


def _down_to(owner: str, low: str, read_to: str) -> list[Interaction]:
    """Read the rows that neither were read yet nor are in a digest: none, unless a digest is overdue."""
    if low >= read_to:
        return []
    condition = Interaction.sk.between(low, read_to)
    older = Interaction.query(owner, condition, scan_index_forward=False, consistent_read=True)
    return list(islice(older, 1, None))


def _together(
    type_: str, digests: Iterable[Digest], rows: Iterable[Interaction], marked: Iterable[Late], since: datetime | None
) -> list[Told]:
    known = {each.id: each for digest in digests for each in unpack(type_, digest.packed)}
    for gone in marked:
        known.pop(gone.row.rpartition("#")[2], None)
    known |= {row.interaction_id: told_of(row) for row in rows}
    found = [each for each in known.values() if since is None or each.at >= since]
    return sorted(found, key=lambda each: (as_text(each.at), each.id))


def _ask(contact_id: str, type_: str, loose: list[Interaction], marked: list[Late]) -> None:
    """Ask for a digest where many rows have settled. Whether the queue takes it is nothing a reader depends on."""
    latest = max((each.recorded_at for each in loose), default=None)
    settled = [each for each in loose if latest is not None and each.at < latest - SETTLED]
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
