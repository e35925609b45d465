"""A row of a file, whatever the file is."""

from msgspec import Struct


class Row(Struct, frozen=True):
    """The cells of a row as text, under the number that a spreadsheet shows beside it; the headings are row 1."""

    number: int
    cells: list[str]
