"""Who looks on while writes are committed and adds writes of its own to them: an audit of what people do.

Whoever lets somebody look on says so once, for all that is committed inside; who commits knows nothing of it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from chalicelib.dynamodb.writes import Write

Witness = Callable[[Sequence[Write]], Sequence[Write]]
"""the writes of a commit → what is written with them."""

_present: ContextVar[Witness | None] = ContextVar("witness", default=None)


@contextmanager
def witnessed(witness: Witness) -> Iterator[None]:
    """Let somebody look on while this lasts."""
    token = _present.set(witness)
    try:
        yield
    finally:
        _present.reset(token)


def added(writes: Sequence[Write]) -> list[Write]:
    """Return what whoever looks on adds to some writes."""
    witness = _present.get()
    return list(witness(writes)) if witness is not None and writes else []
