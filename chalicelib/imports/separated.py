"""Rows of text files: read line by line from any place where a row begins, never more than a line held at once."""

import csv
from collections.abc import Iterator
from typing import BinaryIO

from chalicelib.imports.limits import MOST_CELL, MOST_LINE, QUOTES, Unreadable, bounded
from chalicelib.imports.rows import Row
from chalicelib.imports.sniffing import Writing

BLOCK = 256 * 1024
WIDTHS = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}


def rows(
    file: BinaryIO, writing: Writing, after: tuple[int, int] | None = None
) -> Iterator[tuple[Row, tuple[int, int]]]:
    """Yield each row with the place behind it: its number and the byte at which the next one begins.

    Blank rows have numbers, but are not told. Letters that the encoding does not know become U+FFFD. Raises
    Unreadable where a row cannot be one.
    """
    number, begins = after or (0, writing.begins)
    lines = _Lines(file, writing.encoding, begins)
    csv.field_size_limit(MOST_CELL * 4)  # what is longer than a cell may be is told by its row; this ends the reading
    reader = csv.reader(lines, delimiter=writing.delimiter)
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Unreadable(f"Row {number} cannot be cut into cells. {QUOTES}") from error
        if cells is None:
            return
        if found := bounded(number, cells):
            yield Row(number, found), (number, lines.behind)


class _Lines:
    """The lines of a file as text, and the byte behind the last one that was asked for."""

    def __init__(self, file: BinaryIO, encoding: str, begins: int) -> None:
        file.seek(begins)
        self._file, self._encoding, self.behind = file, encoding, begins
        self._width = WIDTHS.get(encoding, 1)
        self._held, self._read = bytearray(), 0
        self._end = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._line()
        if not raw:
            raise StopIteration
        self.behind += len(raw)
        return raw.decode(self._encoding, "replace")

    def _line(self) -> bytes:
        """Take the bytes of the next line, its end included."""
        looked = self._read
        while (end := self._found(looked)) < 0:
            looked = max(self._read, len(self._held) - 2 * self._width)
            looked -= (looked - self._read) % self._width
            if len(self._held) - self._read > MOST_LINE:
                raise Unreadable(
                    f"A line of the file is longer than {MOST_LINE // 1024**2} MB: it is no list of records."
                )
            if not (block := self._file.read(BLOCK)):
                end = len(self._held)
                break
            del self._held[: self._read]
            looked, self._read = looked - self._read, 0
            self._held += block
        taken = bytes(self._held[self._read : end])
        self._read = end
        return taken

    def _found(self, looked: int) -> int:
        """Return where the next line begins, -1 while that is not known."""
        if not self._end and not (end := self._ending()):
            return -1
        self._end = self._end or end
        sought = self._end.encode(self._encoding)
        at = self._held.find(sought, looked)
        while at >= 0 and (at - self._read) % self._width:
            at = self._held.find(sought, at + 1)
        return at + self._width if at >= 0 else -1

    def _ending(self) -> str:
        """Lines end with a line feed, unless the first one ends with a carriage return alone, as on old machines."""
        whole = len(self._held) - (len(self._held) - self._read) % self._width
        text = bytes(self._held[self._read : whole]).decode(self._encoding, "replace")
        if "\r" in text[:-1] and "\n" not in text:
            return "\r"
        return "\n" if "\n" in text or len(self._held) > MOST_LINE // 2 else ""
