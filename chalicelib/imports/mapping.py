"""What a row says: its cells as values of fields, in the form in which the API takes them; pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct
from pydantic import ValidationError

from chalicelib.conditions.catalogue import FieldType
from chalicelib.csvs import FORMULAS
from chalicelib.errors import Invalid, Problem
from chalicelib.http.problems import details_of
from chalicelib.imports.fields import ID, OF_CONSENT, TARGETS, RecordType, Target

DATES = ("ymd", "dmy", "mdy")
YES = frozenset({"true", "yes", "y", "1", "x", "on"})
NO = frozenset({"false", "no", "n", "0", "off"})
BROKEN = ("\ufffd", "\x00")


class Column(Struct, frozen=True):
    """What becomes of a column: the field, and what certain cells stand for (options under other names)."""

    column: str
    field: str
    values: Mapping[str, str] = msgspec.field(default_factory=dict)


class Manner(Struct, frozen=True):
    """How values are written in a file: the order of dates, the decimal sign, whose phone numbers, what clears."""

    dates: str = "ymd"
    decimal: str = "."
    country: str | None = None
    clears: str | None = None


class Said(Struct, frozen=True):
    """What a row says: the record that it names, if it does, values of its fields, and of its preferences."""

    record_id: str | None
    values: dict[str, Any]
    preferences: dict[str, Any]


def problems(record_type: RecordType, columns: Sequence[str], mapping: Sequence[Column]) -> list[Problem]:
    """Return what keeps a mapping from being used: unknown columns and fields, two for one, required ones missing."""
    target, fields = TARGETS[record_type], [each.field for each in mapping]
    known = {name.casefold() for name in columns}
    found = []
    for at, each in enumerate(mapping):
        if each.column.casefold() not in known:
            found.append(Problem(f"mapping.{at}.column", "The file has no column of this name."))
        if each.field not in target.fields:
            found.append(Problem(f"mapping.{at}.field", f"A {record_type} has no field of this name to be imported."))
        if each.field in fields[:at]:
            found.append(Problem(f"mapping.{at}.field", "Another column is mapped to this field already."))
    lacking = [name for name in target.required if name not in fields]
    return [*found, *(Problem("mapping", f"A column must be mapped to {name}: it is required.") for name in lacking)]


def placed(columns: Sequence[str], mapping: Sequence[Column]) -> list[tuple[int, Column]]:
    """Return the mapped columns with where their cells are in a row."""
    at = {name.casefold(): number for number, name in enumerate(columns)}
    return [(at[each.column.casefold()], each) for each in mapping if each.column.casefold() in at]


def read(record_type: RecordType, cells: Sequence[str], columns: Sequence[tuple[int, Column]], manner: Manner) -> Said:
    """Read a row. Blank cells leave what is there. Raises Invalid naming the field that is not as it should be."""
    target = TARGETS[record_type]
    given: dict[str, Any] = {}
    for at, column in columns:
        cell = typed(cells[at]) if at < len(cells) else ""
        if any(sign in cell for sign in BROKEN):
            raise _wrong(column.field, "It holds letters that could not be read. Save the file as UTF-8.")
        if manner.clears is not None and cell == manner.clears:
            given[column.field] = None
        elif cell:
            given[column.field] = _value(target, column, cell, manner)
    return _checked(target, given)


def typed(cell: str) -> str:
    """Return a cell as a person means it: without the sign that keeps spreadsheets from taking it for a formula."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip(" ").startswith(FORMULAS) else cell


def _checked(target: Target, given: Mapping[str, Any]) -> Said:
    values = {name: value for name, value in given.items() if name != ID and not name.startswith(OF_CONSENT)}
    lacking = [name for name in target.required if values.get(name) is None]
    if lacking:
        raise _wrong(lacking[0], "This field is required; the row does not fill it.")
    try:
        checked = target.schema.model_validate(values)
    except ValidationError as error:
        raise Invalid("The row is not as it should be.", details_of(error)) from error
    stored = checked.given() if hasattr(checked, "given") else checked.model_dump(exclude_unset=True)
    consent = {name.removeprefix(OF_CONSENT): value for name, value in given.items() if name.startswith(OF_CONSENT)}
    return Said(given.get(ID), stored, {name: value for name, value in consent.items() if value is not None})


def _wrong(name: str, message: str) -> Invalid:
    return Invalid("The row is not as it should be.", [Problem(name, message)])


# Cells ---------------------------------------------------------------------------------------------------------------


def _value(target: Target, column: Column, cell: str, manner: Manner) -> Any:
    name, mapped = column.field, {key.casefold(): value for key, value in column.values.items()}
    if cell.casefold() in mapped:
        cell = mapped[cell.casefold()]
    if name.startswith(OF_CONSENT):
        return _level(name, cell) if name.endswith("consent_level") else _flag(name, cell)
    if name.endswith("phone"):
        return _phone(name, cell, manner)
    return _of_type(target.types[name].type if name in target.types else FieldType.TEXT, name, cell, manner)


def _of_type(type_: FieldType, name: str, cell: str, manner: Manner) -> Any:
    if type_ is FieldType.BOOLEAN:
        return _flag(name, cell)
    if type_ is FieldType.DATE:
        return _date(name, cell, manner)
    if type_ in {FieldType.NUMBER, FieldType.INTEGER}:
        return _number(cell, manner)
    return cell.casefold().replace(" ", "_").replace("-", "_") if type_ is FieldType.CHOICE else cell


def _flag(name: str, cell: str) -> bool:
    if cell.casefold() in YES | NO:
        return cell.casefold() in YES
    raise _wrong(name, "This must be yes or no.")


def _level(name: str, cell: str) -> int:
    if cell.isascii() and cell.isdigit() and int(cell[:2]) <= 5 and len(cell) == 1:
        return int(cell)
    raise _wrong(name, "This must be a level from 0 to 5.")


def _date(name: str, cell: str, manner: Manner) -> str:
    parts = cell.partition("T")[0].replace("/", "-").replace(".", "-").split("-")
    order = "ymd" if len(parts[0]) == 4 else manner.dates
    try:
        year, month, day = (int(parts[order.index(sign)]) for sign in "ymd")
        return date(year, month, day).isoformat()
    except (ValueError, IndexError) as error:
        raise _wrong(name, f"This must be a date, written as {'-'.join(order)}.") from error


def _number(cell: str, manner: Manner) -> str:
    bare = cell.replace(" ", "").replace("\u00a0", "").replace("," if manner.decimal == "." else ".", "")
    return bare.replace(manner.decimal, ".")


def _phone(name: str, cell: str, manner: Manner) -> str:
    from chalicelib.contacts.normalise import phone

    return phone(cell, manner.country, name)
