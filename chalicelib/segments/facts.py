"""What the segments table's stream tells: who joined and who left."""

from collections.abc import Iterator, Mapping
from typing import Any


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield segment.joined and segment.left for the start and the end of a contact's time in a segment."""
    old, new = record.old or {}, record.new or {}
    if new.get("kind") != "segment_membership":
        return
    if _holds(new) and not (_holds(old) and old["since"] == new["since"]):
        yield _fact("segment.joined", new)
    elif _holds(old) and not _holds(new):
        yield _fact("segment.left", new)


def _holds(image: Mapping[str, Any]) -> bool:
    return bool(image) and "until" not in image


def _fact(name: str, image: Mapping[str, Any]) -> dict[str, Any]:
    return {"fact": name, "id": image["segment_id"], "contact": image["contact_id"], "since": image["since"]}
