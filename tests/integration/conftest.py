"""What several integration tests stand on."""

from collections.abc import Iterator

import pytest

from tests.support import mail


@pytest.fixture
def office() -> Iterator[mail.Office]:
    """A post office that takes what is sent, and keeps the letters."""
    with mail.opened() as office:
        yield office
