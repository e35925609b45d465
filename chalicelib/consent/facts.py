"""What the consent table's stream tells: a contact allows something else than before, joined a list or left it.

Whoever has become a child is told of besides: a child guards nobody.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.consent.rules import Preferences
from chalicelib.consent.subscriptions.rules import State

FIELDS = frozenset(Preferences("").fields())


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield preferences.changed with the names of what changed; subscription.joined and subscription.left."""
    image = record.new
    if image is not None and image.get("kind") == "subscription":
        yield from _of_subscription(record.old or {}, image)
    if image is not None and image.get("kind") == "preferences":
        contact = image["contact_id"]
        changed = sorted(FIELDS & set(record.changed))
        yield {"fact": "preferences.changed", "id": contact, "contact": contact, "changed": changed}
        if "is_child" in changed and image["is_child"]:
            yield {"fact": "child.marked", "id": contact, "contact": contact}


def _of_subscription(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if old.get("state") == new["state"]:
        return
    name = "joined" if new["state"] == State.SUBSCRIBED else "left"
    told = {"id": new["list_id"], "contact": new["contact_id"], "since": new["since"]}
    yield {"fact": f"subscription.{name}", **told}
