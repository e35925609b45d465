"""Questions about a journey's graph: what can be reached, what comes before, where contacts would spin; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from chalicelib.journeys.document import JourneyDocument, WaitFor


def _closure(starts: Iterable[str], ways: Mapping[str, set[str]]) -> frozenset[str]:
    found: set[str] = set()
    pending = list(starts)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += ways.get(name, ())
    return frozenset(found)


def _ways(document: JourneyDocument) -> dict[str, set[str]]:
    return {name: {to for _, to in document.exits(name) if to in document.tiles} for name in document.tiles}


def reachable(document: JourneyDocument) -> frozenset[str]:
    """Return the tiles that a contact can come to."""
    return _closure([first for first in document.starts if first in document.tiles], _ways(document))


def before(document: JourneyDocument, tile: str) -> frozenset[str]:
    """Return the tiles from which a contact can come to `tile`."""
    back: dict[str, set[str]] = defaultdict(set)
    for name, targets in _ways(document).items():
        for target in targets:
            back[target].add(name)
    return _closure(back[tile], back)


def loops_without_wait(document: JourneyDocument) -> list[str]:
    """Return tiles that lie on a cycle without a “wait for”.

    Only that holds a contact anew each time: a moment passes once, and what was done stays done.
    """
    ways = {
        name: {to for to in targets if not isinstance(document.tiles[to], WaitFor)}
        for name, targets in _ways(document).items()
        if not isinstance(document.tiles[name], WaitFor)
    }
    return [name for name in ways if name in _closure(ways[name], ways)]
