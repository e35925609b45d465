"""Values of custom fields: checked by their type, and as they are stored; pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from chalicelib.clock import as_text
from chalicelib.contacts import normalise
from chalicelib.contacts.custom.definition import CustomField, CustomType
from chalicelib.contacts.custom.record import custom
from chalicelib.errors import Invalid, Problem, Unprocessable

LARGEST = Decimal(100_000_000_000)
MOST_DIGITS = 15
"""As many as a JSON number keeps."""
LONGEST_URL = 2000


def read(field: CustomField, raw: Any) -> Any:
    """Return a value as it is stored, None for a blank one.

    Raises Invalid for what is no value of the type; Unprocessable for a choice that is not offered, and for any value
    of a retired field: such a field can be emptied, but not filled.
    """
    if raw is None or raw == [] or (isinstance(raw, str) and not normalise.text(raw)):
        return None
    if field.retired:
        raise Unprocessable("This field is not in use any more.", [_problem(field, "It is retired; leave it out.")])
    try:
        return _READERS[field.type](field, raw)
    except ValueError as error:
        raise Invalid("A value is not of the kind of its field.", [_problem(field, str(error))]) from error


def _problem(field: CustomField, message: str) -> Problem:
    return Problem(custom(field.key), message)


def _text(field: CustomField, raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError("This must be a text.")  # noqa: TRY004  told to the client like any other fault
    text = normalise.text(raw)
    if len(text) > field.max_length:
        raise ValueError(f"This can have at most {field.max_length} characters.")
    return text


def _number(raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | str):
        raise ValueError("This must be a number.")  # noqa: TRY004
    try:
        number = Decimal(str(raw).strip())
    except InvalidOperation as error:
        raise ValueError("This must be a number.") from error
    if not number.is_finite() or abs(number) > LARGEST:
        raise ValueError(f"This must be a number between -{LARGEST:,} and {LARGEST:,}.")
    return number


def _whole(_: CustomField, raw: Any) -> int:
    number = _number(raw)
    if number != number.to_integral_value():
        raise ValueError("This must be a whole number.")
    return int(number)


def _decimal(field: CustomField, raw: Any) -> Decimal:
    number = _number(raw)
    if number != round(number, field.decimals):
        raise ValueError(f"This can have at most {field.decimals} decimals.")
    number = round(number, field.decimals)
    if len(number.normalize().as_tuple().digits) > MOST_DIGITS:
        raise ValueError(f"This can have at most {MOST_DIGITS} digits in all.")
    return number


def _date(_: CustomField, raw: Any) -> str:
    try:
        return (raw if isinstance(raw, date) else date.fromisoformat(str(raw).strip())).isoformat()[:10]
    except ValueError as error:
        raise ValueError("This must be a date such as 2026-11-24.") from error


def _instant(_: CustomField, raw: Any) -> str:
    """Without a zone it is UTC: browsers send none."""
    try:
        instant = datetime.fromisoformat(str(raw).strip())
        return as_text(instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise ValueError("This must be an instant such as 2026-11-24T08:00:00Z.") from error


def _two_options(_: CustomField, raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("This must be true or false.")  # noqa: TRY004
    return raw


def _choice(field: CustomField, raw: Any) -> str:
    value = raw.strip() if isinstance(raw, str) else ""
    if value not in field.offered:
        offered = f"Choose among: {', '.join(field.offered)}."
        raise Unprocessable("A choice is not among those that its field offers.", [_problem(field, offered)])
    return value


def _choices(field: CustomField, raw: Any) -> list[str]:
    """The order is that of the options: the same choices are the same value."""
    if not isinstance(raw, list | tuple):
        raise ValueError("This must be a list of options.")  # noqa: TRY004
    chosen = {_choice(field, each) for each in raw}
    return [value for value in field.offered if value in chosen]


def _email(field: CustomField, raw: Any) -> str:
    return normalise.email(_line(raw), custom(field.key)).sendable


def _phone(field: CustomField, raw: Any) -> str:
    return normalise.phone(_line(raw), field=custom(field.key))


def _line(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError("This must be a text.")  # noqa: TRY004
    return raw


def _url(_: CustomField, raw: Any) -> str:
    address = normalise.text(_line(raw))
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc or any(ord(letter) <= 32 for letter in address):
        raise ValueError("This must be an address that begins with https://.")
    if len(address) > LONGEST_URL:
        raise ValueError(f"This can have at most {LONGEST_URL} characters.")
    return address


_READERS: Mapping[CustomType, Callable[[CustomField, Any], Any]] = {
    CustomType.TEXT: _text,
    CustomType.WHOLE_NUMBER: _whole,
    CustomType.DECIMAL: _decimal,
    CustomType.MONEY: _decimal,
    CustomType.DATE: _date,
    CustomType.INSTANT: _instant,
    CustomType.TWO_OPTIONS: _two_options,
    CustomType.CHOICE: _choice,
    CustomType.MULTIPLE_CHOICE: _choices,
    CustomType.EMAIL: _email,
    CustomType.PHONE: _phone,
    CustomType.URL: _url,
}
