"""What the contacts table's stream tells: a contact or an account was made, changed, merged or parted, deleted."""

from collections.abc import Iterator
from typing import Any

QUIET = {"version", "updated_at", "claims", "name_key", "listed", "member_since", "joins", "due", "due_shard"} | {
    "inherited",
    "likeness",
    "merged",
    "phone_tail",
}
"""Attributes whose change alone is nobody's business."""

MERGING = {"identities", "merged_into"}
"""Attributes that say which records are one."""


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield contact.created, .changed, .merged, .deleted and those of accounts, with the names of what changed.

    account.joined and account.left tell of an account's `member`: it is not the contact's own fact.
    """
    image = record.new or record.old
    if image.get("kind") == "membership":
        yield from _membership(record)
    if image.get("kind") not in {"contact", "account"}:
        return
    kind = image["kind"]
    identity = image["pk"].partition("#")[2]
    about = {"contact": identity} if kind == "contact" else {}
    if kind == "contact":
        yield from _aging(record, identity)
    if record.old is None:
        yield {"fact": f"{kind}.created", "id": identity, "changed": [], **about}
    elif record.new is None:
        yield {"fact": f"{kind}.deleted", "id": identity, **about}
    else:
        yield from _changes(kind, identity, set(record.changed), about)


AGING = {"birth_date", "country"}
"""What says from when somebody consents for themselves."""


def _aging(record: Any, identity: str) -> Iterator[dict[str, Any]]:
    """Tell that a contact that was born on a known day may be a child, or not as long as was thought."""
    known = record.new is not None and record.new.get("birth_date") is not None
    if known and (record.old is None or AGING & set(record.changed)):
        yield {"fact": "contact.age", "id": identity, "contact": identity}


def _changes(kind: str, identity: str, names: set[str], about: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What a merged record has lost with its lists is no change; who belongs to whom is a fact of its own."""
    if names & MERGING:
        yield {"fact": f"{kind}.merged", "id": identity, **about}
    if (changed := sorted(names - QUIET - MERGING)) and "merged_into" not in names:
        yield {"fact": f"{kind}.changed", "id": identity, "changed": changed, **about}


def _membership(record: Any) -> Iterator[dict[str, Any]]:
    """A time that is gone, by undoing a merge or with its contact, is one that nobody is there any more."""
    image = record.new or record.old
    fact = "account.left" if record.new is None or "until" in record.new else "account.joined"
    yield {"fact": fact, "id": image["pk"].partition("#")[2], "member": image["contact_id"]}
