"""What a process remembers as live may not be so any more: an older version never writes where a later one was."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from chalicelib.definitions import live as definitions
from chalicelib.errors import Conflict
from chalicelib.scoring.live import KIND, Model
from chalicelib.scoring.models import Dropped, Kept, Score

Decided = TypeVar("Decided")


class Overtaken(Conflict):
    """A model that is remembered as live has a later version, or was stopped."""


def standing(model: Model, kept: Kept | None) -> Score | None:
    """Return the score that the model may replace, None where it has none of the lead yet.

    Raises Overtaken where a later version was here, or where this one was dropped (decision 68).
    """
    latest = kept.model_version if kept else 0
    if latest > model.version or (isinstance(kept, Dropped) and latest == model.version):
        raise Overtaken("The scoring model was published anew or stopped at this very moment.")
    return kept if isinstance(kept, Score) else None


def has_contributions(lead_id: str, kept: Mapping[tuple[str, str], Kept]) -> bool:
    """Return whether any model has found something in a lead before."""
    return any(isinstance(each, Score) and each.contributions for (of, _), each in kept.items() if of == lead_id)


def knowing_better(decide: Callable[[], Decided]) -> Decided:
    """Decide by what is live; where a model turns out to be overtaken, once more by what is live now."""
    try:
        return decide()
    except Overtaken:
        definitions.doubt(KIND)
        return decide()
