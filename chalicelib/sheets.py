"""Cells of workbooks that we write: text stays text, whatever it begins with."""

from typing import Any

LONGEST_CELL = 32_767  # letters that a cell of a workbook may have


def text(sheet: Any, value: str) -> Any:
    """Return a cell of text; it is said to be one, for it would else be a formula where it begins with a sign."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_CELL])
    cell.data_type = "s"
    return cell
