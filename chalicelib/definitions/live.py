"""What is live: looked up by everybody who runs, remembered by each process for a few seconds; documents for good."""

import time
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from chalicelib.definitions.lifecycle import Live
from chalicelib.definitions.models import LiveRow, Version
from chalicelib.errors import DomainError, NotFound
from chalicelib.settings import settings

_rows: dict[str, tuple[float, dict[str, LiveRow]]] = {}


def _live_rows(kind: str) -> dict[str, LiveRow]:
    """Return the live rows of a kind, at most settings.live_cache_seconds old."""
    asked, rows = _rows.get(kind, (float("-inf"), {}))
    if time.monotonic() - asked >= float(settings.live_cache_seconds):
        rows = {row.definition_id: row for row in LiveRow.query(f"LIVE#{kind}", consistent_read=True)}
        _rows[kind] = (time.monotonic(), rows)
    return rows


def forget() -> None:
    """Have what is live of every kind read anew: this process has changed it."""
    _rows.clear()


def doubt(kind: str) -> None:
    """Have what is live of a kind read anew: something was met that does not go with what is remembered."""
    _rows.pop(kind, None)


def live(kind: str, definition_id: str) -> Live | None:
    """Return the live version of a definition, None where there is none."""
    row = _live_rows(kind).get(definition_id)
    return None if row is None else _loaded(kind, row)


def require_live(kind: str, definition_id: str, error: DomainError | None = None) -> Live:
    """Return the live version of a definition. Raises `error`, or NotFound."""
    found = live(kind, definition_id)
    if found is None:
        raise error or NotFound(f"There is no live {kind.replace('-', ' ')} of this id.")
    return found


def all_live(kind: str) -> list[Live]:
    """Return everything that is live of a kind, by id."""
    return [_loaded(kind, row) for _, row in sorted(_live_rows(kind).items())]


def _loaded(kind: str, row: LiveRow) -> Live:
    return Live(kind, row.definition_id, row.number, document(kind, row.definition_id, row.number), row.published_at)


@lru_cache(maxsize=2000)
def document(kind: str, definition_id: str, number: int) -> dict[str, Any]:
    """Return a published document; it never changes, so each process reads it once. Raises NotFound."""
    version = Version.find(*Version.at(kind, definition_id, number))
    if version is None:
        raise NotFound(f"There is no version {number} of this {kind.replace('-', ' ')}.")
    return cast("dict[str, Any]", version.document)


def soon(now: datetime) -> datetime:
    """Return when every process has forgotten what was live before."""
    return now + timedelta(seconds=int(settings.job_delay_seconds))
