"""Words that become options of a choice which has none of that name; pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from chalicelib.clock import digest
from chalicelib.contacts.custom.definition import MOST_OPTIONS, CustomField, Option
from chalicelib.errors import Conflict

LONGEST_WORD = 100  # letters of a label
LONGEST_VALUE = 40  # letters of a value, before what tells it from others


def key(word: str) -> str:
    """Return a word as words of options are compared: without regard to letter case and to white space."""
    return unicodedata.normalize("NFC", " ".join(word.split())).casefold()


def called(field: CustomField, word: str) -> str | None:
    """Return the value of the option that is called so, by its value or in any language, None if there is none."""
    return book(field).get(key(word))


def book(field: CustomField) -> dict[str, str]:
    """Return the values of options, retired ones too, by all that they are called; values come before labels."""
    labelled = [(key(word), each.value) for each in reversed(field.options) for word in each.labels.values()]
    return {**dict(labelled), **{value: value for value in field.values}}


def fit(word: str) -> bool:
    """Return whether a word may be the label of an option."""
    return 0 < len(word) <= LONGEST_WORD and word.isprintable() and "\ufffd" not in word


def with_options(field: CustomField, words: Iterable[str]) -> CustomField:
    """Return a choice that has an option for each word, behind those that it has.

    Raises Conflict for too many, and for a field that is not in use any more.
    """
    if field.retired:
        raise Conflict("This field is not in use any more, so no option was added to it.")
    after = field
    for word in words:
        if called(after, word) is None:
            after = replace(after, options=(*after.options, _option(after, " ".join(word.split()))))
    if len(after.options) > MOST_OPTIONS and after is not field:
        raise Conflict(f"A choice can have at most {MOST_OPTIONS} options, retired ones included.")
    return after


def foreseen(field: CustomField, options: Iterable[Mapping[str, str]]) -> CustomField:
    """Return a choice as it is once it has some options more, by their values and labels."""
    more = (Option(each["value"], {_language(field): each["label"]}) for each in options)
    return replace(field, options=(*field.options, *more))


def _option(field: CustomField, label: str) -> Option:
    """The value is the word in plain letters; where these are none or taken, something tells it from others."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    value = re.sub("[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_VALUE]
    if not value or value in field.values:
        value = f"{value or 'option'}_{re.sub('[^a-z0-9]', '', digest(key(label)).lower())[:8]}"
    return Option(value, {_language(field): label})


def _language(field: CustomField) -> str:
    return "en" if "en" in field.labels else next(iter(field.labels))
