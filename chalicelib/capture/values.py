"""What people typed into a form: checked, and turned into what contacts and leads hold; pure."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from msgspec import Struct

from chalicelib.capture import cascading
from chalicelib.capture.schemas import REFUSALS, ElementKind, FieldType, FormDocument, FormField
from chalicelib.errors import Problem

YES = {"true", "on", "yes", "1"}
NO = {"false", "off", "no", "0", ""}
LARGEST = Decimal(100_000_000_000)
MOST_DECIMALS = 10

Typed = Mapping[str, Any]


class Read(Struct, frozen=True):
    """Values as typed, by field name; what is wrong with them; which boxes refuse something, or agree; which lists."""

    values: dict[str, Any]
    problems: tuple[Problem, ...]
    refused: tuple[ElementKind, ...] = ()
    lists: tuple[str, ...] = ()
    remembers: bool | None = None
    """Whether “remember me” was ticked; None where nobody was asked."""
    choices: tuple[str, ...] = ()
    """Purposes and topics of a compliance profile that were ticked, by their names there."""

    def for_target(self, form: FormDocument, target: str) -> dict[str, Any]:
        """Return the values that go to the contact or to the lead, by its attributes."""
        mapped = {field.name: getattr(field, f"{target}_field") for field in form.fields}
        return {mapped[name]: value for name, value in self.values.items() if mapped.get(name)}


def read(form: FormDocument, typed: Typed) -> Read:
    """Read what was sent. A field that was not sent is absent; fields that the form does not have are a problem."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for field in cascading.in_order(form):
        if cascading.shown(form, field, values):
            problems += _taken(field, typed, values)
    problems += cascading.misfits(form, values)
    known = {field.name for field in form.fields} | BESIDES
    problems += [Problem(name, "This form has no such field.") for name in sorted(set(typed) - known)]
    lists, unknown = _lists(form, typed.get(OF_LISTS.value))
    refused = tuple(each for each in REFUSALS if _yes(typed.get(each.value)))
    asked = any(element.kind is ElementKind.REMEMBER_ME for element in form.elements)
    remembers = _yes(typed.get(ElementKind.REMEMBER_ME.value)) if asked else None
    choices, others = _choices(form, typed.get(OF_PURPOSES.value))
    return Read(values, (*problems, *unknown, *others), refused, lists, remembers, choices)


def _taken(field: FormField, typed: Typed, values: dict[str, Any]) -> list[Problem]:
    """Take what was typed into a field, or say what is wrong with it."""
    raw = _default(field, typed.get(field.name))
    if raw in (None, "", []):
        if field.required:
            return [Problem(field.name, field.required_message or f"{field.label}: please fill this in.")]
        if field.name in typed:
            values[field.name] = None
        return []
    try:
        values[field.name] = _one(field, raw)
    except ValueError as error:
        return [Problem(field.name, f"{field.label}: {error}")]
    return []


OF_LISTS, OF_PURPOSES = ElementKind.SUBSCRIPTION_LIST, ElementKind.PURPOSE_CONSENT
BESIDES = frozenset(each.value for each in (*REFUSALS, OF_LISTS, OF_PURPOSES, ElementKind.REMEMBER_ME))
"""What is sent besides fields, by the kind of its element."""


def _lists(form: FormDocument, raw: Any) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the lists to join: those that were ticked, and those that are hidden on the form."""
    ticked = _ticked(raw)
    offered = {e.list_id: e.hidden for e in form.elements if e.kind is ElementKind.SUBSCRIPTION_LIST}
    joined = tuple(str(each) for each, hidden in offered.items() if hidden or each in ticked)
    name = ElementKind.SUBSCRIPTION_LIST.value
    strange = [] if set(ticked) <= offered.keys() else [Problem(name, "This form does not offer such a list.")]
    return joined, strange


def _choices(form: FormDocument, raw: Any) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the purposes and topics that were ticked; what was not says nothing."""
    ticked, name = _ticked(raw), OF_PURPOSES.value
    offered = [str(each.choice) for each in form.elements if each.kind is OF_PURPOSES]
    strange = [] if set(ticked) <= set(offered) else [Problem(name, "This form does not ask for such a consent.")]
    return tuple(each for each in offered if each in ticked), strange


