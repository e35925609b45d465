"""What each table holds of a person, how it is found, and how it goes: every domain declares its own.

Whoever wants all that is known of somebody, to show it or to erase it, follows these declarations and knows no domain.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from chalicelib.dynamodb import Item, Key


class Noun(StrEnum):
    """What other rows belong to: whoever finds one of these finds them by its id."""

    CONTACT = "contact"
    LEAD = "lead"
    VISITOR = "visitor"
    SUBMISSION = "submission"
    ADDRESS = "address"  # an email address or a number, by its keyed hash


class Person(Struct, frozen=True, dict=True):
    """Somebody as a request knows them: contacts that are this person, match keys of addresses, numbers as E.164.

    `leads` are those of its leads that were found before, `forgotten_at` is since when it is being erased.
    """

    contacts: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    leads: frozenset[str] = frozenset()
    forgotten_at: datetime | None = None

    def anew(self, at: datetime | None) -> bool:
        """Return whether what the person did at an instant is a new start after it asked to be forgotten: it stays."""
        return self.forgotten_at is not None and at is not None and at > self.forgotten_at

    @cached_property
    def _address(self) -> re.Pattern[str] | None:
        some = "|".join(re.escape(each) for spelled in sorted(self.addresses) for each in _spellings(spelled))
        return re.compile(rf"(?<![\w.+-])(?:{some})(?![\w-]|\.\w)") if some else None

    @cached_property
    def _digits(self) -> frozenset[str]:
        return frozenset(each.lstrip("+") for each in self.phones)

    def mentioned(self, value: Any) -> bool:
        """Return whether a text, or a structure of texts, names the person: by an address, else by a number.

        A number may be a whole company's, so where an address stands beside it the address decides.
        """
        texts = list(texts_of(value))
        if self._address is not None and any(self._address.search(each.casefold()) for each in texts):
            return True
        return not any("@" in each for each in texts) and any(self._numbered(each) for each in texts)

    def in_file(self, text: str) -> bool:
        """Return whether a piece of a file names the person or one of its records."""
        folded = text.casefold()
        if any(each.casefold() in folded for each in self.contacts | self.leads):
            return True
        if self._address is not None:
            return bool(self._address.search(folded))
        return any(re.search(r"\D{0,2}".join(each), folded) for each in self._digits)

    def _numbered(self, text: str) -> bool:
        return re.sub(r"\D", "", text).removeprefix("00") in self._digits


def _spellings(address: str) -> list[str]:
    """Return an address as it is compared and as people write it, where its domain is no ASCII."""
    local, _, domain = address.rpartition("@")
    try:
        written = domain.encode("ascii").decode("idna")
    except UnicodeError:
        return [address]
    return list(dict.fromkeys((address, f"{local}@{written}")))


def texts_of(value: Any) -> Iterable[str]:
    """Yield every text of a value, however deep it lies."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from texts_of(each)


Whose = Callable[[Person, Any], bool]
Erase = Callable[[Person, Any, datetime], bool]
"""person, row, now → whether it is gone; False: somebody is at work on it, the next pass finds it again."""


class Held(Struct, frozen=True):
    """A kind of row that may be a person's and that no key leads to: the whole table is looked through for it.

    `noun` and `identity` say what else is found by it. Without `erase` the row is deleted. What is not the person's
    `own` but names it is somebody else's: the name goes, and nobody is shown the row.
    """

    kind: type[Item]
    whose: Whose
    noun: Noun | None = None
    identity: Callable[[Any], str] = lambda row: str(row.pk.partition("#")[2])
    erase: Erase | None = None
    own: bool = True
    shown: bool = True


class Reached(Struct, frozen=True):
    """A kind of row that is found by a contact, a lead, a visitor or a submission, and goes with it.

    With `erase` it goes as that says; what `anew` says is a new start of the person and stays as it is.
    """

    kind: type[Item]
    erase: Erase | None = None
    shown: bool = True
    anew: Whose | None = None


class Nobody(Struct, frozen=True):
    """A kind of row that holds nothing of a person, or what has to stay of one, and why."""

    kind: type[Item]
    why: str


class Stays(Nobody, frozen=True):
    """A kind of row of a person that stays after an erasure, and why: none of its rows says who that was."""


class Holding(Struct, frozen=True):
    """A table: the partitions that belong to a noun, what indexes find of one, and what each kind of row holds."""

    table: type[Item]
    kinds: tuple[Held | Reached | Nobody, ...]
    partitions: Mapping[Noun, str] = field(default_factory=dict)
    found: Mapping[Noun, Callable[[str], Iterable[Key]]] = field(default_factory=dict)

    @property
    def looked_through(self) -> bool:
        return any(isinstance(each, Held) for each in self.kinds)

    def of(self, row: Any) -> Held | Reached | Nobody | None:
        return next((each for each in self.kinds if each.kind is type(row)), None)
