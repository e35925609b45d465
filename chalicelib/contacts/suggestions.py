"""What suggestions of contacts, accounts and leads have in common: looked for, listed with reasons, dismissed.

Who is only alike is looked for when somebody asks: in its blocks, at most 50 of each, nearest by a range key; so
nothing is stored that could go stale. What is stored is that somebody said it is not so.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.clock import digest
from chalicelib.contacts import strategies
from chalicelib.contacts.likeness import Likeness, Record
from chalicelib.contacts.models import Dismissed
from chalicelib.dynamodb import Key, check, commit, delete, put, read
from chalicelib.errors import Invalid, NotFound, Problem
from chalicelib.sweeping import MOST

GONE = NotFound("One of the two was deleted at this very moment.")
BESIDE = 25  # looked at in a block on either side
UNLIKE = Likeness(0, [])
SURE = 90
"""The least score of two that have the same key."""

Alike = Callable[[Record, Record], Likeness]


class Kind(Struct, frozen=True):
    """A kind of record that may be there twice: its noun, the class of rows that dismiss, what is compared.

    While what is compared is what it was, what somebody dismissed stays dismissed.
    """

    noun: str
    dismissed: type[Any]
    compared: tuple[str, ...]


CONTACT = Kind(
    strategies.CONTACT,
    Dismissed,
    ("first_name", "last_name", "email", "phone", "mobile_phone", "company_name", "postal_code", "birth_date"),
)
ACCOUNT = Kind("account", Dismissed, ("name", "website", "phone", "postal_code"))


class SameKey(Struct, frozen=True):
    """Two records have the same key by a matching strategy, which was noted at a time or is seen now."""

    strategy_id: str
    found_at: datetime | None = None


class Suggestion(Struct, frozen=True):
    """Another record that may be the same, how sure that is of a hundred, and why."""

    id: str
    score: int
    reasons: list[str]
    strategy_id: str | None = None
    found_at: datetime | None = None


def listed(
    kind: Kind, asked: Any, others: Mapping[str, Any], by_key: Mapping[str, SameKey], alike: Alike
) -> list[Suggestion]:
    """Return which of the others are suggested, the surest first; `by_key` are those that have the same key."""
    rows = read(_dismissed(kind, asked.record_id, each) for each in others)
    dismissed = {each.other_id: each.seen for each in rows if each is not None}
    found = []
    for one, other in others.items():
        if dismissed.get(one) == _seen(kind, asked, other):
            continue
        likeness = alike(asked.attribute_values, other.attribute_values)
        if one in by_key:
            found.append(same(kind, one, by_key[one], likeness))
        elif likeness.suggested:
            found.append(Suggestion(one, likeness.score, likeness.reasons))
    return sorted(found, key=lambda each: (-each.score, each.id))


def same(kind: Kind, other_id: str, known: SameKey, likeness: Likeness = UNLIKE) -> Suggestion:
    """Return who has the same key: it is suggested however little else is alike."""
    named = {each.id: each.name for each in strategies.in_use(kind.noun)}
    why = f"They are the same by the matching strategy “{named.get(known.strategy_id, known.strategy_id)}”."
    found = Suggestion(other_id, max(likeness.score, SURE), [why, *likeness.reasons])
    return replace(found, strategy_id=known.strategy_id, found_at=known.found_at)


def near(index: Any, block: str | None, attribute: Any, value: Any) -> Iterator[Any]:
    """Yield the entries of an index that stand beside a value of its range key in a block, on either side."""
    if block is None or value is None:
        return
    for condition, forward in ((attribute >= value, True), (attribute < value, False)):
        yield from index.query(block, condition, limit=BESIDE, page_size=BESIDE, scan_index_forward=forward)


def dismiss(kind: Kind, one: Any, other: Any, by: str, now: datetime) -> None:
    """Note at both that they are not the same. Raises Invalid for one and the same, NotFound for who is gone."""
    if one.record_id == other.record_id:
        raise Invalid("These are one and the same.", [Problem("other_id", "Name another one.")])
    seen = _seen(kind, one, other)
    sides = ((one.record_id, other.record_id), (other.record_id, one.record_id))
    rows = [
        kind.dismissed(*kind.dismissed.at(kind.noun, mine, theirs), other_id=theirs, seen=seen, by=by, at_instant=now)
        for mine, theirs in sides
    ]
    there = [check(each.key, type(each).pk.exists(), refused=GONE) for each in (one, other)]
    commit([put(each) for each in rows], there)


def forget(kind: Kind, record_id: str) -> None:
    """Forget at the others that they are not the same as whoever is gone."""
    pk, _ = kind.dismissed.at(kind.noun, record_id, "")
    rows = kind.dismissed.sk.startswith("DISMISSED#")
    for each in kind.dismissed.query(pk, rows, limit=MOST, consistent_read=True):
        commit([delete(_dismissed(kind, each.other_id, record_id))])


def _dismissed(kind: Kind, record_id: str, other_id: str) -> Key:
    return Key(kind.dismissed, *kind.dismissed.at(kind.noun, record_id, other_id))


def _seen(kind: Kind, one: Any, other: Any) -> str:
    """Return what was compared, as a name that is another one as soon as anything of it is."""
    return digest(*sorted(_told(kind, each) for each in (one, other)))


def _told(kind: Kind, record: Any) -> str:
    return digest(record.record_id, *(str(getattr(record, name) or "") for name in kind.compared))
