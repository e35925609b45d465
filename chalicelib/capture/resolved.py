"""What a submission, or a lead of another system, comes to, and everything it writes."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from chalicelib.dynamodb import Write

CREATED = "created"


def result(*, created: bool, changed: bool) -> str:
    return CREATED if created else "updated" if changed else "matched"


class Resolved(Struct):
    """Whose it is and which lead, whether each was made or found, and the writes."""

    writes: list[Write] = field(default_factory=list)
    contact_id: str | None = None
    contact: Any = None
    """Its record, where the submission made or changed it."""
    identities: Sequence[str] = ()
    lead_id: str | None = None
    contact_result: str | None = None
    lead_result: str | None = None
