"""How a text file is written: its encoding and what its cells are separated by, found out from its beginning; pure."""

import csv
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from chalicelib.imports.limits import MOST_CELL, Unreadable

SAMPLE = 256 * 1024  # bytes
LINES = 50  # looked at for what separates cells
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}

MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
"""What programs begin a file with to say how it is encoded; the longer ones first."""

OLD = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_2", "koi8_r")
EASTERN = ("cp932", "gb18030", "big5", "euc_jp", "euc_kr")
ENCODINGS = frozenset({"utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", *OLD, *EASTERN})
"""All of them can be read from the beginning of any line."""

SAY = "Say how the file is encoded, or save it as UTF-8."


class Writing(Struct, frozen=True):
    """How a text file is written: where its text begins, in which encoding, with what between its cells."""

    encoding: str
    delimiter: str
    begins: int = 0
    """Bytes before the first line: a byte order mark, or a line such as sep=;"""


def sniff(head: bytes, *, whole: bool, encoding: str | None = None, delimiter: str | None = None) -> Writing:
    """Find out how a file is written that begins with `head`; what is known is believed. Raises Unreadable."""
    marked = next(((mark, name) for mark, name in MARKS if head.startswith(mark)), None)
    begins = len(marked[0]) if marked else 0
    encoding = marked[1] if marked else encoding or encoding_of(head, whole=whole)
    text = head[begins:].decode(encoding, "replace")
    first = text.splitlines()[0] if text else ""
    if first.lower().startswith("sep=") and len(first) == len("sep=,"):
        told = text[: len(first)] + text[len(first) :][: 2 if text[len(first) :].startswith("\r\n") else 1]
        return Writing(encoding, delimiter or first[-1], begins + len(told.encode(encoding)))
    return Writing(encoding, delimiter or delimiter_of(text), begins)


def encoding_of(head: bytes, *, whole: bool) -> str:
    """Guess the encoding of a file without a mark. Raises Unreadable for what is no text."""
    if b"\x00" in head:
        return _wide(head)
    try:
        (head if whole else _uncut(head)).decode("utf-8")
    except UnicodeDecodeError:
        return _old(head)
    return "utf-8"


def _wide(head: bytes) -> str:
    """Letters of two bytes have their empty halves all on one side; other zeros are not of texts, or not many."""
    sides = Counter(at % 2 for at, byte in enumerate(head) if byte == 0)
    for side, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sides[side] > len(head) // 5 and sides[1 - side] <= sides[side] // 20:
            return name
    if sides.total() > max(8, len(head) // 1000):
        raise Unreadable(f"This does not look like a text file. {SAY}")
    return encoding_of(head.replace(b"\x00", b""), whole=False)


def _uncut(head: bytes) -> bytes:
    """Leave out what follows the last whole line: the sample may end within a letter."""
    return head[: head.rfind(b"\n") + 1] or head[:-4]


def _old(head: bytes) -> str:
    from charset_normalizer import from_bytes

    found = [each for each in from_bytes(_uncut(head), cp_isolation=[*OLD, *EASTERN]) if each.encoding in ENCODINGS]
    if not found:
        raise Unreadable(f"We cannot tell in which encoding this file is written. {SAY}")
    likely = [each for each in found if each.chaos <= found[0].chaos]
    return min(likely, key=lambda each: _signs(str(each))).encoding


def _signs(text: str) -> int:
    """Count signs such as £ or ³: where two encodings would do, the one that makes letters of them is right."""
    return sum(letter > "\x7f" and not letter.isalpha() for letter in text)


def delimiter_of(text: str) -> str:
    """Guess what separates cells: what cuts the most lines into as many cells as the first one, and that into most."""
    lines = text.splitlines(keepends=True)
    lines = lines[: LINES + 1] if len(lines) > LINES else lines
    return max(DELIMITERS.values(), key=lambda delimiter: _cuts(lines, delimiter))


def _cuts(lines: Sequence[str], delimiter: str) -> tuple[bool, float, int]:
    csv.field_size_limit(MOST_CELL * 4)
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return False, 0, 0
    columns = len(rows[0]) if rows else 0
    alike = sum(len(row) == columns for row in rows[:LINES])
    return columns > 1, alike / max(1, len(rows[:LINES])), columns
