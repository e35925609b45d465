"""Custom fields for tests, short to make."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.contacts.custom import service
from chalicelib.contacts.custom.definition import CustomField, CustomType, Option, RecordType

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def options(*values: str) -> tuple[Option, ...]:
    return tuple(Option(value, {"en": value.title()}) for value in values)


def field(key: str, type_: str = "text", of: str = "contact", **more: Any) -> CustomField:
    """Return a field that goes together: choices have two options, money is in crowns."""
    wanted = CustomType(type_)
    given: dict[str, Any] = {"labels": {"en": key.replace("_", " ").title()}}
    if wanted in {CustomType.CHOICE, CustomType.MULTIPLE_CHOICE}:
        given["options"] = options("gold", "silver")
    if wanted is CustomType.MONEY:
        given["currency"] = "DKK"
    return CustomField(RecordType(of), key, wanted, **{**given, **more})


def make(key: str, type_: str = "text", of: str = "contact", **more: Any) -> CustomField:
    """Make a field, and return it."""
    made = field(key, type_, of, **more)
    service.create(made, f"make-{made.id}", "user:u", NOW)
    return made


def change(field_id: str, **changes: Any) -> None:
    service.amend(field_id, changes, service.find(field_id).version, NOW)
