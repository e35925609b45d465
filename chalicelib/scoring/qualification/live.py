"""Live qualifications, and since when a lead meets one, in the time of the facts (RSC-12, RSC-13)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.definitions import live as definitions
from chalicelib.scoring.qualification.document import Combination, Qualification
from chalicelib.scoring.timeline import Span

KIND = "qualification"


class Live(Struct, frozen=True):
    """A published version of a qualification."""

    id: str
    version: int
    document: Qualification

    @property
    def minima(self) -> Mapping[str, int]:
        """The score that each model asks for."""
        return {criterion.model_id: criterion.minimum for criterion in self.document.criteria}


def live_qualifications() -> list[Live]:
    """Return every qualification that is decided now."""
    found = definitions.all_live(KIND)
    return [Live(live.id, live.version, Qualification.model_validate(live.document)) for live in found]


def met_at(combine: Combination, spans: Sequence[Sequence[Span]], after: datetime | None = None) -> datetime | None:
    """Return since when it is or was met for the first time; `after` that instant, where sales gave the lead back.

    `spans` are the times at which each criterion was met: of a model without a score of the lead there are none.
    """
    if combine is Combination.ANY:
        times = [span for each in spans for span in each]
    else:
        times = list(spans[0]) if spans else []
        for each in spans[1:]:
            times = [both for one in times for other in each if (both := _together(one, other))]
    return min((began for began, _ in times if after is None or began > after), default=None)


def _together(one: Span, other: Span) -> Span | None:
    """Return the time that two have in common."""
    begin = max(one[0], other[0])
    ends = [end for end in (one[1], other[1]) if end is not None]
    end = min(ends, default=None)
    return (begin, end) if end is None or begin < end else None
