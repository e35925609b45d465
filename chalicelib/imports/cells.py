"""Cells as values of fields, by the type of the field and the manner in which the file is written; pure."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from chalicelib.conditions.catalogue import FieldType
from chalicelib.contacts.custom import adding
from chalicelib.contacts.custom.definition import CHOICES, CustomField, CustomType
from chalicelib.errors import Invalid, Problem

DATES = ("ymd", "dmy", "mdy")
YES = frozenset({"true", "yes", "y", "1", "x", "on"})
NO = frozenset({"false", "no", "n", "0", "off"})
BETWEEN = ";"
"""What stands between several choices of one cell."""


class Column(Struct, frozen=True):
    """What becomes of a column: the field, and what certain cells stand for (options under other names).

    Where the field names another record, the cells hold that one's `key`: its id, or another value of its own. Of a
    choice of the organisation's own, words that no option is called by may become options.
    """

    column: str
    field: str
    values: Mapping[str, str] = msgspec.field(default_factory=dict)
    key: str = "id"
    create_options: bool = False


class Manner(Struct, frozen=True):
    """How values are written in a file: the order of dates, the decimal sign, whose phone numbers, what clears."""

    dates: str = "ymd"
    decimal: str = "."
    country: str | None = None
    clears: str | None = None


def wrong(name: str, message: str) -> Invalid:
    return Invalid("The row is not as it should be.", [Problem(name, message)])


def of_type(type_: FieldType, name: str, cell: str, manner: Manner) -> Any:
    """Return a cell as a value of one of our own fields. Raises Invalid naming the field."""
    if type_ is FieldType.BOOLEAN:
        return flag(name, cell)
    if type_ is FieldType.DATE:
        return day(name, cell, manner)
    if type_ in {FieldType.NUMBER, FieldType.INTEGER}:
        return number(cell, manner)
    return cell.casefold().replace(" ", "_").replace("-", "_") if type_ is FieldType.CHOICE else cell


def of_custom(field: CustomField, name: str, manner: Manner) -> Callable[[str], Any]:
    """Return how cells become values of a custom field; whoever writes the record checks them. They raise Invalid."""
    if field.type in CHOICES:
        return _choosing(field)
    read = _OF_CUSTOM.get(field.type)
    return (lambda cell: read(name, cell, manner)) if read is not None else str


def flag(name: str, cell: str) -> bool:
    if cell.casefold() in YES | NO:
        return cell.casefold() in YES
    raise wrong(name, "This must be yes or no.")


def level(name: str, cell: str) -> int:
    if cell.isascii() and cell.isdigit() and int(cell[:2]) <= 5 and len(cell) == 1:
        return int(cell)
    raise wrong(name, "This must be a level from 0 to 5.")


def day(name: str, cell: str, manner: Manner) -> str:
    parts = cell.partition("T")[0].replace("/", "-").replace(".", "-").split("-")
    order = "ymd" if len(parts[0]) == 4 else manner.dates
    try:
        year, month, day = (int(parts[order.index(sign)]) for sign in "ymd")
        return date(year, month, day).isoformat()
    except (ValueError, IndexError) as error:
        raise wrong(name, f"This must be a date, written as {'-'.join(order)}.") from error


def number(cell: str, manner: Manner) -> str:
    bare = cell.replace(" ", "").replace("\u00a0", "").replace("," if manner.decimal == "." else ".", "")
    return bare.replace(manner.decimal, ".")


def phone(name: str, cell: str, manner: Manner) -> str:
    from chalicelib.contacts.normalise import phone as read

    return read(cell, manner.country, name)


def _instant(name: str, cell: str, manner: Manner) -> str:
    """A day as the file writes days, and behind it a time, midnight where there is none."""
    written, _, time = cell.replace("T", " ").partition(" ")
    return f"{day(name, written, manner)}T{time.strip() or '00:00'}"


def _choosing(field: CustomField) -> Callable[[str], Any]:
    """Return how cells name options, by value or in any language; a word that none is called by is left, to be refused.

    What options are called is put together once, and not for each row of a million.
    """
    book = adding.book(field)

    def one(cell: str) -> str:
        return book.get(adding.key(cell)) or cell.strip()

    if field.type is CustomType.CHOICE:
        return one
    return lambda cell: [one(each) for each in cell.split(BETWEEN) if each.strip()]


OfCustom = Callable[[str, str, Manner], Any]
_OF_CUSTOM: Mapping[CustomType, OfCustom] = {
    CustomType.WHOLE_NUMBER: lambda _, cell, manner: number(cell, manner),
    CustomType.DECIMAL: lambda _, cell, manner: number(cell, manner),
    CustomType.MONEY: lambda _, cell, manner: number(cell, manner),
    CustomType.DATE: day,
    CustomType.INSTANT: _instant,
    CustomType.TWO_OPTIONS: lambda name, cell, _: flag(name, cell),
    CustomType.PHONE: phone,
}
"""What is not here, and no choice, is written as it is stored."""
