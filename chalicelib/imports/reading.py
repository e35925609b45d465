"""Files as rows: what a file is, how it is written, what its columns are called, and its rows from any place on."""

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from msgspec import Struct

from chalicelib.imports import separated, workbooks
from chalicelib.imports.limits import MOST_BYTES, Unreadable
from chalicelib.imports.rows import Row
from chalicelib.imports.sniffing import SAMPLE, Writing, sniff

SHOWN = 5  # rows of a file that are shown before it is imported

Place = list[int]
"""Behind which row, and for text files at which byte the next one begins."""


class Looks(Struct, frozen=True):
    """What a file looks like: how it is written (None: a workbook), its columns, its first rows."""

    writing: Writing | None
    columns: list[str]
    first: list[Row]


def look(file: BinaryIO, size: int, encoding: str | None = None, delimiter: str | None = None) -> Looks:
    """Look at the beginning of a file. Raises Unreadable."""
    writing = _writing(file, size, encoding, delimiter)
    found = [row for row, _ in islice(rows(file, writing), SHOWN + 1)]
    if not found or found[0].number != 1:
        raise Unreadable("The first row of the file must hold the headings of its columns.")
    return Looks(writing, headings(found[0].cells), found[1:])


def _writing(file: BinaryIO, size: int, encoding: str | None, delimiter: str | None) -> Writing | None:
    if not size:
        raise Unreadable("The file is empty.")
    file.seek(0)
    head = file.read(SAMPLE)
    if head.startswith(workbooks.MARK):
        workbooks.check(file, size)
        return None
    if head.startswith(workbooks.OLD_MARK):
        raise Unreadable("This workbook is of an old kind, or protected by a password. Save it as .xlsx or as CSV.")
    if size > MOST_BYTES:
        raise Unreadable(f"A file may have {MOST_BYTES // 1024**3} GB. Send it in several parts.")
    return sniff(head, whole=size <= SAMPLE, encoding=encoding, delimiter=delimiter)


def headings(cells: list[str]) -> list[str]:
    """Return what columns are called, one without a heading by its place. Raises Unreadable for two alike."""
    named = [cell.strip() or f"Column {number}" for number, cell in enumerate(cells, 1)]
    known: set[str] = set()
    for name in named:
        if name.casefold() in known:
            raise Unreadable(f"Two columns are called “{name:.80}”. Give each its own heading.")
        known.add(name.casefold())
    return named


def rows(file: BinaryIO, writing: Writing | None, after: Place | None = None) -> Iterator[tuple[Row, Place]]:
    """Yield rows behind a place, each with the place behind it. Raises Unreadable."""
    if writing is None:
        for row in workbooks.rows(file, after[0] if after else 0):
            yield row, [row.number]
        return
    for row, (number, begins) in separated.rows(file, writing, (after[0], after[1]) if after else None):
        yield row, [number, begins]
