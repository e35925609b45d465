"""What a bulk job finds out on its way over all leads, each lead once, whatever is repeated or races."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.definitions import walks
from chalicelib.dynamodb import Write, shard
from chalicelib.scoring.models import ScoringItem

KEPT = timedelta(days=7)

fresh = walks.fresh


class Walk(walks.Walked, ScoringItem, discriminator="walk"):
    """A slice of a job: the leads it took last."""


def begin(of: str, lead_ids: Sequence[str]) -> Walk:
    """Return the row of the slice that a page of leads belongs to: leads are spread over slices by their id."""
    return walks.begun(Walk, of, shard(lead_ids[0]))


def take(
    walk: Walk, lead_ids: Sequence[str], adds: Mapping[str, int], now: datetime, part: tuple[str, int] | None = None
) -> Write:
    """Write down that a page is taken, and what it came to; refused if another was quicker."""
    return walks.moved(walk, walks.behind(walk, lead_ids), adds, now + KEPT, part)


def found(of: str) -> list[Walk]:
    """Return the slices of a job that have taken anything, in their order."""
    return walks.found(Walk, of)
