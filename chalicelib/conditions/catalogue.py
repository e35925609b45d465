"""The field catalogue: which fields there are to ask about, and of which type. Domains bring their parts of it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Self, TypeVar

from msgspec import Struct, field


class FieldType(StrEnum):
    TEXT = "text"
    ID = "id"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DATE = "date"
    CHOICE = "choice"
    TEXTS = "texts"


JSON_TYPES = frozenset({FieldType.TEXT, FieldType.NUMBER, FieldType.INTEGER, FieldType.BOOLEAN, FieldType.TEXTS})
"""The types that an undeclared property can have: those that JSON can tell apart (decision 4)."""


class Field(Struct, frozen=True):
    """One field that may be asked about; a choice has options."""

    type: FieldType
    options: tuple[str, ...] = ()


Fields = Mapping[str, Field]

INTERACTION_FIELDS: Fields = {
    name: Field(FieldType.ID)
    for name in (
        "email_id",
        "form_id",
        "page_id",
        "journey_id",
        "tile",
        "link",
        "list_id",
        "event_id",
        "segment_id",
        "send_id",
        "website_id",
        "redirect_id",
    )
} | {
    name: Field(FieldType.TEXT)
    for name in (
        *("url", "country", "city", "browser", "operating_system", "device"),
        *("source", "medium", "campaign", "term", "content", "referrer"),
    )
}
"""What an interaction of any type may carry (5.2)."""


class Relation(Struct, frozen=True):
    """How a record leads to records of another entity: to one, by the field that holds its id, or to any number."""

    to: str
    by: str = ""


Relations = Mapping[str, Mapping[str, Relation]]
"""By entity and name."""


class Catalogue(Struct, frozen=True):
    """The fields of every entity and of every interaction type, and how entities lead to one another.

    A value: put together once, passed as an argument.
    """

    entities: Mapping[str, Fields] = field(default_factory=dict)
    interactions: Mapping[str, Fields] = field(default_factory=dict)
    relations: Relations = field(default_factory=dict)
    customised: bool = False
    """Whether it has the custom fields too; else a condition is believed which type its custom field has."""

    @classmethod
    def of_interactions(cls, types: Iterable[str], more: Fields | None = None) -> Self:
        """Return the part that offers these interaction types, each with the common fields and `more`."""
        offered = {**INTERACTION_FIELDS, **(more or {})}
        return cls(interactions={str(type_): offered for type_ in types})

    def merged(self, *others: "Catalogue") -> "Catalogue":
        """Return this catalogue with the others in it. Raise ValueError where two declare one field differently."""
        whole = self
        for other in others:
            whole = Catalogue(
                _merged(whole.entities, other.entities),
                _merged(whole.interactions, other.interactions),
                _merged(whole.relations, other.relations),
            )
        return whole

    def with_custom(self, own: Mapping[str, Fields]) -> "Catalogue":
        """Return this catalogue with the custom fields of entities in it."""
        whole = _merged(self.entities, own)
        return Catalogue(whole, self.interactions, self.relations, customised=True)


Part = TypeVar("Part")


def _merged(
    ours: Mapping[str, Mapping[str, Part]], theirs: Mapping[str, Mapping[str, Part]]
) -> dict[str, Mapping[str, Part]]:
    merged = dict(ours)
    for name, parts in theirs.items():
        known = merged.get(name, {})
        if clash := sorted(key for key in known.keys() & parts.keys() if known[key] != parts[key]):
            raise ValueError(f"{name} has {clash} declared twice, differently.")
        merged[name] = {**known, **parts}
    return merged
