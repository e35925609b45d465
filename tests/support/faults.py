"""Calls of our clients that fail: the process dies before or after one, or only its answer is lost.

A hook of botocore counts the calls, so that a test can let each of them fail in its turn:

    faults = Faults("dies before", at=3)
    with injected(faults, *database()):
        …
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ConnectionClosedError

from chalicelib import dynamodb

MODES = ("dies before", "dies after", "answer lost")


class Killed(BaseException):
    """The worker dies at this instruction: nothing of it is retried or caught, only queues and agenda remember."""


class Faults:
    """Counts the calls made while `counts()` holds, names them, and lets the one numbered `at` (from 1) fail."""

    def __init__(self, mode: str, at: int, counts: Callable[[], bool] = lambda: True) -> None:
        self.mode, self.at, self._counts = mode, at, counts
        self.names: list[str] = []
        self.fired = 0
        self._current = False

    @property
    def calls(self) -> int:
        return len(self.names)

    def before(self, model: Any, **_: object) -> None:
        self._current = self._counts()
        if not self._current:
            return
        self.names.append(model.name)
        if self.mode == "dies before" and self.calls == self.at:
            self.fired += 1
            raise Killed

    def after(self, **_: object) -> None:
        if not self._current or self.calls != self.at or self.mode not in {"dies after", "answer lost"} or self.fired:
            return
        self.fired += 1
        if self.mode == "dies after":
            raise Killed
        raise ConnectionClosedError(endpoint_url="http://fault.example")


def database() -> list[Any]:
    """Return the clients that all of ours read and write the database by."""
    return [dynamodb.reader().client, dynamodb.writer()]


@contextmanager
def injected(faults: Faults, *clients: Any) -> Iterator[None]:
    """Let the faults strike calls of these clients."""
    for client in clients:
        client.meta.events.register("before-call", faults.before)
        client.meta.events.register("after-call", faults.after)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", faults.before)
            client.meta.events.unregister("after-call", faults.after)
