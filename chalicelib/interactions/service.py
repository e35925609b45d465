"""Use cases: read what a contact did, decide verdicts, credit a visitor's past to its contact."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from msgspec import Struct

from chalicelib import sweeping
from chalicelib.clock import as_text
from chalicelib.conditions.facts import Verdict
from chalicelib.dynamodb import ConditionFailed, Key, Raw, Write, commit, delete, put_new, query_raw, update
from chalicelib.errors import Invalid, NotFound
from chalicelib.interactions import plans
from chalicelib.interactions.models import Fact, Interaction, InteractionsItem
from chalicelib.interactions.plans import NewInteraction
from chalicelib.lists import Asked, Page
from chalicelib.sweeping import emptied
from chalicelib.tokens import seal, unseal

A_PART = 198  # rows of a visitor that are looked at in one go
TOGETHER = 33  # of a visitor's rows in one transaction: each a copy, its mark, and the original


def record(new: NewInteraction, now: datetime) -> str:
    """Record what another system reports, once however often it does, and return its id."""
    try:
        commit(plans.record(new, now, once=True))
    except ConditionFailed as failed:
        if not failed.of(Fact):
            raise
    return new.id


def of_contact(contact_id: str, type_: str, since: datetime | None = None) -> list[Interaction]:
    """Return a contact's interactions of a type, oldest first, read consistently."""
    return list(_range(contact_id, type_, since, None))


def _range(contact_id: str, type_: str, since: datetime | None, until: datetime | None) -> Iterator[Interaction]:
    low = f"{type_}#{as_text(since)}" if since else f"{type_}#"
    high = f"{type_}#{as_text(until)}" if until else f"{type_}#~"
    condition = Interaction.sk.between(low, high)
    return iter(Interaction.query(f"CONTACT#{contact_id}", condition, consistent_read=True))


def page_of_contact(
    contact_ids: Sequence[str], type_: str, since: datetime | None, until: datetime | None, asked: Asked
) -> Page[Interaction]:
    """Return a page of a person's interactions of a type, newest first (INT-8): those of all its identities."""
    low = f"{type_}#{as_text(since)}" if since else f"{type_}#"
    high = f"{type_}#{as_text(until)}" if until else f"{type_}#~"
    after = _place(asked.cursor, low, high) if asked.cursor else None
    each = [_newest_first(contact_id, low, high, after, asked.limit) for contact_id in contact_ids]
    merged = merge(*each, key=lambda item: item.sk, reverse=True)
    once = (next(same) for _, same in groupby(merged, key=lambda item: item.sk))
    found = list(islice(once, asked.limit + 1))
    more = len(found) > asked.limit
    return Page(found[: asked.limit], seal("interactions", found[asked.limit - 1].sk) if more else None)


def _newest_first(contact_id: str, low: str, high: str, after: str | None, limit: int) -> Iterator[Interaction]:
    pk = f"CONTACT#{contact_id}"
    place = {"pk": {"S": pk}, "sk": {"S": after}} if after else None
    query = Interaction.query(
        pk, Interaction.sk.between(low, high), scan_index_forward=False, limit=limit + 1, last_evaluated_key=place
    )
    return iter(query)


def _place(cursor: str, low: str, high: str) -> str:
    """Return the key that a cursor holds. Raises Invalid for one of another list."""
    sk = unseal("interactions", cursor)
    if not low <= sk <= high:
        raise Invalid("This cursor belongs to another list. Leave it out, or repeat the query that it came with.")
    return sk


def find(pk: str, sk: str) -> Interaction:
    """Return an interaction by its key. Raises NotFound."""
    item = Interaction.find(pk, sk)
    if item is None:
        raise NotFound("There is no such interaction.")
    return item


def decide(pk: str, sk: str, verdict: Verdict, reasons: Sequence[str], now: datetime) -> bool:
    """Set the verdict of an undecided interaction, and return whether this call did (a repeat does not)."""
    write = update(
        Key(Interaction, pk, sk),
        Interaction.verdict.set(verdict),
        Interaction.reasons.set(list(reasons)),
        Interaction.decided_at.set(now),
        condition=Interaction.verdict == Verdict.UNDECIDED,
    )
    try:
        commit([write], plans.marks(pk, sk, now))
    except ConditionFailed:
        return False
    return True


