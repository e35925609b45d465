"""The bulk work of views: what it needs is imported when it is called, so that other functions never load it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.definitions import jobs

ACTION, EXPORT = "contact-action", "export-records"

Arguments = Mapping[str, Any]


def _members(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    from chalicelib.views import runs

    return runs.pages(arguments, number, cursor)


def _act(arguments: Arguments, labels: Sequence[str], now: datetime) -> None:
    from chalicelib.views import runs

    runs.act(arguments, labels, now)


def _records(arguments: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    from chalicelib.views import exports

    return exports.pages(arguments, number, cursor)


def _write_part(arguments: Arguments, labels: Sequence[str], now: datetime) -> None:
    from chalicelib.views import exports

    exports.write_part(arguments, labels, now)


def _assemble(arguments: Arguments) -> None:
    from chalicelib.views import exports

    exports.assemble(arguments)


WORKS: Mapping[str, jobs.Work] = {
    ACTION: jobs.Work(_members, _act),
    EXPORT: jobs.Work(_records, _write_part, _assemble),
}
