"""What the leads table's stream tells: a lead was made, changed, deleted."""

from collections.abc import Iterator, Mapping
from typing import Any

BOOKKEEPING = frozenset({"version", "updated_at", "listed", "stage_shard", "inherited", "identities", "merged"})


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield lead.created, lead.changed or lead.deleted for each contact concerned: the parent, and the one before."""
    old, new = record.old or {}, record.new or {}
    if "lead" not in {old.get("kind"), new.get("kind")}:
        return
    changed = [name for name in record.changed if name not in BOOKKEEPING]
    for contact_id in dict.fromkeys([new.get("contact_id"), old.get("contact_id")]):
        if contact_id is not None or not _parents(old, new):
            yield _fact(old, new, contact_id, changed)


def _parents(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    return {image["contact_id"] for image in (old, new) if image.get("contact_id")}


def _fact(old: Mapping[str, Any], new: Mapping[str, Any], contact_id: str | None, changed: list[str]) -> dict[str, Any]:
    fact = {"fact": _name(old, new), "id": (new or old)["lead_id"]}
    if contact_id is not None:
        fact["contact"] = contact_id
    return fact if fact["fact"] != "lead.changed" else {**fact, "changed": changed}


def _name(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if not old:
        return "lead.created"
    return "lead.changed" if new else "lead.deleted"
