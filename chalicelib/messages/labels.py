"""What a choice prints in a message: its words in the message's language; compared it is what is stored; pure."""

from collections.abc import Mapping
from typing import Any

from chalicelib.contacts.custom.definition import CHOICES, CustomField, Option

Fields = Mapping[str, CustomField]
"""The custom fields of a record type by key, retired ones too."""


class Labelled(str):
    """The words of a choice; equal to its value and to nothing else, so that templates compare with what is stored."""

    value: str

    __slots__ = ("value",)

    def __new__(cls, value: str, label: str) -> "Labelled":
        made = super().__new__(cls, label)
        made.value = value
        return made

    def __eq__(self, other: object) -> bool:
        return self.value == (other.value if isinstance(other, Labelled) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.value)


def in_words(custom: Mapping[str, Any], fields: Fields, language: str | None) -> dict[str, Any]:
    """Return the values of custom fields with those of choices in words; a value without words stays as it is."""
    return {key: _worded(value, fields.get(key), language) for key, value in custom.items()}


def _worded(value: Any, field: CustomField | None, language: str | None) -> Any:
    if field is None or field.type not in CHOICES:
        return value
    options = {option.value: option for option in field.options}
    if isinstance(value, list):
        return [_label(each, options, language) for each in value]
    return _label(value, options, language)


def _label(value: Any, options: Mapping[str, Option], language: str | None) -> Any:
    option = options.get(value) if isinstance(value, str) else None
    return value if option is None else Labelled(value, _words(option, language or "en"))


def _words(option: Option, language: str) -> str:
    """Return the words in a language, in the one that it is a form of, in English, else in whichever there is."""
    asked = (language, language.partition("-")[0], "en")
    known = {name.casefold(): words for name, words in option.labels.items()}
    found = (known.get(each.casefold()) for each in asked)
    return next((each for each in found if each), next(iter(option.labels.values()), option.value))
