"""Rows of Excel workbooks (.xlsx): the first sheet, read as a stream, after a look at what unpacking it would take."""

import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from chalicelib.imports.limits import (
    MOST_BOOK_BYTES,
    MOST_BOOK_CELLS,
    MOST_BOOK_ROWS,
    MOST_PARTS,
    MOST_TEXTS,
    MOST_UNPACKED,
    Unreadable,
    bounded,
)
from chalicelib.imports.rows import Row

MARK = b"PK\x03\x04"
OLD_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Begins workbooks of before 2007, and those that a password protects."""

DAMAGED = Unreadable("The workbook is damaged. Open it in a spreadsheet and save it again, or save it as CSV.")
TOO_MUCH = "Save it as CSV, which may be far larger."


def check(file: BinaryIO, size: int) -> None:
    """Raise Unreadable for what is no workbook, or would not fit once it is unpacked; nothing is unpacked for that."""
    if size > MOST_BOOK_BYTES:
        raise Unreadable(f"A workbook may have {MOST_BOOK_BYTES // 1024**2} MB. {TOO_MUCH}")
    try:
        with ZipFile(file) as packed:
            parts = packed.infolist()
            if "xl/workbook.xml" not in packed.namelist():
                raise Unreadable("This is not an Excel workbook. Save the list as .xlsx or as CSV.")
            _fits({part.filename: part.file_size for part in parts}, len(parts))
            if any(_declares(packed, part.filename) for part in parts if part.filename.endswith((".xml", ".rels"))):
                raise DAMAGED
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise DAMAGED from error


def _fits(sizes: dict[str, int], parts: int) -> None:
    texts = max((size for name, size in sizes.items() if name.lower().endswith("sharedstrings.xml")), default=0)
    if parts > MOST_PARTS or sum(sizes.values()) > MOST_UNPACKED or texts > MOST_TEXTS:
        raise Unreadable(f"Unpacked, the workbook is too large to be read. {TOO_MUCH}")


def _declares(packed: ZipFile, name: str) -> bool:
    """Return whether a part declares entities, as no spreadsheet does, or is no text that can be looked through."""
    with packed.open(name) as part:
        head = part.read(4096)
    return b"<!DOCTYPE" in head or b"<!ENTITY" in head or b"\x00" in head


def rows(file: BinaryIO, after: int = 0) -> Iterator[Row]:
    """Yield the rows of the first sheet behind a number, but blank ones. Raises Unreadable."""
    cells = _cells(file)
    number = read = 0
    while (found := _next(cells)) is not None:
        number, read = number + 1, read + len(found)
        if number > MOST_BOOK_ROWS + 1 or read > MOST_BOOK_CELLS:
            most = f"{MOST_BOOK_ROWS:,} rows or {MOST_BOOK_CELLS:,} cells"
            raise Unreadable(f"The sheet has more than {most}. {TOO_MUCH}")
        if number > after and (row := bounded(number, [_text(cell) for cell in found])):
            yield Row(number, row)


def _next(cells: Iterator[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    try:
        return next(cells, None)
    except Unreadable:
        raise
    except Exception as error:  # whatever the parser of a file that anybody may have made stumbles over
        raise DAMAGED from error


def _cells(file: BinaryIO) -> Iterator[tuple[Any, ...]]:
    from openpyxl import load_workbook

    with warnings.catch_warnings(action="ignore"):  # about styles and other things that are not read
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        if not book.worksheets:
            raise Unreadable("The workbook has no sheet with cells.")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what it says of its own size may be wrong
        yield from sheet.iter_rows(values_only=True)


def _text(value: Any) -> str:
    """Return a cell as one would have typed it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**15 else repr(value)
    return _moment(value) if isinstance(value, date | time | timedelta) else str(value)


def _moment(value: date | time | timedelta) -> str:
    if isinstance(value, datetime):
        return value.isoformat() if value.time() != time.min else value.date().isoformat()
    return str(value) if isinstance(value, timedelta) else value.isoformat()