def _ticked(raw: Any) -> list[str]:
    return raw if isinstance(raw, list) else [] if raw in (None, "", False) else [str(raw)]


def _default(field: FormField, raw: Any) -> Any:
    if isinstance(raw, str):
        raw = raw.strip()
        if raw == field.placeholder and raw:
            return None  # an untouched placeholder is no answer (FLD-2)
    if raw is None and field.hidden:
        return field.default or None
    return raw


def _one(field: FormField, raw: Any) -> Any:
    if field.type is FieldType.MULTIPLE_CHOICE:
        return _several(raw, field)
    if isinstance(raw, list):
        raise ValueError("one value, please.")  # noqa: TRY004  told to the person like any other fault
    parse: Callable[[Any, FormField], Any] = PARSERS.get(field.type, _text)
    value = parse(raw, field)
    if isinstance(value, str) and len(value) > field.max_length:
        raise ValueError(f"at most {field.max_length} characters, please.")
    return value


def _several(raw: Any, field: FormField) -> list[str]:
    chosen = list(dict.fromkeys(str(each) for each in (raw if isinstance(raw, list) else [raw])))
    if len(chosen) > len(field.options) or any(len(each) > field.max_length for each in chosen):
        raise ValueError("choose among what is offered, please.")
    return chosen


def _text(raw: Any, _: FormField) -> str:
    return str(raw)


def _yes(raw: Any) -> bool:
    return raw is True or str(raw).strip().lower() in YES


def _two_options(raw: Any, _: FormField) -> bool:
    if isinstance(raw, bool):
        return raw
    text = str(raw).strip().lower()
    if text not in YES | NO:
        raise ValueError("yes or no, please.")
    return text in YES


def _whole(raw: Any, _: FormField) -> int:
    number = _decimal(raw, _)
    if number != number.to_integral_value():
        raise ValueError("a whole number, please.")
    return int(number)


def _decimal(raw: Any, _: FormField) -> Decimal:
    try:
        number = Decimal(str(raw))
    except InvalidOperation as error:
        raise ValueError("a number, please.") from error
    if not number.is_finite() or abs(number) > LARGEST:
        raise ValueError("this number is too large.")
    if cast(int, number.as_tuple().exponent) < -MOST_DECIMALS:
        raise ValueError(f"at most {MOST_DECIMALS} decimals, please.")
    return number


def _date(raw: Any, _: FormField) -> str:
    try:
        return date.fromisoformat(str(raw)).isoformat()
    except ValueError as error:
        raise ValueError("a date such as 2026-11-24, please.") from error


def _date_time(raw: Any, _: FormField) -> str:
    try:
        return datetime.fromisoformat(str(raw)).isoformat()
    except ValueError as error:
        raise ValueError("a date and time such as 2026-11-24T08:00, please.") from error


def _url(raw: Any, _: FormField) -> str:
    text = str(raw)
    if not text.startswith(("https://", "http://")):
        raise ValueError("an address that begins with https://, please.")
    return text


PARSERS: Mapping[FieldType, Callable[[Any, FormField], Any]] = {
    FieldType.TWO_OPTIONS: _two_options,
    FieldType.WHOLE_NUMBER: _whole,
    FieldType.DECIMAL: _decimal,
    FieldType.DATE: _date,
    FieldType.DATE_TIME: _date_time,
    FieldType.URL: _url,
}


def unknown_options(form: FormDocument, values: Mapping[str, Any]) -> list[Problem]:
    """Return values that an option set does not have: such a submission fails and is kept (FSU-2)."""
    return [
        Problem(field.name, f"“{value}” is none of the options of {field.label}.")
        for field in form.fields
        if field.type in {FieldType.OPTION_SET, FieldType.MULTIPLE_CHOICE}
        for value in _chosen(values.get(field.name))
        if value not in {option.value for option in field.options}
    ]


def _chosen(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
