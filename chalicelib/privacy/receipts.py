"""What an erasure leaves behind to show for itself: when, by whom, where it looked, and what stays and why; no name."""

from datetime import datetime
from typing import Any

from chalicelib.clock import as_text
from chalicelib.contacts import tombstones
from chalicelib.contacts.tombstones import PREFIX
from chalicelib.holdings import Person, Stays
from chalicelib.privacy.holdings import HOLDINGS
from chalicelib.privacy.models import Request
from chalicelib.settings import settings


def of(request: Request, person: Person, runs: int, now: datetime) -> dict[str, Any]:
    """Return the receipt. `tombstones` are the hashes that keep the person from coming back by a list."""
    stones = tombstones.rows(person, request.request_id, now)
    names = sorted(each.table.Meta.table_name.removeprefix(f"{settings.prefix}-") for each in HOLDINGS)
    stays = {kind.kind.__name__: kind.why for each in HOLDINGS for kind in each.kinds if isinstance(kind, Stays)}
    return {
        "started_at": as_text(request.started_at or now),
        "started_by": request.started_by,
        "erased_at": as_text(now),
        "runs": runs,
        "looked_through": [*names, "files", "messages that were set aside"],
        "tombstones": sorted(each.pk.removeprefix(PREFIX) for each in stones),
        "kept": stays,
    }
