"""Where facts come from: domains register what they know of a contact, and whoever asks conditions gathers it here.

The registry is filled once, by chalicelib.wiring, before any condition is compiled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.conditions.catalogue import Catalogue, Fields
from chalicelib.conditions.facts import Interaction, KnownFacts, Record


class Identity(Struct, frozen=True):
    """Somebody as conditions see it: the contact's record, and every contact that was merged into it (decision 46)."""

    ids: tuple[str, ...]
    """At most 10; the one that counts comes first."""
    contact: Any = None
    """Its record; None where there is none."""

    @property
    def id(self) -> str:
        return self.ids[0]


RecordReader = Callable[[Identity], Sequence[Record]]
"""Who → the records of one entity that belong to it, read consistently."""

InteractionReader = Callable[[str, str, datetime | None], Iterable[Interaction]]
"""contact id, type, since (None: from the beginning) → interactions, read consistently."""


class Sources(Struct):
    """What is known, and how it is read."""

    catalogue: Catalogue
    readers: dict[str, RecordReader]
    read_interactions: InteractionReader
    identify: Callable[[str], Identity]


_registered = Sources(Catalogue(), {}, lambda *_: (), lambda contact_id: Identity((contact_id,)))


def register(entity: str, fields: Fields, read: RecordReader) -> None:
    """Let conditions ask about the fields of an entity."""
    _registered.catalogue = _registered.catalogue.merged(Catalogue({entity: fields}))
    _registered.readers[entity] = read


def register_interactions(types: Iterable[str], read: InteractionReader) -> None:
    """Let conditions ask about what a contact did."""
    _registered.catalogue = _registered.catalogue.merged(Catalogue.of_interactions(types))
    _registered.read_interactions = read


def register_identities(identify: Callable[[str], Identity]) -> None:
    """Let it be known which contacts are one."""
    _registered.identify = identify


def identify(contact_id: str) -> Identity:
    """Return who a contact is, whichever of its identities is named; for domains that lie below contacts."""
    return _registered.identify(contact_id)


def catalogue() -> Catalogue:
    """Return every field that conditions may name."""
    return _registered.catalogue


def is_contact(contact_id: str) -> bool:
    """Return whether there is such a contact; for domains that lie below contacts."""
    return bool(_registered.readers["contact"](identify(contact_id)))


def gather(
    who: str | Identity, entities: Iterable[str], windows: Mapping[str, timedelta | None], now: datetime
) -> KnownFacts:
    """Read the named entities of a contact, and its interactions as far back as `windows` says (None: all).

    Whoever has read the contact already says who it is; else it is read here, once for all entities.
    """
    who = identify(who) if isinstance(who, str) else who
    records = {entity: _registered.readers[entity](who) for entity in entities}
    interactions = [
        interaction
        for type_, length in windows.items()
        for each in who.ids
        for interaction in _registered.read_interactions(each, type_, None if length is None else now - length)
    ]
    return KnownFacts.of(records, interactions)
