"""What the capture table's stream tells: a submission is pending, a visitor turned out to be a contact."""

from collections.abc import Iterator
from typing import Any


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield submission.pending for one stored alone or tried again, visitor.identified for one known anew."""
    old, new = record.old or {}, record.new or {}
    if new.get("kind") == "submission" and new["state"] == "pending" and old.get("state") != "pending":
        yield {"fact": "submission.pending", "id": new["submission_id"]}
    if new.get("kind") == "visitor" and old.get("contact_id") != new["contact_id"]:
        yield {"fact": "visitor.identified", "visitor": new["pk"].partition("#")[2], "contact": new["contact_id"]}
