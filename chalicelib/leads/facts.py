"""What the leads table's stream tells: a lead was made, changed, deleted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

QUEUED = ("queue_shard", "queue_owner", "queued_at", "orphan_shard")
OF_LIKENESS = ("likeness", "phone_tail")
OF_MERGES = ("inherited", "identities", "merged")
BOOKKEEPING = frozenset(
    {"version", "updated_at", "listed", "stage_shard", "entry", "due", "due_shard", *QUEUED, *OF_LIKENESS, *OF_MERGES}
)


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield lead.created, lead.changed or lead.deleted for each contact concerned: the parent, and the one before.

    The first of them names the accounts of which it is or was an account-based lead. And lead.entered, once, where it
    entered a stage that has actions.
    """
    old, new = record.old or {}, record.new or {}
    if "opportunity" in {old.get("kind"), new.get("kind")}:
        yield from _of_opportunity(old, new, record.changed)
    if "lead" not in {old.get("kind"), new.get("kind")}:
        return
    yield from _entered(old, new)
    changed = [name for name in record.changed if name not in BOOKKEEPING]
    accounts = _accounts(old, new)
    for contact_id in dict.fromkeys([new.get("contact_id"), old.get("contact_id")]):
        if contact_id is not None or not _parents(old, new):
            fact = _fact(old, new, contact_id, changed)
            yield {**fact, "accounts": accounts} if accounts else fact
            accounts = []


def _of_opportunity(old: Mapping[str, Any], new: Mapping[str, Any], changed: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield opportunity.created, changed or deleted as a contact sees it: one that it gives away is gone for it.

    The first of them names the accounts whose it is or was; one without a contact is told for their sake alone.
    """
    accounts = sorted({image["account_id"] for image in (old, new) if image.get("account_id")})
    for contact_id in dict.fromkeys([old.get("contact_id"), new.get("contact_id")]):
        if contact_id is None and (_parents(old, new) or not accounts):
            continue
        was, still = (image if image and image.get("contact_id") == contact_id else {} for image in (old, new))
        fact = {"fact": _name("opportunity", was, still), "id": (new or old)["opportunity_id"]}
        fact |= {"contact": contact_id} if contact_id is not None else {}
        fact |= {"changed": sorted(set(changed) - BOOKKEEPING)} if was and still else {}
        yield {**fact, "accounts": accounts} if accounts else fact
        accounts = []


def _entered(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield lead.entered where a lead entered a stage that has actions: the process names no entry into another."""
    if new.get("entry") is not None and new["entry"] != old.get("entry"):
        yield entered(new)


def entered(lead: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of a lead's last entry into a stage that has actions; the same however often it is told."""
    where = {"stage": lead["stage"], "process": lead["process_id"], "version": int(lead["process_version"])}
    since = {"since": lead["stage_since"]}
    return {"fact": "lead.entered", "id": lead["lead_id"], "entry": lead["entry"], **where, **since}


def _parents(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    return {image["contact_id"] for image in (old, new) if image.get("contact_id")}


def _accounts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the parent accounts that the lead has, or had, without a parent contact (LEAD-3)."""
    images = [image for image in (old, new) if image.get("account_id") and not image.get("contact_id")]
    return sorted({image["account_id"] for image in images})


def _fact(old: Mapping[str, Any], new: Mapping[str, Any], contact_id: str | None, changed: list[str]) -> dict[str, Any]:
    fact = {"fact": _name("lead", old, new), "id": (new or old)["lead_id"]}
    if contact_id is not None:
        fact["contact"] = contact_id
    return fact if fact["fact"] != "lead.changed" else {**fact, "changed": changed}


def _name(entity: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if not old:
        return f"{entity}.created"
    return f"{entity}.changed" if new else f"{entity}.deleted"