class Credited(Struct, frozen=True):
    """How many rows of a visitor were credited, and the key after which its next part begins (None: there is none)."""

    number: int
    after: str | None


def credit(
    visitor_id: str, contact_id: str, now: datetime, *, after: str | None = None, account_id: str | None = None
) -> Credited:
    """Credit a part of what a visitor did before to the contact that it turned out to be (decision 34).

    The newest of each type first. Each row keeps its id, so none counts twice; repeating it changes nothing, and of two
    contacts the first gets each of them.
    """
    place = {"pk": {"S": f"VISITOR#{visitor_id}"}, "sk": {"S": after}} if after else None
    query = Interaction.query(
        f"VISITOR#{visitor_id}", scan_index_forward=False, consistent_read=True, limit=A_PART, last_evaluated_key=place
    )
    found = list(query)
    owned = [item for item in found if item.credited_to is None]
    copies = [_copy(item, contact_id, account_id, now) for item in owned]
    credited = [
        [put_new(copy), _credit(item, contact_id), *plans.marks(copy.pk, copy.sk, now)]
        for item, copy in zip(owned, copies, strict=True)
    ]
    number = sum(_made(credited[start : start + TOGETHER]) for start in range(0, len(credited), TOGETHER))
    return Credited(number, found[-1].sk if len(found) == A_PART else None)


def _copy(original: Interaction, contact_id: str, account_id: str | None, now: datetime) -> Interaction:
    copy = Interaction.from_raw_data(original.serialize())
    copy.pk, copy.contact_id, copy.recorded_at = f"CONTACT#{contact_id}", contact_id, now
    copy.account_id, copy.credited_from = account_id or original.account_id, original.visitor_id
    return copy


def _credit(original: Interaction, contact_id: str) -> Write:
    unowned = Interaction.pk.exists() & Interaction.credited_to.does_not_exist()
    return update(original.key, Interaction.credited_to.set(contact_id), condition=unowned)


def visitors_of(contact_id: str) -> set[str]:
    """Return the visitors that the next rows to be swept tell of."""
    rows = Interaction.query(f"CONTACT#{contact_id}", consistent_read=True, limit=sweeping.MOST)
    return {item.visitor_id for item in rows if isinstance(item, Interaction) and item.visitor_id}


def sweep_visitor(visitor_id: str) -> bool:
    """Delete up to 500 interactions of a visitor; return whether nothing is left."""
    return emptied(InteractionsItem, f"VISITOR#{visitor_id}")


def sweep(contact_id: str) -> bool:
    """Delete up to 500 interactions of a deleted contact; return whether nothing is left (decision 40, INT-9).

    Each goes with its source row, and with the visitor's row that it was credited from.
    """
    rows = list(islice(query_raw(InteractionsItem, f"CONTACT#{contact_id}"), sweeping.MOST))
    keys = [key for raw in rows for key in _all_of(raw)]
    for start in range(0, len(keys), sweeping.TOGETHER):
        commit([delete(key) for key in keys[start : start + sweeping.TOGETHER]])
    return len(rows) < sweeping.MOST


def _all_of(raw: Raw) -> list[Key]:
    own = Key(InteractionsItem, raw["pk"]["S"], raw["sk"]["S"])
    if "interaction_id" not in raw:
        return [own]
    source = Key(Fact, *Fact.place(raw["interaction_id"]["S"]))
    visitor = raw.get("visitor_id")
    return [own, source, *([Key(Interaction, f"VISITOR#{visitor['S']}", own.sk)] if visitor else [])]


def _made(credited: Sequence[Sequence[Write]]) -> int:
    """Credit rows together; if some cannot be credited any more, each for itself. Returns how many were."""
    try:
        commit(*credited)
    except ConditionFailed:
        return 0 if len(credited) == 1 else sum(_made([each]) for each in credited)
    return len(credited)
