"""What several integration tests stand on."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from chalice.test import Client

from tests.support import mail


@pytest.fixture
def office() -> Iterator[mail.Office]:
    """A post office that takes what is sent, and keeps the letters."""
    with mail.opened() as office:
        yield office


@pytest.fixture
def linkedin(monkeypatch):
    """A LinkedIn on loopback."""
    from tests.support.linkedin import opened

    with opened(monkeypatch) as linkedin:
        yield linkedin


@pytest.fixture
def connected(linkedin, world):
    """A connection to it that is authorised and has pulled for the first time."""
    import app
    from tests.support.linkedin import Connected

    with Client(app.app) as http:
        connected = Connected(linkedin, world, http)
        world.advance(timedelta(seconds=10))
        world.poll("linkedin-pull")
        yield connected
