"""A post office for tests: the local cloud's own, over real HTTP, with the faults that SES can have."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.messages import provider, sender
from infra.local.letters import Letter, links_and_images
from infra.local.post_office import PostOffice, Refused, Server

REFUSED = Refused("MessageRejected", 400, "Email address is not verified.")
TOO_FAST = Refused("TooManyRequestsException", 429, "Maximum sending rate exceeded.")
DAILY = Refused("TooManyRequestsException", 429, "Daily message quota exceeded.")
BROKEN = Refused("InternalFailure", 500, "Something went wrong.")


class Office(PostOffice):
    """Takes letters; `faults` befall the next ones: an error instead, or (LOST) no answer after it was taken."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.faults: list[Exception] = []
        super().__init__(lambda _, event: self.events.append(event), rate=1000.0)

    def send(self, request: dict[str, Any]) -> dict[str, Any]:
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Refused):
            raise fault
        answer = super().send(request)
        if fault is not None:
            raise fault
        return answer


class _Lost(ConnectionAbortedError):
    """The connection breaks after the letter was taken."""


LOST = _Lost()


class _Quiet(Server):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Break the connection without a word."""


@contextmanager
def opened() -> Iterator[Office]:
    """A post office on a free port of loopback, which SES's client reaches through the environment."""
    office = Office()
    server = _Quiet(0, office)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    os.environ["AWS_ENDPOINT_URL_SESV2"] = f"http://127.0.0.1:{server.server_address[1]}"
    _forget()
    try:
        yield office
    finally:
        server.shutdown()
        server.server_close()
        del os.environ["AWS_ENDPOINT_URL_SESV2"]
        _forget()


def letter_links(letter: Letter) -> list[str]:
    """What a person, or a scanner, could click in a letter."""
    return links_and_images(letter.body("html"))[0]


def _forget() -> None:
    provider._client.cache_clear()
    provider._quota = float("-inf"), 1.0
    sender._pace.cache_clear()
