"""What a row says: its cells as values of fields, in the form in which the API takes them; pure."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from pydantic import ValidationError

from chalicelib.conditions.catalogue import FieldType
from chalicelib.contacts.custom.definition import CustomType, RecordType
from chalicelib.contacts.custom.record import flat, nested
from chalicelib.csvs import FORMULAS
from chalicelib.errors import Invalid, Problem
from chalicelib.http.problems import details_of
from chalicelib.imports.cells import Column, Manner, flag, level, of_custom, of_type, phone, wrong
from chalicelib.imports.fields import ACCOUNT_KEYS, ID, LOOKUPS, NONE, OF_CONSENT, Own, Target, target_of

LONGEST_ID = 64  # letters


class Lookup(Struct, frozen=True):
    """A record of another type that a row names by one of its values, for a field that holds its id."""

    field: str
    of: RecordType
    key: str
    text: str


class Said(Struct, frozen=True):
    """What a row says: the record that it names, if it does, values of its fields, and of its preferences.

    `lookups` stand for values that only the records that they name can tell.
    """

    record_id: str | None
    values: dict[str, Any]
    preferences: dict[str, Any]
    lookups: tuple[Lookup, ...] = ()


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
        found += [*_of_key(at, each), *_of_options(at, each, target)]
    lacking = [name for name in target.required if name not in fields]
    return [*found, *(Problem("mapping", f"A column must be mapped to {name}: it is required.") for name in lacking)]


def _of_key(at: int, column: Column) -> list[Problem]:
    """Return what is wrong with the key by which a column names other records, as far as it can be told from here."""
    of = LOOKUPS.get(column.field)
    if column.key == ID or of is RecordType.CONTACT:
        return []
    if of is None:
        return [Problem(f"mapping.{at}.key", "This field names no other record, so it has no key.")]
    known = column.key in ACCOUNT_KEYS
    return [] if known else [Problem(f"mapping.{at}.key", f"Accounts are named by {', '.join(ACCOUNT_KEYS)}.")]


def _of_options(at: int, column: Column, target: Target) -> list[Problem]:
    """Options are added to what is the organisation's own and holds one of them."""
    field = target.own.get(column.field)
    if not column.create_options or (field is not None and field.type is CustomType.CHOICE):
        return []
    said = "Options can be added to custom fields that hold one choice, and to no others."
    return [Problem(f"mapping.{at}.create_options", said)]


def placed(columns: Sequence[str], mapping: Sequence[Column]) -> list[tuple[int, Column]]:
    """Return the mapped columns with where their cells are in a row."""
    at = {name.casefold(): number for number, name in enumerate(columns)}
    return [(at[each.column.casefold()], each) for each in mapping if each.column.casefold() in at]


class Reader:
    """Reads rows: what becomes of each column is decided once, and not for each row of a million."""

    def __init__(
        self, record_type: RecordType, columns: Sequence[tuple[int, Column]], manner: Manner, own: Own = NONE
    ) -> None:
        self._target, self._clears = target_of(record_type, own), manner.clears
        self._columns = [(at, each.field, _reading(self._target, each, manner)) for at, each in columns]

    def read(self, cells: Sequence[str]) -> Said:
        """Read a row. Blank cells leave what is there. Raises Invalid naming the field that is not as it should be."""
        given: dict[str, Any] = {}
        for at, name, reading in self._columns:
            cell = typed(cells[at]) if at < len(cells) else ""
            if not cell:
                continue
            if "\ufffd" in cell or "\x00" in cell:
                raise wrong(name, "It holds letters that could not be read. Save the file as UTF-8.")
            given[name] = None if cell == self._clears else reading(cell)
        return _checked(self._target, given)


def typed(cell: str) -> str:
    """Return a cell as a person means it: without the sign that keeps spreadsheets from taking it for a formula."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip(" ").startswith(FORMULAS) else cell


def _checked(target: Target, given: Mapping[str, Any]) -> Said:
    values = {name: value for name, value in given.items() if _of_record(name, value)}
    lacking = [name for name in target.required if values.get(name) is None]
    if lacking:
        raise wrong(lacking[0], "This field is required; the row does not fill it.")
    try:
        checked = target.schema.model_validate(nested(values))
    except ValidationError as error:
        raise Invalid("The row is not as it should be.", details_of(error)) from error
    stored = checked.given() if hasattr(checked, "given") else checked.model_dump(exclude_unset=True)
    lookups = tuple(each for each in given.values() if isinstance(each, Lookup))
    return Said(given.get(ID), flat(stored), _consent(given), lookups)


def _of_record(name: str, value: Any) -> bool:
    return name != ID and not name.startswith(OF_CONSENT) and not isinstance(value, Lookup)


def _consent(given: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in given.items() if value is not None and name.startswith(OF_CONSENT)}
    return {name.removeprefix(OF_CONSENT): value for name, value in said.items()}


Reading = Callable[[str], Any]


def _reading(target: Target, column: Column, manner: Manner) -> Reading:
    """Return how cells of a column become values; what certain ones stand for goes before that."""
    read, stand_for = _of_field(target, column, manner), meanings(column)
    return (lambda cell: read(stand_for.get(cell.casefold(), cell))) if stand_for else read


def meanings(column: Column) -> dict[str, str]:
    """Return what certain cells of a column stand for, whatever their letter case."""
    return {cell.casefold(): meant for cell, meant in column.values.items()}


def _id(cell: str) -> str:
    """Return a cell as the id of a record; what is longer is none, and no key either."""
    if len(cell) > LONGEST_ID:
        raise wrong(ID, "There is no record of this id.")
    return cell


def _of_field(target: Target, column: Column, manner: Manner) -> Reading:
    name = column.field
    if name == ID:
        return _id
    if column.key != ID:
        return partial(Lookup, name, LOOKUPS[name], column.key)
    if name.startswith(OF_CONSENT):
        return partial(level if name.endswith("consent_level") else flag, name)
    if name in target.own:
        return of_custom(target.own[name], name, manner)
    if name.endswith("phone") and manner.country is not None:
        return lambda cell: phone(name, cell, manner)
    type_ = target.types[name].type if name in target.types else FieldType.TEXT
    return lambda cell: of_type(type_, name, cell, manner)
