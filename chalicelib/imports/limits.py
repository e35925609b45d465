"""What a file may be: what is larger, or is not what it says it is, is refused in words; pure."""

from chalicelib.errors import Unprocessable

MOST_BYTES = 1024**3  # of a text file
MOST_COLUMNS = 200
MOST_CELL = 32_767  # letters, as in a spreadsheet
MOST_LINE = 4 * 1024 * 1024  # bytes
MOST_ROWS = 5_000_000

MOST_BOOK_BYTES = 50 * 1024**2
MOST_BOOK_ROWS = 100_000
MOST_BOOK_CELLS = 1_000_000  # who goes on in the middle reads it from its beginning, in less than two minutes
MOST_UNPACKED = 512 * 1024**2  # bytes of a workbook's parts together
MOST_TEXTS = 64 * 1024**2  # bytes of a workbook's shared texts, which are held in memory
MOST_PARTS = 2_000


class Unreadable(Unprocessable):
    """A file that cannot be read, or not to its end; the message says why and what to do."""


def bounded(number: int, cells: list[str]) -> list[str]:
    """Return the cells of a row without blank ones at its end. Raises Unreadable for too many or too long ones."""
    while cells and not cells[-1].strip():
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise Unreadable(f"Row {number} has {len(cells)} columns; a file may have {MOST_COLUMNS}.")
    if any(len(cell) > MOST_CELL for cell in cells):
        raise Unreadable(f"A cell in row {number} is longer than {MOST_CELL:,} letters. {QUOTES}")
    return cells


QUOTES = "Most often a quotation mark is missing before it or in it."
