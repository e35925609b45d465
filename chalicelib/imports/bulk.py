"""The bulk work of imports: a file is read, its rows are taken, what they made is undone."""

from collections.abc import Mapping

from chalicelib.definitions import jobs, late
from chalicelib.queues import waiting

READ, ROWS, UNDO = "read-import", "import-rows", "undo-import"
ENOUGH = 5_000  # reactions that wait; more would keep what people do now waiting behind a list


def has_room() -> bool:
    """Return whether those who react to contacts and leads can take more of them."""
    return waiting("membership") < ENOUGH


WORKS: Mapping[str, jobs.Work] = {
    READ: late.work("chalicelib.imports.parsing"),
    ROWS: late.work("chalicelib.imports.importing", has_room),
    UNDO: late.work("chalicelib.imports.undoing", has_room),
}
