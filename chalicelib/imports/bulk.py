"""The bulk work of imports: what it needs is imported when it is called, so that other functions never load it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.definitions import jobs
from chalicelib.queues import waiting

READ, ROWS, UNDO = "read-import", "import-rows", "undo-import"
ENOUGH = 5_000  # reactions that wait; more would keep what people do now waiting behind a list

Arguments = Mapping[str, Any]


def _pages_of_file(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    from chalicelib.imports import parsing

    return parsing.pages(arguments, number, cursor)


def _read_page(arguments: Arguments, ids: Sequence[str], now: datetime) -> None:
    from chalicelib.imports import parsing

    parsing.read_page(arguments, ids, now)


def _read_through(arguments: Arguments) -> None:
    from chalicelib.imports import parsing

    parsing.read_through(arguments)


def _pages_of_rows(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    from chalicelib.imports import importing

    return importing.pages(arguments, number, cursor)


def _take(arguments: Arguments, ids: Sequence[str], now: datetime) -> None:
    from chalicelib.imports import importing

    importing.take(arguments, ids, now)


def _complete(arguments: Arguments) -> None:
    from chalicelib.imports import importing

    importing.complete(arguments)


def _pages_to_undo(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    from chalicelib.imports import undoing

    return undoing.pages(arguments, number, cursor)


def _undo(arguments: Arguments, ids: Sequence[str], now: datetime) -> None:
    from chalicelib.imports import undoing

    undoing.undo(arguments, ids, now)


def _undone(arguments: Arguments) -> None:
    from chalicelib.imports import undoing

    undoing.finish(arguments)


def has_room() -> bool:
    """Return whether those who react to contacts and leads can take more of them."""
    return waiting("membership") < ENOUGH


WORKS: Mapping[str, jobs.Work] = {
    READ: jobs.Work(_pages_of_file, _read_page, _read_through),
    ROWS: jobs.Work(_pages_of_rows, _take, _complete, room=has_room),
    UNDO: jobs.Work(_pages_to_undo, _undo, _undone, room=has_room),
}
