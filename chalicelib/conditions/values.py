"""Values as they are compared: facts, and what a condition writes down, in the form of their type."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from unicodedata import normalize

from chalicelib.conditions.catalogue import FieldType

_CLASSES: dict[FieldType, str] = {
    FieldType.TEXT: "a text",
    FieldType.ID: "an id",
    FieldType.NUMBER: "a number",
    FieldType.INTEGER: "a whole number",
    FieldType.BOOLEAN: "true or false",
    FieldType.INSTANT: "an instant such as 2026-05-01T09:00:00Z",
    FieldType.DATE: "a date such as 2026-05-01",
    FieldType.CHOICE: "one of the options",
    FieldType.TEXTS: "a text",
}


def folded(value: Any) -> str | None:
    """Return a text as it is compared: NFC, trimmed, without regard to letter case (decisions 1 and 2)."""
    if not isinstance(value, str):
        return None
    return (value if value.isascii() else normalize("NFC", value)).strip().casefold() or None


def _exact(value: Any) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _number(value: Any) -> Decimal | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    return value if isinstance(value, int) else None


def _integer(value: Any) -> Decimal | int | None:
    number = _number(value)
    return number if number is None or number == int(number) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _instant(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _date(value: Any) -> date | None:
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _texts(value: Any) -> frozenset[str] | None:
    if not isinstance(value, list | tuple | set | frozenset):
        return None
    return frozenset(text for text in map(folded, value) if text is not None) or None


CANONICAL: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.TEXT: folded,
    FieldType.ID: _exact,
    FieldType.NUMBER: _number,
    FieldType.INTEGER: _integer,
    FieldType.BOOLEAN: _boolean,
    FieldType.INSTANT: _instant,
    FieldType.DATE: _date,
    FieldType.CHOICE: _exact,
    FieldType.TEXTS: _texts,
}
"""A fact in the form in which it is compared, by type; None where it is absent, which another type counts as."""


def literal(type_: FieldType, given: Any) -> Any:
    """Return what a condition wrote down in the form of the type. Raise ValueError with a sentence where it is not."""
    if isinstance(given, str) and not given.strip():
        raise ValueError("An empty text compares with nothing; use is_missing to ask for what is missing.")
    value = _LITERALS.get(type_, CANONICAL[type_])(given)
    if value is None:
        raise ValueError(f"{_shown(given)} is not {_CLASSES[type_]}.")
    return value


def _instant_text(given: Any) -> datetime | None:
    try:
        instant = datetime.fromisoformat(given)
        return instant.astimezone(UTC) if instant.tzinfo is not None and "T" in given.upper() else None
    except (TypeError, ValueError, OverflowError):
        return None


def date_text(given: Any) -> date | None:
    """Read a date as documents write it, 2026-05-01; None where it is none."""
    try:
        return date.fromisoformat(given) if len(given) == len("2026-05-01") and given[4] == "-" else None
    except (TypeError, ValueError):
        return None


STORED: Mapping[FieldType, Callable[[Any], Any]] = {
    **CANONICAL,
    FieldType.INSTANT: _instant_text,
    FieldType.DATE: date_text,
}
"""As CANONICAL, of a custom field: its dates and instants come as they are stored, which is as texts."""


def _id_text(given: Any) -> str | None:
    return given.strip() if isinstance(given, str) else None


_LITERALS: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.INSTANT: _instant_text,
    FieldType.DATE: date_text,
    FieldType.TEXTS: folded,
    FieldType.ID: _id_text,
    FieldType.CHOICE: _id_text,
}


def _shown(given: Any) -> str:
    return f"“{given:.60}”" if isinstance(given, str) else str(given).lower()
