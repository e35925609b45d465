"""Use cases: make custom fields, change and retire them; and what every writer of records asks of them.

What is accepted may go by what was so a few seconds ago; what is refused is refused by what is so now.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from types import MappingProxyType
from typing import Any

from msgspec import convert, to_builtins

from chalicelib.conditions.catalogue import Field
from chalicelib.contacts.custom import adding, values
from chalicelib.contacts.custom.definition import MOST, CustomField, described, require_kept, require_sound
from chalicelib.contacts.custom.models import FIELDS, FieldRow
from chalicelib.contacts.custom.naming import reference
from chalicelib.contacts.custom.record import custom, is_custom, key_of
from chalicelib.contacts.models import ContactsItem
from chalicelib.definitions import named
from chalicelib.dynamodb import ConditionFailed, Write, commit, put_changed, put_new, tries
from chalicelib.errors import Conflict, DomainError, Invalid, NotFound, Problem, Stale, Unavailable, Unprocessable
from chalicelib.settings import settings

Known = Mapping[str, Mapping[str, CustomField]]
"""Fields by record type and key."""

NAMED = "What is live names this field. Stop or change that first."

_cache: list[tuple[float, Known]] = []
_foreseen: ContextVar[Mapping[tuple[str, str], CustomField]] = ContextVar(
    "foreseen_fields", default=MappingProxyType({})
)


# The fields ----------------------------------------------------------------------------------------------------------


def create(made: CustomField, request_id: str, by: str, now: datetime) -> FieldRow:
    """Make a field. The same request again returns what it made the first time.

    Raises Conflict for a key that the record type has or had already, or for a hundred and first field; Invalid.
    """
    require_sound(made)
    known = rows()
    earlier = next((row for row in known if row.said.id == made.id), None)
    if earlier is not None and earlier.made_by_request == request_id:
        return earlier
    if earlier is not None:
        raise Conflict("There is a field of this key already, or was. Keys are never used again.")
    if sum(row.record_type == made.record_type for row in known) >= MOST:
        raise Conflict(f"A {made.record_type} can have at most {MOST} custom fields, retired ones included.")
    row = FieldRow(
        *FieldRow.at(made.id),
        record_type=made.record_type,
        key_name=made.key,
        type=made.type,
        made_by_request=request_id,
        created_by=by,
        created_at=now,
        updated_at=now,
        **described(made),
    )
    _settled([put_new(row), named.nameable(reference(made), now)])
    return row


def rows() -> list[FieldRow]:
    """Return every custom field, retired ones too, by record type and key, read consistently."""
    return [row for row in ContactsItem.query(FIELDS, consistent_read=True) if isinstance(row, FieldRow)]


def find(field_id: str) -> FieldRow:
    """Return a custom field. Raises NotFound."""
    row = FieldRow.find(*FieldRow.at(field_id))
    if row is None:
        raise NotFound("There is no custom field of this id.")
    return row


def amend(field_id: str, changes: Mapping[str, Any], version: int, now: datetime) -> FieldRow:
    """Change what may change of a field; retiring it, or taking it into use again, is one of the changes.

    Raises NotFound, Stale, Invalid; Conflict where an option is to go, and naming what is live and names the field
    that is to be retired.
    """
    row = find(field_id)
    if row.version != version:
        raise Stale("The field has changed since you read it. Read it again and repeat the change.")
    before = row.said
    after = convert({**to_builtins(before), **changes}, CustomField)
    require_sound(after)
    require_kept(before, after)
    for name, value in described(after).items():
        setattr(row, name, value)
    row.updated_at = now
    _settled([put_changed(row), *_moved(before, after, now)])
    return row


def add_options(field_id: str, words: Sequence[str], now: datetime) -> CustomField:
    """Let a choice have an option for each word that none is called by, and return it; again it changes nothing.

    Raises NotFound, Conflict for too many options, Unavailable where others keep changing the field.
    """
    for _ in tries():
        row = find(field_id)
        before = row.said
        after = adding.with_options(before, words)
        if after is before:
            return before
        try:
            return amend(field_id, {"options": to_builtins(after.options)}, row.version, now).said
        except Stale:
            continue
    raise Unavailable("Others keep changing the field whose options are to be added.")


def _moved(before: CustomField, after: CustomField, now: datetime) -> list[Write]:
    if before.retired == after.retired:
        return []
    return named.let_go(reference(after), NAMED) if after.retired else [named.nameable(reference(after), now)]


def _settled(writes: list[Write]) -> None:
    try:
        commit(writes)
    except ConditionFailed as failed:
        raise Stale("Somebody else makes or names this field at this moment. Read it again.") from failed
    _cache.clear()


# What writers and readers of records ask -----------------------------------------------------------------------------


def remembered() -> Known:
    """Return every field, retired ones too, at most settings.live_cache_seconds old."""
    asked, known = _cache[0] if _cache else (float("-inf"), {})
    return known if time.monotonic() - asked < float(settings.live_cache_seconds) else anew()


def anew() -> Known:
    """Return every field as it is now."""
    known: dict[str, dict[str, CustomField]] = {}
    for row in rows():
        known.setdefault(row.record_type, {})[row.key_name] = row.said
    _cache[:] = [(time.monotonic(), known)]
    return known


def in_use(record_type: str) -> dict[str, CustomField]:
    """Return the fields of a record type that can be filled, by field name, as they are now."""
    return {custom(key): each for key, each in anew().get(record_type, {}).items() if not each.retired}


@contextmanager
def foreseen(record_type: str, fields: Mapping[str, CustomField]) -> Iterator[None]:
    """Take values as if fields were as they are going to be, by their names; nothing may be written meanwhile."""
    token = _foreseen.set({(record_type, name): field for name, field in fields.items()})
    try:
        yield
    finally:
        _foreseen.reset(token)


def asked_as() -> dict[str, dict[str, Field]]:
    """Return what conditions may ask, by entity and field name, as it is now; retired fields can still be asked for."""
    return {entity: {custom(key): each.asked_as for key, each in own.items()} for entity, own in anew().items()}


def names() -> dict[str, frozenset[str]]:
    """Return the names of all fields by record type, as they are now; retired ones are refused as such."""
    return {record_type: frozenset(custom(key) for key in own) for record_type, own in anew().items()}


def cleaned(record_type: str, name: str, raw: Any) -> Any:
    """Return the value of a custom field as it is stored, None for a blank one.

    Raises Invalid for a field that there is not, for a value that is none and for emptying what is required;
    Unprocessable for what is not offered any more.
    """
    try:
        return _cleaned(remembered(), record_type, name, raw)
    except DomainError:
        return _cleaned(anew(), record_type, name, raw)


def _cleaned(known: Known, record_type: str, name: str, raw: Any) -> Any:
    field = _foreseen.get().get((record_type, name)) or known.get(record_type, {}).get(key_of(name))
    if field is None:
        raise Invalid("There is no such field.", [Problem(name, f"A {record_type} has no field of this name.")])
    value = values.read(field, raw)
    if value is None and field.required and not field.retired:
        raise Invalid("A required field cannot be empty.", [Problem(name, f"{field.label}: this field is required.")])
    return value


def lacking(record_type: str, value_of: Callable[[str], Any]) -> list[Problem]:
    """Return a problem for each field that a record of the type must have and that has no value."""
    fields = remembered().get(record_type, {}).values()
    return [
        Problem(custom(each.key), f"{each.label}: this field is required.")
        for each in fields
        if each.required and not each.retired and value_of(custom(each.key)) is None
    ]


def lacking_names(record_type: str, record: Any) -> list[str]:
    """Return the required fields that a record has no value of; of one that was merged away nothing is asked any more.

    What a machine brings is taken without them, and shown to people who can fill them in (decision 190).
    """
    return (
        [] if record.merged_into else [each.field for each in lacking(record_type, lambda name: getattr(record, name))]
    )


def require_filled(record_type: str, before: Any, after: Mapping[str, Any]) -> None:
    """Raise Invalid where values that a record takes from another one would empty what it must have."""
    emptied = [name for name, value in after.items() if value is None and getattr(before, name) is not None]
    own = in_use(record_type) if any(map(is_custom, emptied)) else {}
    wrong = [
        Problem(f"choices.{name}", f"{own[name].label} is required, and the other {record_type} has none.")
        for name in emptied
        if name in own and own[name].required
    ]
    if wrong:
        raise Invalid(f"A {record_type} keeps what it must have. Choose “this” for these fields.", wrong)


def require(record_type: str, record: Any) -> None:
    """Raise Unprocessable with every required custom field that a record has not, before it is made."""
    if found := lacking(record_type, lambda name: getattr(record, name)):
        raise Unprocessable(f"The {record_type} cannot be made without what its required fields hold.", found)
