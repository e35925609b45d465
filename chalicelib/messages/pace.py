"""As fast as the provider allows and no faster: each of the few senders takes its share of the quota.

The queue's event source runs at most SENDERS functions at once, and each starts at most rate / SENDERS messages a
second. That costs no write, where a shared counter would cost one for each message and be one hot item.
"""

import time
from collections.abc import Callable

from msgspec import Struct

SENDERS = 5
"""How many senders run at once; infra/resources/messages.yaml says the same, and a test compares them."""

LONGEST_WAIT = 2.0  # seconds inside a function, which is paid for; who would wait longer goes back to the queue


class Pace(Struct):
    """The starts of one sender, evenly spaced."""

    per_second: float
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep  # noqa: TID251  waits for the provider, which grants so many a second
    free_at: float = 0.0

    def turn(self) -> bool:
        """Wait for this sender's next start; False, at once, if that is too far away."""
        now = self.clock()
        start = max(now, self.free_at)
        if start - now > LONGEST_WAIT:
            return False
        self.free_at = start + SENDERS / self.per_second
        if start > now:
            self.pause(start - now)
        return True
