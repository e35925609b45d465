"""What the messages table's stream tells: a message waits to be sent, or what became of it is known."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.messages.ledger import OUTCOMES, State
from chalicelib.messages.optin.rules import Mail

ASKED = "confirmation.asked"


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield send.queued for a new send, send.settled whenever it enters a state that figures count.

    confirmation.asked for what has to be confirmed, each time that it is asked for.
    """
    new = record.new
    if new is not None and new.get("kind") == "confirmation":
        yield from _of_confirmation(record.old or {}, new)
    if new is None or new.get("kind") != "send":
        return
    if record.old is None and new["state"] == State.QUEUED:
        yield _fact("send.queued", new)
        return
    was = _was(record.old or {})
    if new["state"] in OUTCOMES and (was != new["state"] or _again(record.old or {})):
        yield {**_fact("send.settled", new), "state": new["state"], "was": was, "reason": new.get("reason", "")}


def _of_confirmation(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if new["state"] == Mail.WANTED and (old.get("asked_at") != new["asked_at"]):
        yield {"fact": ASKED, "id": new["confirmation_id"], "address": new["address_hash"]}


def _was(old: Mapping[str, Any]) -> str:
    """Return what figures counted a send as: one tried once more was unknown all the while."""
    return str(State.UNKNOWN) if _again(old) else str(old.get("state", State.QUEUED))


def _again(old: Mapping[str, Any]) -> bool:
    return old.get("state") == State.CLAIMED and int(old.get("tries", 0)) > 1


def _fact(name: str, image: Mapping[str, Any]) -> dict[str, Any]:
    named = {"id": "send_id", "contact": "contact_id", "journey": "journey_id", "tile": "tile", "email": "email_id"}
    return {"fact": name, **{short: image.get(long, "") for short, long in named.items()}}
