"""Where facts come from: domains register what they know of a contact, and whoever asks conditions gathers it here.

The registry is filled once, by chalicelib.wiring, before any condition is compiled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.conditions.catalogue import Catalogue, Fields, Relation
from chalicelib.conditions.facts import Interaction, KnownFacts, Record
from chalicelib.conditions.paths import ACCOUNT, CONTACT, LEAD

RecordReader = Callable[[str], Sequence[Record]]
"""id of a contact, or of the record that a relation begins at → the records there, read consistently."""

ManyReader = Callable[[Sequence[str]], Iterable[Record]]
"""ids → those of the records that exist, read consistently."""

InteractionReader = Callable[[str, str, datetime | None], Iterable[Interaction]]
"""contact id, type, since (None: from the beginning) → interactions, read consistently."""


class Sources(Struct):
    """What is known, and how it is read."""

    catalogue: Catalogue
    readers: dict[str, RecordReader]
    by_id: dict[str, ManyReader]
    keys: dict[str, str]
    followed: dict[tuple[str, str], RecordReader]
    read_interactions: InteractionReader


_registered = Sources(Catalogue(), {}, {}, {}, {}, lambda *_: ())


def register(
    entity: str,
    fields: Fields,
    read: RecordReader,
    *,
    key: str = "id",
    by_id: ManyReader | None = None,
    reached_by: Mapping[str, str | RecordReader] | None = None,
) -> None:
    """Let conditions ask about the fields of an entity, and let paths lead to it.

    `read` gives the records of a contact. `reached_by` says from where relations lead here, as `lead.account`, and how:
    by the field that holds the id, for which there is `by_id`, or by a reader that gets the id of the record where the
    relation begins. What a contact has leads to it by the entity's name where nothing else is said.
    """
    _registered.catalogue = _registered.catalogue.merged(Catalogue({entity: fields}))
    _registered.readers[entity], _registered.keys[entity] = read, key
    if by_id is not None:
        _registered.by_id[entity] = by_id
    own: dict[str, str | RecordReader] = {} if entity in {LEAD, CONTACT, ACCOUNT} else {f"{CONTACT}.{entity}": read}
    for place, way in {**own, **(reached_by or {})}.items():
        _relate(place, entity, way)


def _relate(place: str, entity: str, way: str | RecordReader) -> None:
    whence, _, name = place.partition(".")
    relation = Relation(entity, way if isinstance(way, str) else "")
    _registered.catalogue = _registered.catalogue.merged(Catalogue(relations={whence: {name: relation}}))
    if not isinstance(way, str):
        _registered.followed[whence, name] = way


def register_interactions(types: Iterable[str], read: InteractionReader) -> None:
    """Let conditions ask about what a contact did."""
    _registered.catalogue = _registered.catalogue.merged(Catalogue.of_interactions(types))
    _registered.read_interactions = read


def catalogue() -> Catalogue:
    """Return every field that conditions may name."""
    return _registered.catalogue


def key_of(entity: str) -> str:
    """Return the field in which records of an entity hold their id."""
    return _registered.keys[entity]


def of_ids(entity: str, ids: Sequence[str]) -> Sequence[Record]:
    """Read those of the records that exist."""
    return list(_registered.by_id[entity](ids))


def follow(entity: str, relation: str, record_id: str) -> Sequence[Record]:
    """Read where a relation to any number of records leads from one record."""
    return _registered.followed[entity, relation](record_id)


def is_contact(contact_id: str) -> bool:
    """Return whether there is such a contact; for domains that lie below contacts."""
    return bool(_registered.readers["contact"](contact_id))


def gather(
    contact_id: str, entities: Iterable[str], windows: Mapping[str, timedelta | None], now: datetime
) -> KnownFacts:
    """Read the named entities of a contact, and its interactions as far back as `windows` says (None: all)."""
    records = {entity: _registered.readers[entity](contact_id) for entity in entities}
    return KnownFacts.of(records, done(contact_id, windows, now))


def done(contact_id: str, windows: Mapping[str, timedelta | None], now: datetime) -> list[Interaction]:
    """Read what a contact did of each type, as far back as `windows` says (None: all)."""
    return [
        interaction
        for type_, length in windows.items()
        for interaction in _registered.read_interactions(contact_id, type_, None if length is None else now - length)
    ]
