"""What the interactions table's stream tells: something happened, or a verdict fell."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.interactions.plans import NONE

ABOUT = ("email_id", "form_id", "page_id", "journey_id", "tile", "link", "list_id", "event_id", "segment_id", "send_id")


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield interaction.recorded for a new row of a contact, interaction.decided when its verdict falls or changes.

    Rows of visitors tell nothing until they are credited to a contact.
    """
    new = record.new
    if new is None or new.get("kind") != "interaction" or not new["pk"].startswith("CONTACT#"):
        return
    if record.old is None:
        yield _fact("interaction.recorded", new)
    elif record.old.get("verdict") != new.get("verdict"):
        yield _fact("interaction.decided", new)


def _fact(name: str, image: Mapping[str, Any]) -> dict[str, Any]:
    attributes = json.loads(image["attributes"]) if image.get("attributes") else {}
    fact = {
        "fact": name,
        "id": image["interaction_id"],
        "contact": image["contact_id"],
        "sk": image["sk"],
        "type": image["type"],
        "happened": image["at"],
        "verdict": image.get("verdict", NONE),
        "about": [str(attributes[each]) for each in ABOUT if each in attributes],
    }
    named = {kind: attributes[f"{kind}_id"] for kind in ("email", "form", "page", "send") if f"{kind}_id" in attributes}
    return {**fact, **named}
