"""The life of a definition: states, what a check says, what a publication writes; pure."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from chalicelib.errors import Conflict, Problem, TooLarge


class State(StrEnum):
    """Where a definition stands; live-edited is live with a newer draft beside it (decision 30)."""

    DRAFT = "draft"
    LIVE = "live"
    LIVE_EDITED = "live-edited"
    STOPPED = "stopped"


LARGEST = 300 * 1024  # bytes of a document; an item ends at 400 KB

LIVE_STATES = {State.LIVE, State.LIVE_EDITED}

Document = Mapping[str, Any]
Reference = tuple[str, str]
"""Kind and id of something that a document names."""


class Checked(Struct, frozen=True):
    """What a domain's check found: everything that keeps a document from going live, and what it names."""

    problems: Sequence[Problem] = ()
    references: Sequence[Reference] = ()
    warnings: Sequence[Problem] = ()


Check = Callable[[Document], Checked]


class JobWanted(Struct, frozen=True):
    """Bulk work that a publication starts: its name in wiring.works, its arguments, seconds until it may begin.

    `rate` is how many ids a second it may take up at most.
    """

    work: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    delay: int | None = None
    rate: int | None = None


class Live(Struct, frozen=True):
    """A live version. Its document never changes."""

    kind: str
    id: str
    version: int
    document: Document
    published_at: datetime


def require_room(document: Document) -> None:
    """Raise TooLarge for a document that an item would not hold along with what else it needs."""
    size = len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
    if size > LARGEST:
        raise TooLarge(f"It is {size // 1024} KB long; {LARGEST // 1024} KB at most can be kept.")


def after_edit(state: str) -> State:
    return State.LIVE_EDITED if state in LIVE_STATES else State(state)


def not_live(references: Iterable[Reference], live: Iterable[Reference]) -> list[Problem]:
    """Return a problem for each thing that is named but not live."""
    known = set(live)
    return [
        Problem(f"{kind}:{identity}", f"It names the {kind.replace('-', ' ')} {identity}, which is not live.")
        for kind, identity in dict.fromkeys(references)
        if (kind, identity) not in known
    ]


def require_unpublished(published_version: int) -> None:
    """Raise Conflict unless a definition may be deleted: only what never went live may."""
    if published_version:
        raise Conflict("Only a draft that never went live can be deleted; what was live keeps its history.")
