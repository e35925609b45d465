"""What the capture table's stream tells: a submission is pending."""

from collections.abc import Iterator
from typing import Any


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield submission.pending when a submission was stored alone, or is to be tried again."""
    old, new = record.old or {}, record.new or {}
    if new.get("kind") == "submission" and new["state"] == "pending" and old.get("state") != "pending":
        yield {"fact": "submission.pending", "id": new["submission_id"]}
