"""Where facts come from: domains register what they know of a contact, and whoever asks conditions gathers it here.

The registry is filled once, by chalicelib.wiring, before any condition is compiled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.conditions.catalogue import Catalogue, Fields
from chalicelib.conditions.facts import Interaction, KnownFacts, Record

RecordReader = Callable[[str], Sequence[Record]]
"""contact id → the records of one entity that belong to the contact, read consistently."""

InteractionReader = Callable[[str, str, datetime | None], Iterable[Interaction]]
"""contact id, type, since (None: from the beginning) → interactions, read consistently."""


class Sources(Struct):
    """What is known, and how it is read."""

    catalogue: Catalogue
    readers: dict[str, RecordReader]
    read_interactions: InteractionReader


_registered = Sources(Catalogue(), {}, lambda *_: ())


def register(entity: str, fields: Fields, read: RecordReader) -> None:
    """Let conditions ask about the fields of an entity."""
    _registered.catalogue = _registered.catalogue.merged(Catalogue({entity: fields}))
    _registered.readers[entity] = read


def register_interactions(types: Iterable[str], read: InteractionReader) -> None:
    """Let conditions ask about what a contact did."""
    _registered.catalogue = _registered.catalogue.merged(Catalogue.of_interactions(types))
    _registered.read_interactions = read


def catalogue() -> Catalogue:
    """Return every field that conditions may name."""
    return _registered.catalogue


def is_contact(contact_id: str) -> bool:
    """Return whether there is such a contact; for domains that lie below contacts."""
    return bool(_registered.readers["contact"](contact_id))


def gather(
    contact_id: str, entities: Iterable[str], windows: Mapping[str, timedelta | None], now: datetime
) -> KnownFacts:
    """Read the named entities of a contact, and its interactions as far back as `windows` says (None: all)."""
    records = {entity: _registered.readers[entity](contact_id) for entity in entities}
    interactions = [
        interaction
        for type_, length in windows.items()
        for interaction in _registered.read_interactions(contact_id, type_, None if length is None else now - length)
    ]
    return KnownFacts.of(records, interactions)
