"""What the consent table's stream tells: a contact allows something else than before."""

from collections.abc import Iterator
from typing import Any

from chalicelib.consent.rules import Preferences

FIELDS = frozenset(Preferences("").fields())


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield preferences.changed with the names of what changed."""
    image = record.new
    if image is not None and image.get("kind") == "preferences":
        contact = image["contact_id"]
        changed = sorted(FIELDS & set(record.changed))
        yield {"fact": "preferences.changed", "id": contact, "contact": contact, "changed": changed}
