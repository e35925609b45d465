"""Rows as a workbook: text stays text, whatever it begins with."""

import io
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from chalicelib.csvs import Cell

LONGEST_CELL = 32_767  # letters that a cell of a workbook may have


def packed(lines: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as a part that `written` puts into a workbook; numbers stay exact until then."""
    return json.dumps([[_told(cell) for cell in line] for line in lines], ensure_ascii=False).encode()


def _told(cell: Cell) -> Any:
    return {"number": str(cell)} if isinstance(cell, Decimal) else cell


def written(columns: Sequence[str], parts: Iterable[bytes]) -> bytes:
    """Return a workbook of one sheet, written as a stream: a row is let go of as soon as it is written."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("records")
    sheet.append([_cell(sheet, name) for name in columns])
    for part in parts:
        for line in json.loads(part):
            sheet.append([_cell(sheet, value) for value in line])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    """Return a cell; a text is said to be one, for it would else be a formula where it begins with a sign."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, dict):
        return Decimal(value["number"])
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_CELL])
    cell.data_type = "s"
    return cell
