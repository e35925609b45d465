"""Where facts come from: domains register what they know of a contact, and whoever asks conditions gathers it here.

The registry is filled once, by chalicelib.wiring, before any condition is compiled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.conditions.catalogue import Catalogue, Fields, Relation
from chalicelib.conditions.facts import Interaction, KnownFacts, Record
from chalicelib.conditions.paths import ACCOUNT, CONTACT, LEAD


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

RelatedReader = Callable[[str], Sequence[Record]]
"""id of the record that a relation begins at → the records there, read consistently."""

ManyReader = Callable[[Sequence[str]], Mapping[str, Record]]
"""ids → the records of those that exist, read consistently."""

InteractionReader = Callable[[str, str, datetime | None], Iterable[Interaction]]
"""contact id, type, since (None: from the beginning) → interactions, read consistently."""


class Sources(Struct):
    """What is known, and how it is read."""

    catalogue: Catalogue
    readers: dict[str, RecordReader]
    by_id: dict[str, ManyReader]
    keys: dict[str, str]
    followed: dict[tuple[str, str], RelatedReader]
    read_interactions: InteractionReader
    identify: Callable[[str], Identity]
    custom: Callable[[], Mapping[str, Fields]] = dict


_registered = Sources(Catalogue(), {}, {}, {}, {}, lambda *_: (), lambda contact_id: Identity((contact_id,)))


def register(
    entity: str,
    fields: Fields,
    read: RecordReader,
    *,
    key: str = "id",
    by_id: ManyReader | None = None,
    reached_by: Mapping[str, str | RelatedReader] | None = None,
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
    own: dict[str, str | RelatedReader] = {}
    if entity not in {LEAD, CONTACT, ACCOUNT}:
        own[f"{CONTACT}.{entity}"] = lambda contact_id: read(identify(contact_id))
    for place, way in {**own, **(reached_by or {})}.items():
        _relate(place, entity, way)


def _relate(place: str, entity: str, way: str | RelatedReader) -> None:
    whence, _, name = place.partition(".")
    relation = Relation(entity, way if isinstance(way, str) else "")
    _registered.catalogue = _registered.catalogue.merged(Catalogue(relations={whence: {name: relation}}))
    if not isinstance(way, str):
        _registered.followed[whence, name] = way


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


def register_custom(read: Callable[[], Mapping[str, Fields]]) -> None:
    """Let it be known which custom fields there are, by entity, as they are now."""
    _registered.custom = read


def catalogue() -> Catalogue:
    """Return what conditions are compiled by that were checked before: it costs no request.

    A condition says itself of which type its custom fields are; that was true when it was published, and stays so.
    """
    return _registered.catalogue


def current_catalogue() -> Catalogue:
    """Return every field that conditions may name, custom ones too: what they are checked by."""
    return _registered.catalogue.with_custom(_registered.custom())


def key_of(entity: str) -> str:
    """Return the field in which records of an entity hold their id."""
    return _registered.keys[entity]


def of_ids(entity: str, ids: Sequence[str]) -> Mapping[str, Record]:
    """Read the records of those ids that exist; two ids may be those of one record."""
    return _registered.by_id[entity](ids)


def follow(entity: str, relation: str, record_id: str) -> Sequence[Record]:
    """Read where a relation to any number of records leads from one record."""
    return _registered.followed[entity, relation](record_id)


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
    return KnownFacts.of(records, done(who, windows, now))


def done(who: Identity, windows: Mapping[str, timedelta | None], now: datetime) -> list[Interaction]:
    """Read what somebody did of each type, as far back as `windows` says (None: all)."""
    return [
        interaction
        for type_, length in windows.items()
        for each in who.ids
        for interaction in _registered.read_interactions(each, type_, None if length is None else now - length)
    ]
