"""The workbook that we provide to be filled in: every column is called as mapping knows it by itself (IMP-2)."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from chalicelib import sheets
from chalicelib.conditions.catalogue import FieldType
from chalicelib.contacts.custom.definition import CHOICES, CustomField, CustomType, RecordType
from chalicelib.imports.cells import BETWEEN
from chalicelib.imports.fields import ID, NONE, Own, Target, suggested, target_of

FILLED = 10_000  # rows for which a choice is offered
WIDTH = 22
HEADINGS = ("Column", "Required", "What it holds")
FLAG = "Yes or no."

HOLDS: Mapping[str, str] = {
    FieldType.DATE: "A date, such as 2026-05-01.",
    FieldType.NUMBER: "A number.",
    FieldType.INTEGER: "A whole number.",
    FieldType.BOOLEAN: FLAG,
    FieldType.CHOICE: "One of the words that the sheet Choices names.",
    FieldType.ID: "The id of a record or a user; for others keys see the mapping.",
    CustomType.WHOLE_NUMBER: "A whole number.",
    CustomType.DECIMAL: "A number.",
    CustomType.MONEY: "A number, without the currency.",
    CustomType.INSTANT: "A date and a time, such as 2026-05-01 08:30.",
    CustomType.TWO_OPTIONS: FLAG,
    CustomType.MULTIPLE_CHOICE: f"Words that the sheet Choices names, with {BETWEEN} between them.",
    CustomType.PHONE: "A phone number, such as +45 12 34 56 78.",
    CustomType.URL: "An address that begins with https://.",
    CustomType.EMAIL: "An email address.",
}
"""By the type of the field; what is not here holds text."""


class Offered(Struct, frozen=True):
    """A column of the template: its heading, whether rows need it, what its cells hold, which words they may be."""

    heading: str
    required: bool
    holds: str
    words: tuple[str, ...] = ()
    several: bool = False

    @property
    def told(self) -> tuple[str, str, str]:
        return self.heading, "yes" if self.required else "", self.holds


def columns(record_type: RecordType, own: Own = NONE) -> list[Offered]:
    """Return a column for each field that a record can be made with, those first that it cannot be without.

    A field whose words mean another one to the mapping is called by its whole name.
    """
    target = target_of(record_type, own)
    names = list(dict.fromkeys([*target.required, *(name for name in target.fields if name != ID)]))
    words = [_words(target, name) for name in names]
    meant = suggested(record_type, words, own)
    headings = [word if meant.get(word) == name else name for name, word in zip(names, words, strict=True)]
    return [_offered(target, name, heading) for name, heading in zip(names, headings, strict=True)]


def _words(target: Target, name: str) -> str:
    return target.own[name].label if name in target.own else name.replace(".", " ").replace("_", " ").capitalize()


def _offered(target: Target, name: str, heading: str) -> Offered:
    required = name in target.required
    if name in target.own:
        field = target.own[name]
        several = field.type is CustomType.MULTIPLE_CHOICE
        return Offered(heading, required, HOLDS.get(field.type, "Text."), _of_options(field), several)
    if name == "preferences.consent_level":
        return Offered(heading, required, "A level from 0 to 5.", tuple("012345"))
    if name.startswith("preferences."):
        return Offered(heading, required, FLAG, ("yes", "no"))
    type_, options = (target.types[name].type, target.types[name].options) if name in target.types else ("", ())
    words = ("yes", "no") if type_ is FieldType.BOOLEAN else tuple(each.replace("_", " ") for each in options)
    return Offered(heading, required, HOLDS.get(type_, "Text."), words)


def _of_options(field: CustomField) -> tuple[str, ...]:
    """Return the words of what may be chosen: labels, and a value where two are labelled alike."""
    if field.type is CustomType.TWO_OPTIONS:
        return ("yes", "no")
    if field.type not in CHOICES:
        return ()
    labels = [each.label.casefold() for each in field.options]
    offered = [each for each in field.options if not each.retired]
    return tuple(each.label if labels.count(each.label.casefold()) == 1 else each.value for each in offered)


# The workbook --------------------------------------------------------------------------------------------------------


def written(record_type: RecordType, own: Own = NONE) -> bytes:
    """Return the template: the sheet to fill in, one that says what its columns hold, one of the words to choose."""
    from openpyxl import Workbook

    book, offered = Workbook(), columns(record_type, own)
    book.properties.creator = "Itinera"
    _to_fill(book.active, f"{record_type}s".capitalize(), offered)
    notes = book.create_sheet("Fields")
    for line in [HEADINGS, *(each.told for each in offered)]:
        notes.append([sheets.text(notes, word) for word in line])
    _widen(notes, len(HEADINGS))
    _choices(book.create_sheet("Choices"), book.worksheets[0], offered)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _to_fill(sheet: Any, title: str, offered: Sequence[Offered]) -> None:
    """The headings; what is required is bold. Cells are text, so that no zero before a number goes."""
    from openpyxl.styles import Font

    sheet.title, sheet.freeze_panes = title, "A2"
    sheet.append([sheets.text(sheet, each.heading) for each in offered])
    _widen(sheet, len(offered))
    for cell, each in zip(sheet[1], offered, strict=True):
        cell.font = Font(bold=each.required)
        if each.holds in {"Text.", HOLDS[CustomType.PHONE]}:
            sheet.column_dimensions[cell.column_letter].number_format = "@"


def _widen(sheet: Any, columns: int) -> None:
    from openpyxl.utils import get_column_letter

    for number in range(1, columns + 1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDTH


def _choices(words: Any, to_fill: Any, offered: Sequence[Offered]) -> None:
    """Write the words of each choice below its heading; where one of them is meant, cells are warned of others."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    chosen = [(at, each) for at, each in enumerate(offered, start=1) if each.words]
    for number, (at, each) in enumerate(chosen, start=1):
        for row, word in enumerate((each.heading, *each.words), start=1):
            cell = words.cell(row, number, word)
            cell.data_type = "s"
        if not each.several:
            letter = get_column_letter(number)
            rule = DataValidation("list", f"Choices!${letter}$2:${letter}${len(each.words) + 1}", errorStyle="warning")
            rule.add(f"{get_column_letter(at)}2:{get_column_letter(at)}{FILLED + 1}")
            to_fill.add_data_validation(rule)
    _widen(words, len(chosen))
