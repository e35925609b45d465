"""Rows of a CSV file that spreadsheets may open: no cell of theirs is taken for a formula; pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes spreadsheets compute a cell, also in full-width letters."""

MARK = "\ufeff".encode()
"""Begins a file, so that spreadsheets read it as UTF-8."""

Cell = str | int | Decimal | None


def lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as CSV of RFC 4180; numbers stay numbers, text is kept from being a formula."""
    written = io.StringIO()
    csv.writer(written).writerows([[_safe(cell) for cell in row] for row in rows])
    return written.getvalue().encode()


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULAS):
        return f"'{cell}"
    return cell
