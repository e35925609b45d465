"""What the definitions table's stream tells: a job was made."""

from collections.abc import Iterator
from typing import Any


def facts_of(record: Any) -> Iterator[dict[str, Any]]:
    """Yield job.created."""
    if record.old is None and record.new is not None and record.new.get("kind") == "job":
        yield {"fact": "job.created", "id": record.new["job_id"], "due": record.new["due"]}
