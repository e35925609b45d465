"""The job that imports rows: each good one exactly once, each bad one with its reason, tried only or in earnest."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib import clock, files
from chalicelib.dynamodb import ConditionFailed, Key, Look, Write, commit, put_new, read, update
from chalicelib.errors import DomainError, Stale, Unavailable
from chalicelib.imports import parts, walks
from chalicelib.imports.models import Import, Page, RowResult, run_of
from chalicelib.imports.planning import Asked, Plan, ahead, plan
from chalicelib.imports.rows import Row
from chalicelib.imports.states import Outcome, State, verdict
from chalicelib.imports.walks import KEPT, Told
from chalicelib.scoring.reports import csvs

BATCH = 250  # rows
TRIES = 5  # of a row whose records others change at this moment
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
            end = min(place + BATCH, count)
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


def take(arguments: Mapping[str, Any], ids: Sequence[str], now: datetime) -> None:
    """Take a batch of rows of a slice; what was taken before is known and not taken again."""
    import_ = running(arguments)
    page, number, place = (int(each) for each in ids[0].split("."))
    walk = walks.begun(f"IMPORT#{arguments['import']}#{arguments['run']}", number)
    if import_ is None or walks.taken(walk, [page, place]):
        return
    rows = parts.part(parts.key_of(import_.import_id, import_.run, page, number))[place : place + len(ids)]
    batch = _Batch(import_, Asked.of(import_), page, number, now)
    results = batch.tried(rows) if import_.dry else batch.imported(rows)
    walks.take(walk, [page, place], _told(import_, walk.sk, [page, place], rows, results), now)


class Result(Struct, frozen=True):
    """What a row came to, and for one that failed why."""

    outcome: str
    record_id: str | None = None
    code: str | None = None
    field: str | None = None
    message: str | None = None


class _Batch(Struct, frozen=True):
    import_: Import
    asked: Asked
    page: int
    number: int
    now: datetime

    # Trying ----------------------------------------------------------------------------------------------------------

    def tried(self, rows: Sequence[Row]) -> list[Result]:
        """Say what the rows would come to: by the very plans, which are not made."""
        look, seen = ahead(self.asked, rows), set[str]()
        return [self._tried(row, look, seen) for row in rows]

    def _tried(self, row: Row, look: Look, seen: set[str]) -> Result:
        try:
            planned = plan(self.asked, row, self._tag(row), self.now, look)
        except ConditionFailed:
            return self._tried(row, read, seen)  # somebody changed it between two reads
        except DomainError as error:
            return _failed(error)
        places = set((getattr(planned.record, "claims", None) or {}).values())
        again = planned.outcome is Outcome.CREATED and bool(places & seen)  # an earlier row would have made it
        seen |= places
        return Result(Outcome.UPDATED if again else planned.outcome, planned.record.record_id)

    # In earnest ------------------------------------------------------------------------------------------------------

    def imported(self, rows: Sequence[Row]) -> list[Result]:
        """Import the rows that are not yet, and return what all of them came to."""
        known = {found.number: found for found in read(self._key(row) for row in rows) if found is not None}
        look = ahead(self.asked, [row for row in rows if row.number not in known])
        return [_of_row(known[row.number]) if row.number in known else self._imported(row, look) for row in rows]

    def _imported(self, row: Row, look: Look) -> Result:
        for attempt in range(TRIES):
            try:
                return self._committed(row, look if attempt == 0 else read)
            except (ConditionFailed, Stale):
                if (found := RowResult.find(*self._place(row))) is not None:
                    return _of_row(found)  # another worker was quicker
            except Unavailable:
                raise
            except DomainError as error:
                return self._refused(row, error)
        raise Unavailable("Others keep changing a record that a row is about. The import goes on with it later.")

    def _committed(self, row: Row, look: Look) -> Result:
        planned = plan(self.asked, row, self._tag(row), self.now, look)
        record = planned.record
        result = RowResult(
            *self._place(row),
            number=row.number,
            outcome=planned.outcome,
            record_id=record.record_id,
            record_version=record.version,
            expires=self.now + KEPT,
        )
        commit(planned.writes, [put_new(result)], self._noted(planned))
        return _of_row(result)

    def _noted(self, planned: Plan) -> list[Write]:
        """Tell the row that made a record that another one of this import changed it: undoing does not mind that."""
        made_by = str(planned.record.import_row or "").split(".")
        if planned.outcome is not Outcome.UPDATED or made_by[0] != self.import_.import_id:
            return []
        page, number, row = (int(each) for each in made_by[1:])
        key = Key(RowResult, *RowResult.at(self.import_.import_id, page, number, row))
        return [update(key, RowResult.record_version.set(planned.record.version), condition=RowResult.pk.exists())]

    def _refused(self, row: Row, error: DomainError) -> Result:
        failed = _failed(error)
        result = RowResult(
            *self._place(row),
            number=row.number,
            outcome=failed.outcome,
            code=failed.code,
            field=failed.field,
            message=failed.message,
            expires=self.now + KEPT,
        )
        try:
            commit([put_new(result)])
        except ConditionFailed:
            return _of_row(RowResult.get(*self._place(row), consistent_read=True))
        return failed

    def _tag(self, row: Row) -> str:
        return f"{self.import_.import_id}.{self.page}.{self.number}.{row.number}"

    def _place(self, row: Row) -> tuple[str, str]:
        return RowResult.at(self.import_.import_id, self.page, self.number, row.number)

    def _key(self, row: Row) -> Key:
        return Key(RowResult, *self._place(row))


def _of_row(row: RowResult) -> Result:
    return Result(row.outcome, row.record_id, row.code, row.field, row.message)


def _failed(error: DomainError) -> Result:
    problem = error.problems[0] if error.problems else None
    told = f"{error} {problem.message}" if problem is not None and problem.message not in str(error) else str(error)
    return Result(Outcome.FAILED, None, type(error).__name__.lower(), problem.field if problem else None, told)


# What a batch came to ------------------------------------------------------------------------------------------------


def _told(import_: Import, slice_: str, batch: walks.Batch, rows: Sequence[Row], results: Sequence[Result]) -> Told:
    failed = [(row, each) for row, each in zip(rows, results, strict=True) if each.outcome == Outcome.FAILED]
    errors = [
        {"row": row.number, "code": each.code, "field": each.field, "message": each.message} for row, each in failed
    ]
    part = None
    if failed:
        key = f"imports/{import_.import_id}/{import_.run}/errors/{slice_}-{batch[0]:06}-{batch[1]:06}.csv"
        part = key, len(failed)
        files.put(key, csvs.lines(_lines(len(import_.looks["columns"]), failed)))
    return Told(Counter(each.outcome for each in results), errors[: walks.MOST_ERRORS], part)


def _lines(width: int, failed: Sequence[tuple[Row, Result]]) -> Iterator[Sequence[csvs.Cell]]:
    for row, each in failed:
        cells = [cell.replace("\x00", "\ufffd") for cell in row.cells]
        yield [*cells, *[""] * (width - len(cells)), row.number, each.code, each.field, each.message]


def complete(arguments: Mapping[str, Any]) -> None:
    """End a run: put the file of its errors together, and say what it came to. A trial leaves the import as it was."""
    import_ = running(arguments)
    if import_ is None:
        return
    found = walks.totals(run_of(import_))
    counts = {outcome.value: found.sums[outcome] for outcome in Outcome}
    result = {**counts, "verdict": verdict(counts), "errors": found.errors[: walks.MOST_ERRORS]}
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
    head = csvs.MARK + csvs.lines([[*import_.looks["columns"], *ADDED]])
    return {"key": key, "rows": rows, "bytes": files.join(key, head, [part for part, _ in found.parts])}
