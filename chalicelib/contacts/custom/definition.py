"""What is said of a custom field: its type, its words, its options, what conditions may ask of it; pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from chalicelib.conditions.catalogue import Field, FieldType
from chalicelib.errors import Conflict, Invalid, Problem

MOST = 100
"""Fields of a record type, retired ones too: each reader of them reads all."""


MOST_OPTIONS = 100
"""Options of a choice, retired ones too."""


class RecordType(StrEnum):
    """What can have fields of one's own."""

    CONTACT = "contact"
    ACCOUNT = "account"
    LEAD = "lead"


class CustomType(StrEnum):
    TEXT = "text"
    WHOLE_NUMBER = "whole_number"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    INSTANT = "instant"
    TWO_OPTIONS = "two_options"
    CHOICE = "choice"
    MULTIPLE_CHOICE = "multiple_choice"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"


ASKED_AS: Mapping[CustomType, FieldType] = {
    CustomType.WHOLE_NUMBER: FieldType.INTEGER,
    CustomType.DECIMAL: FieldType.NUMBER,
    CustomType.MONEY: FieldType.NUMBER,
    CustomType.DATE: FieldType.DATE,
    CustomType.INSTANT: FieldType.INSTANT,
    CustomType.TWO_OPTIONS: FieldType.BOOLEAN,
    CustomType.CHOICE: FieldType.CHOICE,
    CustomType.MULTIPLE_CHOICE: FieldType.TEXTS,
}
"""How conditions ask of each type; what is not here is text."""

RESERVED = frozenset({"first", "last", "size"})
"""Keys that mean something else in messages: Liquid takes them for a number, the first and the last of several."""

CHOICES = frozenset({CustomType.CHOICE, CustomType.MULTIPLE_CHOICE})

EXACT = frozenset({CustomType.TEXT, CustomType.WHOLE_NUMBER, CustomType.CHOICE, CustomType.EMAIL, CustomType.PHONE})
"""Types whose values are the same or are not: by these records can be matched."""


class Option(Struct, frozen=True):
    """One of the values of a choice. A retired one stays where it is and is not chosen any more."""

    value: str
    labels: Mapping[str, str]
    retired: bool = False

    @property
    def label(self) -> str:
        """What it is called where nobody says in which language."""
        return self.labels.get("en") or next(iter(self.labels.values()))


class CustomField(Struct, frozen=True):
    """A field. Record type, key and type are settled when it is made; the rest changes."""

    record_type: RecordType
    key: str
    type: CustomType
    labels: Mapping[str, str]
    required: bool = False
    max_length: int = 200
    decimals: int = 2
    currency: str | None = None
    options: Sequence[Option] = field(default_factory=tuple)
    retired: bool = False

    @property
    def id(self) -> str:
        return f"{self.record_type}.{self.key}"

    @property
    def label(self) -> str:
        """What it is called where nobody says in which language."""
        return self.labels.get("en") or next(iter(self.labels.values()))

    @property
    def values(self) -> tuple[str, ...]:
        """Every value of a choice, retired ones too: records may hold them."""
        return tuple(option.value for option in self.options)

    @property
    def offered(self) -> tuple[str, ...]:
        """The values of a choice that may be chosen."""
        return tuple(option.value for option in self.options if not option.retired)

    @property
    def asked_as(self) -> Field:
        """What conditions know of it."""
        return Field(ASKED_AS.get(self.type, FieldType.TEXT), self.values if self.type in CHOICES else ())


def require_sound(made: CustomField) -> None:
    """Raise Invalid with everything that does not go together in a field."""
    problems = []
    if (made.type in CHOICES) != bool(made.options):
        problems.append(Problem("options", "A choice has options, and nothing else has."))
    if len(set(made.values)) < len(made.values):
        problems.append(Problem("options", "Each option has a value of its own."))
    if made.key in RESERVED:
        problems.append(Problem("key", "This word means something else in messages. Choose another key."))
    if (made.type is CustomType.MONEY) != (made.currency is not None):
        problems.append(Problem("currency", "Money has a currency, such as DKK, and nothing else has."))
    if problems:
        raise Invalid("The field cannot be as it is described.", problems)


def require_kept(before: CustomField, after: CustomField) -> None:
    """Raise Conflict where an option is gone that records may hold: options are retired, never taken away."""
    gone = sorted(set(before.values) - set(after.values))
    if gone:
        named = [Problem("options", f"“{each}” is missing. Retire it instead.") for each in gone]
        raise Conflict("Options that a field once had stay, for records may hold them.", named)


def described(made: CustomField) -> dict[str, Any]:
    """Return what of a field can change, as it is stored."""
    options = [{"value": each.value, "labels": dict(each.labels), "retired": each.retired} for each in made.options]
    return {
        "labels": dict(made.labels),
        "required": made.required,
        "max_length": made.max_length,
        "decimals": made.decimals,
        "currency": made.currency,
        "options": options or None,
        "retired": made.retired,
    }
