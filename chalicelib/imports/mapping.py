"""What a row says: its cells as values of fields, in the form in which the API takes them; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from pydantic import ValidationError

from chalicelib.conditions.catalogue import FieldType
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.custom.record import flat, nested
from chalicelib.csvs import FORMULAS
from chalicelib.errors import Invalid, Problem
from chalicelib.http.problems import details_of
from chalicelib.imports.cells import Column, Manner, flag, level, of_custom, of_type, phone, wrong
from chalicelib.imports.fields import ID, NONE, OF_CONSENT, Own, Target, target_of

BROKEN = ("\ufffd", "\x00")


class Said(Struct, frozen=True):
    """What a row says: the record that it names, if it does, values of its fields, and of its preferences."""

    record_id: str | None
    values: dict[str, Any]
    preferences: dict[str, Any]


def problems(
    record_type: RecordType, columns: Sequence[str], mapping: Sequence[Column], own: Own = NONE
) -> list[Problem]:
    """Return what keeps a mapping from being used: unknown columns and fields, two for one, required ones missing."""
    target, fields = target_of(record_type, own), [each.field for each in mapping]
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


def read(
    record_type: RecordType,
    cells: Sequence[str],
    columns: Sequence[tuple[int, Column]],
    manner: Manner,
    own: Own = NONE,
) -> Said:
    """Read a row. Blank cells leave what is there. Raises Invalid naming the field that is not as it should be."""
    target = target_of(record_type, own)
    given: dict[str, Any] = {}
    for at, column in columns:
        cell = typed(cells[at]) if at < len(cells) else ""
        if any(sign in cell for sign in BROKEN):
            raise wrong(column.field, "It holds letters that could not be read. Save the file as UTF-8.")
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
        raise wrong(lacking[0], "This field is required; the row does not fill it.")
    try:
        checked = target.schema.model_validate(nested(values))
    except ValidationError as error:
        raise Invalid("The row is not as it should be.", details_of(error)) from error
    stored = checked.given() if hasattr(checked, "given") else checked.model_dump(exclude_unset=True)
    consent = {name.removeprefix(OF_CONSENT): value for name, value in given.items() if name.startswith(OF_CONSENT)}
    return Said(given.get(ID), flat(stored), {name: value for name, value in consent.items() if value is not None})


def _value(target: Target, column: Column, cell: str, manner: Manner) -> Any:
    name, mapped = column.field, {key.casefold(): value for key, value in column.values.items()}
    cell = mapped.get(cell.casefold(), cell)
    if name.startswith(OF_CONSENT):
        return level(name, cell) if name.endswith("consent_level") else flag(name, cell)
    if name in target.own:
        return of_custom(target.own[name], name, cell, manner)
    if name.endswith("phone"):
        return phone(name, cell, manner)
    return of_type(target.types[name].type if name in target.types else FieldType.TEXT, name, cell, manner)
