"""Bulk work whose module is imported when it is called first, so that functions that do other work never load it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from chalicelib.definitions import jobs

Arguments = Mapping[str, Any]


def work(module: str, room: Callable[[], bool] = lambda: True) -> jobs.Work:
    """Return the work of a module that has `pages`, `act` and `done`; `room` as of `jobs.Work`."""

    def pages(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
        found: tuple[Sequence[str], str | None] = import_module(module).pages(arguments, number, cursor)
        return found

    def act(arguments: Arguments, ids: Sequence[str], now: datetime) -> None:
        import_module(module).act(arguments, ids, now)

    def done(arguments: Arguments) -> None:
        import_module(module).done(arguments)

    return jobs.Work(pages, act, done, room)
