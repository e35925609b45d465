"""What the registrations table's stream tells: somebody's registration was made, changed, deleted."""

from collections.abc import Iterator
from typing import Any

BOOKKEEPING = frozenset({"version", "event_shard"})
DERIVED = {"checked_in_at": "checked_in"}
"""What conditions may ask that follows from what is stored."""


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield registration.created, changed or deleted; who got no seat is nobody's registration."""
    old, new = record.old or {}, record.new or {}
    row = new or old
    if row.get("kind") != "registration" or row.get("contact_id") is None:
        return
    fact = {"id": row["registration_id"], "contact": row["contact_id"]}
    if not old or not new:
        yield {"fact": f"registration.{'created' if new else 'deleted'}", **fact}
        return
    changed = set(record.changed) - BOOKKEEPING
    changed |= {DERIVED[name] for name in changed & DERIVED.keys()}
    yield {"fact": "registration.changed", **fact, "changed": sorted(changed)}
