"""The job that reads a file: page by page, from where the last page ended, and shares the rows among the slices."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from msgspec import Struct

from chalicelib import clock, files
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.normalise import text_key
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import SHARDS, ConditionFailed, Key, Write, commit, put, read, update
from chalicelib.errors import Conflict
from chalicelib.imports import bulk, choices, mapping, parts, reading
from chalicelib.imports.limits import MOST_ROWS, Unreadable
from chalicelib.imports.models import Import, Page, import_key, run_of
from chalicelib.imports.options import Options, keyed_by
from chalicelib.imports.reading import Place
from chalicelib.imports.rows import Row
from chalicelib.imports.sniffing import Writing
from chalicelib.imports.states import READING, RUNNING, State
from chalicelib.imports.walks import KEPT

PAGE = 16_000  # rows, shared among 16 slices
MOST_LETTERS = 8_000_000  # of a page's cells, held at once; each cell counts as some letters more than it has
OF_CELL = 8

Going = Iterator[tuple[Row, Place]]


class Open(Struct):
    """Where this process stands in a file: who reads the next page here need not find its place again."""

    page: tuple[str, int, int] | None = None
    rows: Going | None = None


_open = Open()


def pages(arguments: Mapping[str, Any], number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    """Enumerate the pages of a file until the last one is read; the first slice does it all."""
    page = int(cursor or 1)
    found = _running(arguments, READING) if number == 0 else None
    if found is None:
        return [], None
    [before] = read([Key(Page, *Page.at(found.import_id, found.run, page - 1))])
    return ([], None) if before is not None and before.last else ([str(page)], str(page + 1))


def _running(arguments: Mapping[str, Any], states: Sequence[State]) -> Import | None:
    """Return the import that a job works for, None if it is past that."""
    found = Import.find(*Import.at(arguments["import"]))
    return found if found is not None and found.run == arguments["run"] and found.state in states else None


def act(arguments: Mapping[str, Any], ids: Sequence[str], now: datetime) -> None:
    """Read a page and share out its rows; what is read twice comes to the same."""
    import_, page = _running(arguments, READING), int(ids[0])
    if import_ is None:
        return
    try:
        _read_page(import_, page, now)
    except (Unreadable, Conflict) as error:  # of the file, or of a matching strategy that is gone
        fail(import_, str(error), now)


def _read_page(import_: Import, page: int, now: datetime) -> None:
    options, looks = Options.of(import_), import_.looks
    if page == 1:
        _move(import_, State.PARSING, State.TRANSFORMING)
    taken, place, last = _taken(_rows(import_, page), (import_.import_id, import_.run, page + 1))
    columns = mapping.placed(looks["columns"], options.mapping)
    by = keyed_by(import_, options, columns)
    shared = parts.spread((row, _matched_by(row, by)) for row in taken if row.number > 1)
    parts.keep(import_.import_id, import_.run, page, shared)
    counts = [len(shared.get(number, ())) for number in range(SHARDS)]
    own = custom_fields.in_use(import_.record_type) if any(each.create_options for _, each in columns) else {}
    words = choices.unknown(columns, own, options.manner.clears, (row for row in taken if row.number > 1))
    found = Page(
        *Page.at(import_.import_id, import_.run, page),
        place=place,
        counts=counts,
        words=words or None,
        last=last,
        expires=now + KEPT,
    )
    with suppress(ConditionFailed):  # cancelled, which the next page notices
        commit([put(found)], _options_added(import_, words, page, now) if last else [])


def _options_added(import_: Import, words: choices.Words, page: int, now: datetime) -> list[Write]:
    """Add the options that the whole file asks for, and return the write that says which."""
    if not any(each.create_options for each in Options.of(import_).mapping):
        return []
    added = choices.settle(import_, words, page, now)
    actions = [Import.new_options.set(added), Import.version.add(1)]
    return [update(import_key(import_.import_id), *actions, condition=choices.reading(import_.run))] if added else []


def _matched_by(row: Row, columns: Sequence[int]) -> str | None:
    """Return what rows of one person have in common, as far as this can be told from their cells."""
    cells = [text_key(row.cells[at]) if at < len(row.cells) else "" for at in columns]
    return "\n".join(cells) if any(cells) else None


def _taken(rows: Going, following: tuple[str, int, int]) -> tuple[list[Row], Place | None, bool]:
    """Take the rows of a page, and keep the reader for the next one."""
    taken: list[Row] = []
    place: Place | None = None
    letters = 0
    for row, behind in islice(rows, PAGE):
        taken.append(row)
        place = behind
        letters += sum(map(len, row.cells)) + OF_CELL * len(row.cells)
        if letters > MOST_LETTERS:
            break
    if taken and taken[-1].number > MOST_ROWS + 1:
        raise Unreadable(f"The file has more than {MOST_ROWS:,} rows. Send it in several parts.")
    last = len(taken) < PAGE and letters <= MOST_LETTERS
    _open.page, _open.rows = (None, None) if last else (following, rows)
    return taken, place, last


def _rows(import_: Import, page: int) -> Going:
    known, _open.page, rows = _open.page, None, _open.rows
    if rows is not None and known == (import_.import_id, import_.run, page):
        return rows
    [before] = read([Key(Page, *Page.at(import_.import_id, import_.run, page - 1))])
    file = opened(import_.import_id, workbook=import_.looks["writing"] is None)
    writing = import_.looks["writing"] and Writing(**import_.looks["writing"])
    return reading.rows(file, writing, before.place if before is not None else None)


def opened(import_id: str, *, workbook: bool) -> BinaryIO:
    """Return a file that somebody sent. Raises Unreadable if it is not there any more."""
    size = files.size(parts.source(import_id))
    if size is None:
        raise Unreadable("The file is not there. Files are kept for a day; make another import and send it again.")
    return io.BytesIO(files.get(parts.source(import_id))) if workbook else files.opened(parts.source(import_id), size)


def _move(import_: Import, before: State, after: State) -> None:
    as_read = (Import.state == before) & (Import.run == import_.run)
    with suppress(ConditionFailed):  # moved on already, or cancelled, which the next page notices
        commit([update(import_.key, Import.state.set(after), Import.version.add(1), condition=as_read)])


def fail(import_: Import, reason: str, now: datetime) -> None:
    """End an import that cannot go on."""
    actions = [Import.state.set(State.FAILED), Import.reason.set(reason), Import.ended_at.set(now)]
    as_read = Import.state.is_in(*RUNNING) & (Import.run == import_.run)
    with suppress(ConditionFailed):
        commit([update(import_.key, *actions, Import.version.add(1), condition=as_read)])


def done(arguments: Mapping[str, Any]) -> None:
    """Let the rows be imported, once the file is read to its end."""
    import_ = _running(arguments, READING)
    if import_ is None:
        return
    counted = _counted(import_)
    importing = update(
        import_key(import_.import_id),
        Import.state.set(State.IMPORTING),
        Import.pages.set(len(counted)),
        Import.rows.set(sum(counted)),
        Import.version.add(1),
        condition=Import.state.is_in(*READING) & (Import.run == import_.run),
    )
    wanted = JobWanted(bulk.ROWS, dict(arguments), delay=0)
    with suppress(ConditionFailed):
        commit([importing], jobs.plan(rows_job(import_), wanted, clock.now()))


def _counted(import_: Import) -> list[int]:
    rows = Page.query(run_of(import_), Page.sk.startswith("PAGE#"), consistent_read=True)
    return [sum(page.counts) for page in rows]


def reading_job(import_: Import) -> str:
    return f"import-{import_.import_id}-{import_.run}-read"


def rows_job(import_: Import) -> str:
    return f"import-{import_.import_id}-{import_.run}-rows"
