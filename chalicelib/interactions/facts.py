"""What the interactions table's stream tells: something happened, or a verdict fell."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.interactions.plans import NONE
from chalicelib.interactions.types import InteractionType

ABOUT = (
    *("email_id", "form_id", "page_id", "journey_id", "tile", "link", "list_id", "event_id", "segment_id", "send_id"),
    *("website_id", "redirect_id"),
)
IDENTIFYING = InteractionType.EMAIL_SUBSCRIPTION_SUBMIT
"""Who saves the subscription centre is the person that its link was for (WEB-4)."""
NAMED = ("email", "form", "page", "send", "website", "redirect")
VISIT = ("web_page", "country", "session_id")
"""What figures of a website need of a visit besides."""


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield interaction.recorded for a new row of a contact, interaction.decided when its verdict falls or changes.

    Rows of visitors tell visit.recorded, which is counted; nothing else follows until they are credited to a contact.
    """
    new = record.new
    if new is None or new.get("kind") != "interaction":
        return
    if new["pk"].startswith("VISITOR#"):
        yield from [_fact("visit.recorded", new)] if record.old is None else []
    elif new["pk"].startswith("CONTACT#"):
        yield from _of_contact(record.old, new)


def _of_contact(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if old is None:
        yield _fact("interaction.recorded", new)
        if new.get("visitor_id") and new["type"] == IDENTIFYING:
            yield {"fact": "visitor.named", "visitor": new["visitor_id"], "contact": new["contact_id"]}
    elif old.get("verdict") != new.get("verdict"):
        yield _fact("interaction.decided", new)


def _fact(name: str, image: Mapping[str, Any]) -> dict[str, Any]:
    attributes = json.loads(image["attributes"]) if image.get("attributes") else {}
    fact = {
        "fact": name,
        "id": image["interaction_id"],
        "contact": image.get("contact_id"),
        "sk": image["sk"],
        "type": image["type"],
        "happened": image["at"],
        "verdict": image.get("verdict", NONE),
        "about": [str(attributes[each]) for each in ABOUT if each in attributes],
    }
    named = {kind: attributes[f"{kind}_id"] for kind in NAMED if f"{kind}_id" in attributes}
    visit = {name: attributes[name] for name in VISIT if {"website", "redirect"} & named.keys() and name in attributes}
    credited = {"credited": True} if image.get("credited_from") else {}
    return {**fact, **named, **visit, **credited}
