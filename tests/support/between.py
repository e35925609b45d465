"""Something that happens between what a use case reads and what it writes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import dynamodb

WRITES = [f"before-call.dynamodb.{call}" for call in ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem")]


@contextmanager
def before_the_next_write(do: Callable[[], object]) -> Iterator[None]:
    """Let `do` happen just before the next write; what `do` writes itself goes ahead of it. It must have happened."""
    events, done = dynamodb.writer().meta.events, []

    def meet(**_: Any) -> None:
        if not done:
            done.append(True)
            do()

    for write in WRITES:
        events.register(write, meet)
    try:
        yield
    finally:
        for write in WRITES:
            events.unregister(write, meet)
    assert done
