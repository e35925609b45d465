"""The job that imports rows: each good one exactly once, each bad one with its reason, tried only or in earnest."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib import clock, csvs, files
from chalicelib.dynamodb import Key, commit, read, update
from chalicelib.imports import parts, walks
from chalicelib.imports.asked import Asked
from chalicelib.imports.batches import Batch, Result
from chalicelib.imports.models import Import, Page, run_of
from chalicelib.imports.rows import Row
from chalicelib.imports.states import KEPT_OFF, Outcome, State, verdict
from chalicelib.imports.walks import Told

BATCH = 250  # rows, each a transaction
TRIED = 1_000  # rows of a trial
ADDED = ("row_number", "error_code", "error_field", "error_message")
"""Columns of the file of errors behind those that were sent; sent again, nothing is mapped to them."""


def pages(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    """Enumerate the rows of a slice, a batch at a time: ids are page.slice.place."""
    import_ = running(arguments)
    if import_ is None:
        return [], None
    page, place = (int(each) for each in (cursor or "1.0").split("."))
    while page <= import_.pages:
        count = _counts(import_, page)[number]
        if place < count:
            end = min(place + (TRIED if import_.dry else BATCH), count)
            return [f"{page}.{number}.{at}" for at in range(place, end)], f"{page}.{end}"
        page, place = page + 1, 0
    return [], None


def running(arguments: Mapping[str, Any]) -> Import | None:
    found = Import.find(*Import.at(arguments["import"]))
    working = found is not None and found.run == arguments["run"] and found.state == State.IMPORTING
    return found if working else None


def _counts(import_: Import, page: int) -> Sequence[int]:
    [found] = read([Key(Page, *Page.at(import_.import_id, import_.run, page))])
    counts: Sequence[int] = found.counts
    return counts


def act(arguments: Mapping[str, Any], ids: Sequence[str], now: datetime) -> None:
    """Take a batch of rows of a slice; what was taken before is known and not taken again."""
    import_ = running(arguments)
    page, number, place = (int(each) for each in ids[0].split("."))
    walk = walks.begun(f"IMPORT#{arguments['import']}#{arguments['run']}", number)
    if import_ is None or walks.taken(walk, [page, place]):
        return
    rows = parts.part(parts.key_of(import_.import_id, import_.run, page, number))[place : place + len(ids)]
    batch = Batch(import_, Asked.of(import_), page, number, now)
    results = batch.tried(rows) if import_.dry else batch.imported(rows)
    walks.take(walk, [page, place], _told(import_, walk.sk, [page, place], rows, results), now)


# What a batch came to ------------------------------------------------------------------------------------------------


def _told(import_: Import, slice_: str, batch: walks.Batch, rows: Sequence[Row], results: Sequence[Result]) -> Told:
    failed = [(row, each) for row, each in zip(rows, results, strict=True) if each.outcome == Outcome.FAILED]
    errors = [
        {"row": row.number, "code": each.code, "field": each.field, "message": each.message}
        for row, each in zip(rows, results, strict=True)
        if each.code is not None
    ]
    part = None
    if failed:
        key = f"imports/{import_.import_id}/{import_.run}/errors/{slice_}-{batch[0]:06}-{batch[1]:06}.csv"
        part = key, len(failed)
        files.put(key, csvs.lines(_lines(import_.looks["columns"], failed)))
    sums = Counter[str](each.outcome for each in results)
    sums.update(KEPT_OFF for each in results if each.code == KEPT_OFF)
    return Told(sums, errors[: walks.MOST_ERRORS], part)


def _lines(columns: Sequence[str], failed: Sequence[tuple[Row, Result]]) -> Iterator[Sequence[csvs.Cell]]:
    """Yield rows as they were sent, without what was added to them before; surplus cells come last."""
    for row, each in failed:
        cells = [cell.replace("\x00", "\ufffd") for cell in row.cells]
        sent = [cells[at] if at < len(cells) else "" for at, name in enumerate(columns) if name not in ADDED]
        yield [*sent, row.number, each.code, each.field, each.message, *cells[len(columns) :]]


def done(arguments: Mapping[str, Any]) -> None:
    """End a run: put the file of its errors together, and say what it came to. A trial leaves the import as it was."""
    import_ = running(arguments)
    if import_ is None:
        return
    found = walks.totals(run_of(import_))
    counts = {outcome.value: found.sums[outcome] for outcome in Outcome}
    result = {
        **counts,
        KEPT_OFF: found.sums[KEPT_OFF],
        "verdict": verdict(counts),
        "errors": found.errors[: walks.MOST_ERRORS],
    }
    actions = [Import.ended_at.set(clock.now()), Import.version.add(1), Import.errors.set(_file(import_, found))]
    if import_.dry:
        actions += [Import.checked.set(result), Import.state.set(State.SUBMITTED)]
    else:
        actions += [Import.result.set(result), Import.state.set(State.COMPLETED)]
    commit([update(import_.key, *actions, condition=(Import.state == State.IMPORTING) & (Import.run == import_.run))])


def _file(import_: Import, found: walks.Totals) -> dict[str, Any]:
    rows = sum(rows for _, rows in found.parts)
    if not rows:
        return {"rows": 0}
    key = f"imports/{import_.import_id}/{import_.run}/errors.csv"
    head = csvs.MARK + csvs.lines([[*(name for name in import_.looks["columns"] if name not in ADDED), *ADDED]])
    return {"key": key, "rows": rows, "bytes": files.join(key, head, [part for part, _ in found.parts])}
