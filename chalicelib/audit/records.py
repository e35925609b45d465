"""What of a changed record an audit tells: of whom or what, which fields; values only where they are nobody's; pure."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from chalicelib.dynamodb import Raw

LONGEST = 300  # letters of a value
MOST_FIELDS = 100  # of one change
QUIET = frozenset({
    *("pk", "sk", "kind", "version", "updated_at", "updated_by", "changed_at", "listed", "name_key", "likeness"),
    *("phone_tail", "claims", "inherited", "merged", "joins", "due", "due_shard", "due_key", "form_shard", "named"),
    *("open_shard", "stage_shard", "queue_shard", "queue_owner", "queued_at", "orphan_shard", "list_shard", "entry"),
    *("open_requests", "since", "secret_hash"),
})  # fmt: skip
"""Attributes that change along with others, and secrets."""


class Record(Struct, frozen=True):
    """A kind of item that people edit: what it is called, which record it is, whether its values may be told.

    `ids` are told where the other values may not: they say of whom and what a record is that nobody can look up.
    """

    noun: str | Callable[[Mapping[str, Any]], str]
    identity: Callable[[str, str], str]
    telling: bool = False
    ids: frozenset[str] = frozenset()

    def name(self, values: Mapping[str, Any], pk: str, sk: str) -> str:
        """Return the record's name, such as contact#<id>."""
        noun = self.noun if isinstance(self.noun, str) else self.noun(values)
        return f"{noun}#{self.identity(pk, sk)}"


class Change(Struct, frozen=True):
    """What became of a record: created, changed or deleted; which fields, and from what to what where that is told."""

    action: str
    fields: list[str]
    values: dict[str, list[Any]] | None


CREATED, CHANGED, DELETED = "created", "changed", "deleted"


def difference(
    before: Raw | None, after: Raw | None, *, telling: bool = False, ids: Collection[str] = ()
) -> Change | None:
    """Return what differs between two images of an item, None where nobody would call that a change."""
    action = CREATED if before is None else DELETED if after is None else CHANGED
    old, new = _told(before or {}), _told(after or {})
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if not changed and action is CHANGED:
        return None
    named = changed[:MOST_FIELDS]
    values = {name: [_short(old.get(name)), _short(new.get(name))] for name in named if telling or name in ids}
    return Change(action, named, values or None)


def _told(raw: Raw) -> dict[str, Any]:
    """Return an item's attributes by name; the parts of a document by their own names."""
    found: dict[str, Any] = {}
    for name, typed in raw.items():
        if name in QUIET:
            continue
        value = next(iter(typed.values()))
        inside = _document(value)
        if inside is None:
            found[name] = value
        else:
            found |= {f"{name}.{part}": each for part, each in inside.items()}
    return found


def _document(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, str) or not value.startswith("{"):
        return None
    try:
        read = json.loads(value)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
