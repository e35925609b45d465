"""The job that undoes an import: what it made and nobody has changed since is deleted, what was changed is told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from chalicelib import clock
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.dynamodb import ConditionFailed, Key, commit, read, update
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.imports import walks
from chalicelib.imports.kinds import KINDS, Kind
from chalicelib.imports.models import Import, RowResult, import_key
from chalicelib.imports.states import Outcome, Undoing, Undone
from chalicelib.imports.walks import Told

BATCH = 100  # rows
LAST = 99_999_999

WHY = {
    Undone.CHANGED: "Somebody has changed what this row made, so it stays.",
    Undone.IN_USE: "Other records rest on what this row made, so it stays.",
}


def of(import_id: str) -> str:
    """Return the partition of what an undoing writes down of itself."""
    return f"IMPORT#{import_id}#UNDO"


def pages(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    """Enumerate the rows of a slice that made a record: ids are page.slice.row."""
    import_ = Import.find(*Import.at(arguments["import"]))
    page, after = (int(each) for each in (cursor or "1.0").split("."))
    while import_ is not None and page <= (import_.pages or 0):
        if rows := _rows(import_.import_id, page, number, after):
            made = [f"{page}.{number}.{row.number}" for row in rows if row.outcome == Outcome.CREATED]
            return made, f"{page}.{rows[-1].number}"
        page, after = page + 1, 0
    return [], None


def _rows(import_id: str, page: int, number: int, after: int) -> list[RowResult]:
    first, last = (RowResult.at(import_id, page, number, row) for row in (after + 1, LAST))
    found = RowResult.query(first[0], RowResult.sk.between(first[1], last[1]), limit=BATCH, consistent_read=True)
    return list(found)


def act(arguments: Mapping[str, Any], ids: Sequence[str], now: datetime) -> None:
    """Undo a batch of rows; what is undone already stays so."""
    import_ = Import.get(*Import.at(arguments["import"]), consistent_read=True)
    places = [tuple(int(each) for each in one.split(".")) for one in ids]
    walk, batch = walks.begun(of(import_.import_id), places[0][1]), [places[0][0], places[0][2]]
    if walks.taken(walk, batch):
        return
    rows = read(Key(RowResult, *RowResult.at(import_.import_id, *place)) for place in places)
    undone = [(row, _undone(KINDS[RecordType(import_.record_type)], row, now)) for row in rows if row is not None]
    kept = [
        {"row": row.number, "code": each.value, "field": None, "message": WHY[each]}
        for row, each in undone
        if each is not Undone.DELETED
    ]
    walks.take(walk, batch, Told(Counter(each.value for _, each in undone), kept), now)


def _undone(kind: Kind, row: RowResult, now: datetime) -> Undone:
    if row.undone is not None:
        return Undone(row.undone)
    became = _removed(kind, row, now)
    commit([update(row.key, RowResult.undone.set(became.value), condition=RowResult.pk.exists())])
    return became


def _removed(kind: Kind, row: RowResult, now: datetime) -> Undone:
    """Delete what a row made, unless it is another version than the import left."""
    [record] = read([kind.key(row.record_id)])
    if record is None:
        return Undone.DELETED
    if record.version != row.record_version:
        return Undone.CHANGED
    try:
        kind.remove(row.record_id, record.version, now)
    except NotFound:
        return Undone.DELETED
    except Stale:
        return Undone.CHANGED
    except Conflict:
        return Undone.IN_USE
    return Undone.DELETED


def done(arguments: Mapping[str, Any]) -> None:
    """Say that an import is undone."""
    actions = [Import.undo.set(Undoing.DONE), Import.undone_at.set(clock.now()), Import.version.add(1)]
    with suppress(ConditionFailed):
        commit([update(import_key(arguments["import"]), *actions, condition=Import.undo == Undoing.RUNNING)])
