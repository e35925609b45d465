"""Rows as a workbook: text stays text, whatever it begins with."""

import io
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from chalicelib import sheets
from chalicelib.csvs import Cell


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
    if isinstance(value, dict):
        return Decimal(value["number"])
    return sheets.text(sheet, value) if isinstance(value, str) else value
