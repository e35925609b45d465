"""The bulk work of requests: what it needs is imported when it is called, so that other functions never load it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from chalicelib.definitions import jobs

Arguments = Mapping[str, Any]


def _work(module: str) -> jobs.Work:
    def pages(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
        found: tuple[Sequence[str], str | None] = _of(module).pages(arguments, number, cursor)
        return found

    def act(arguments: Arguments, ids: Sequence[str], now: datetime) -> None:
        _of(module).act(arguments, ids, now)

    def done(arguments: Arguments) -> None:
        _of(module).done(arguments)

    return jobs.Work(pages, act, done)


def _of(module: str) -> Any:
    return import_module(f"chalicelib.privacy.{module}")


WORKS: Mapping[str, jobs.Work] = {
    "erase-person": _work("erasing"),
    "export-person": _work("exporting"),
    "replay-tombstones": _work("restoring"),
    "replay-erasures": _work("replaying"),
}
