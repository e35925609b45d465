"""Which tests run in one worker, one after the other, and what begins first.

The groups of xdist 3.8 are names that it writes into the ids of tests, which pytest 9.2 does not take.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/end_to_end/", "tests/browser/", "tests/package/")
"""What shares something that takes long to make: the deployed cloud, a browser, the package."""
FIRST = TOGETHER[0]
"""It waits more than it works, so the other worker's tests go on beside it."""


def group_of(nodeid: str) -> str:
    """Return the name of those that run together with a test; most are alone."""
    return next((group for group in TOGETHER if nodeid.startswith(group)), nodeid)


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests in the order in which workers ask for them."""
    return sorted(items, key=lambda item: not item.nodeid.startswith(FIRST))


class Together(LoadScopeScheduling):
    """Hands tests to workers as they are done with others, a group to one worker."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False  # else those with most tests come first
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
