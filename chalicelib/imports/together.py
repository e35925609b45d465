"""Reading together what the rows of a batch will ask for one by one: whose their keys are, and these records."""

from collections.abc import Iterator, Mapping, Sequence, Set

from msgspec import Struct

from chalicelib.consent.models import preferences_key
from chalicelib.contacts import claims, tombstones
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.dynamodb import Key, Look, Notes, read
from chalicelib.errors import DomainError
from chalicelib.imports import joining, lookups
from chalicelib.imports.asked import Asked, Told
from chalicelib.imports.lookups import Found


class Together(Struct, frozen=True):
    """What was read for a batch: what its rows say or why they cannot be read, by their numbers; what is stored."""

    look: Look
    rows: Mapping[int, Told | DomainError]
    found: Found

    def told(self, number: int) -> Told:
        """Return what a row says. Raises what it fails for."""
        told = self.rows[number]
        if isinstance(told, DomainError):
            raise told
        return told.resolved(self.found)


def apart(number: int, told: Told | DomainError) -> Together:
    """Look at one row for itself, by what is stored now."""
    wanted = told.lookups if isinstance(told, Told) else ()
    return Together(read, {number: told}, lookups.found(wanted, read))


def together(asked: Asked, told: Mapping[int, Told | DomainError]) -> Together:
    """Look up what those rows of a batch ask for that can be read."""
    notes, kind = Notes(), asked.kind
    readable = [each for each in told.values() if isinstance(each, Told)]
    named = [each.of_record.record_id for each in readable if each.of_record.record_id is not None]
    wanted = [one for each in readable for one in each.lookups]
    notes.expect([*kind.besides(), *map(kind.key, named), *lookups.keys(wanted)])
    if kind.book is None:
        notes.look([])
        return Together(notes.look, told, lookups.found(wanted, notes.look))
    notes.expect(key for each in readable for key in tombstones.keys(each.of_record.values))
    sought = [place for each in readable for place in each.of_record.places.values()]
    claims.ahead({kind.book: sought}, notes.look)
    if asked.record_type is RecordType.CONTACT:
        owned = [each.record_id for each in kind.book.owners(sought, notes.look).values()]
        notes.look(_of_contacts(asked, readable, {*named, *owned}))
    return Together(notes.look, told, lookups.found(wanted, notes.look))


def _of_contacts(asked: Asked, readable: Sequence[Told], known: Set[str]) -> Iterator[Key]:
    """Yield where it is told what contacts that are known allow and are on, as far as the rows are about that."""
    if any(asked.allowed(each) for each in readable):
        yield from map(preferences_key, known)
    yield from joining.keys(asked.options.joins, known)
