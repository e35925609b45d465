"""Packs what a contact did long enough ago into digests, some rows at a time, and holds digests against the rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice

from chalicelib.clock import as_text, from_text
from chalicelib.dynamodb import ConditionFailed, commit, delete, put, put_changed, put_new
from chalicelib.errors import Stale
from chalicelib.interactions.models import Digest, Interaction, Late
from chalicelib.interactions.packing import filled, pack, unpack
from chalicelib.interactions.plans import SETTLED
from chalicelib.interactions.reading import Digested, digests_of, looked_at, marked_of, month_of, told_of

MOST_ROWS = 1000  # of one call
MOST_MARKS = 300
TOGETHER = 50  # marks taken away in one transaction


def digest(contact_id: str, type_: str, now: datetime) -> bool:
    """Take the next settled rows of a type, and those that are marked, into its digests; return whether there is more.

    Repeating it is harmless. Of two at once the one whose digests moved on meanwhile stops; the other goes on.
    """
    owner = f"CONTACT#{contact_id}"
    marked = list(marked_of(owner, type_, most=MOST_MARKS))
    before = Digested.of(digests_of(owner, type_))
    loose = _settled(owner, type_, before.through, now)
    through = loose[-1].sk if loose else before.through
    concerned = [each for each in marked if each.row <= through]
    rows = {row.sk: row for row in [*looked_at(owner, concerned), *loose]}
    gone = [each.row for each in concerned if each.row not in rows]
    try:
        _take_up(owner, type_, before, rows, gone, now)
    except (ConditionFailed, Stale):
        return False
    _unmark(concerned)
    return len(loose) == MOST_ROWS or len(concerned) == MOST_MARKS


def _settled(owner: str, type_: str, after: str, now: datetime) -> list[Interaction]:
    """Return the next rows behind the digests that nobody who is prompt can still be writing beside."""
    between = Interaction.sk.between(after or f"{type_}#", f"{type_}#{as_text(now - SETTLED)}")
    found = Interaction.query(owner, between, limit=MOST_ROWS + 1, consistent_read=True)
    return list(islice((row for row in found if row.sk != after), MOST_ROWS))


def _take_up(
    owner: str, type_: str, before: Digested, rows: Mapping[str, Interaction], gone: Iterable[str], now: datetime
) -> None:
    """Write the months that change, the oldest first: what is behind the last digest is in none, at any time."""
    months: dict[str, list[Interaction]] = {month_of(from_text(sk.split("#", 2)[1])): [] for sk in gone}
    for sk in sorted(rows):
        months.setdefault(month_of(rows[sk].at), []).append(rows[sk])
    lost = {sk.rpartition("#")[2] for sk in gone}
    for month in sorted(months):
        _write((owner, type_, month), before.parts.get(month, []), months[month], lost, now)


def _write(
    place: tuple[str, str, str], parts: Sequence[Digest], rows: Sequence[Interaction], lost: set[str], now: datetime
) -> None:
    _, type_, _ = place
    held = [{each.id: each for each in unpack(type_, part.packed)} for part in parts]
    left = [{id_: each for id_, each in part.items() if id_ not in lost} for part in held]
    places = {row.interaction_id: row.sk for row in rows}
    for number, content in enumerate(filled(left, map(told_of, rows))):
        known = number < len(parts)
        part = parts[number] if known else Digest(*Digest.at(*place, number), last="")
        last = max([part.last, *(places[each] for each in content if each in places)])
        if known and (content, last) == (held[number], part.last):
            continue
        part.packed, part.number, part.last, part.digested_at = pack(content.values()), len(content), last, now
        commit([put_changed(part) if known else put_new(part)])


def _unmark(marked: Sequence[Late]) -> None:
    """Take marks away whose rows the digests hold as they were read; one that was set anew meanwhile stays."""
    for start in range(0, len(marked), TOGETHER):
        deletions = [delete(each.key, Late.marked_at == each.marked_at) for each in marked[start : start + TOGETHER]]
        try:
            commit(deletions)
        except ConditionFailed:
            continue  # they are read once more, and taken away the next time


# Verifying ---------------------------------------------------------------------------------------------------------


def mend(contact_id: str, now: datetime) -> int:
    """Hold all digests of a contact against its rows, mark every row that they tell otherwise; return how many."""
    owner = f"CONTACT#{contact_id}"
    found = Digest.query(owner, Digest.sk.startswith("DIGEST#"), consistent_read=True)
    by_type: dict[str, list[Digest]] = {}
    for each in found:
        by_type.setdefault(each.sk.split("#")[1], []).append(each)
    return sum(_mend(owner, type_, digests, now) for type_, digests in by_type.items())


def _mend(owner: str, type_: str, digests: Sequence[Digest], now: datetime) -> int:
    through = max(each.last for each in digests)
    held = {each.id: each for digest in digests for each in unpack(type_, digest.packed)}
    rows = Interaction.query(owner, Interaction.sk.between(f"{type_}#", through), consistent_read=True)
    wrong = [row.sk for row in rows if held.pop(row.interaction_id, None) != told_of(row)]
    wrong += [f"{type_}#{as_text(each.at)}#{each.id}" for each in held.values()]
    known = {each.row for each in marked_of(owner, type_)}
    unknown = [sk for sk in wrong if sk not in known]
    for start in range(0, len(unknown), TOGETHER):
        commit([put(Late(*Late.of(owner, sk), marked_at=now)) for sk in unknown[start : start + TOGETHER]])
    return len(unknown)
