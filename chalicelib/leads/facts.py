"""What the leads table's stream tells: a lead was made, changed, deleted."""

from collections.abc import Iterator, Mapping
from typing import Any

BOOKKEEPING = frozenset({"version", "updated_at", "listed", "stage_shard"})


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield lead.created, lead.changed or lead.deleted for each contact concerned: the parent, and the one before.

    The first of them names the accounts of which it is or was an account-based lead.
    """
    old, new = record.old or {}, record.new or {}
    if "lead" not in {old.get("kind"), new.get("kind")}:
        return
    changed = [name for name in record.changed if name not in BOOKKEEPING]
    accounts = _accounts(old, new)
    for contact_id in dict.fromkeys([new.get("contact_id"), old.get("contact_id")]):
        if contact_id is not None or not _parents(old, new):
            fact = _fact(old, new, contact_id, changed)
            yield {**fact, "accounts": accounts} if accounts else fact
            accounts = []


def _parents(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    return {image["contact_id"] for image in (old, new) if image.get("contact_id")}


def _accounts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the parent accounts that the lead has, or had, without a parent contact (LEAD-3)."""
    images = [image for image in (old, new) if image.get("account_id") and not image.get("contact_id")]
    return sorted({image["account_id"] for image in images})


def _fact(old: Mapping[str, Any], new: Mapping[str, Any], contact_id: str | None, changed: list[str]) -> dict[str, Any]:
    fact = {"fact": _name(old, new), "id": (new or old)["lead_id"]}
    if contact_id is not None:
        fact["contact"] = contact_id
    return fact if fact["fact"] != "lead.changed" else {**fact, "changed": changed}


def _name(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if not old:
        return "lead.created"
    return "lead.changed" if new else "lead.deleted"
