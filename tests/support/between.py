"""Something that happens between what a use case reads and what it writes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from chalicelib import dynamodb
from chalicelib.definitions import live as live_definitions
from tests.support.permissions import running_as

WRITES = [f"before-call.dynamodb.{call}" for call in ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem")]


@contextmanager
def before_the_next_write(do: Callable[[], object]) -> Iterator[None]:
    """Let `do` happen just before the next write; what `do` writes itself goes ahead of it. It must have happened."""
    events, done = dynamodb.writer().meta.events, []

    def meet(**_: Any) -> None:
        if not done:
            done.append(True)
            with running_as(""):  # somebody else
                do()

    for write in WRITES:
        events.register(write, meet)
    try:
        yield
    finally:
        for write in WRITES:
            events.unregister(write, meet)
    assert done


@contextmanager
def before_call(number: int, do: Callable[[], object]) -> Iterator[list[str]]:
    """Let `do` happen just before our call of this number (from 1), read or write; or at the end, if there are fewer.

    Yields the calls as they are made, those of `do` left out.
    """
    calls, doing = list[str](), [False]

    def meet(model: Any, **_: Any) -> None:
        if doing[0]:
            return
        calls.append(model.name)
        if len(calls) == number:
            doing[0] = True
            with running_as(""):
                do()
            doing[0] = False

    with _called(meet):
        yield calls
    if len(calls) < number:
        do()


@contextmanager
def _called(meet: Callable[..., None]) -> Iterator[None]:
    clients = [dynamodb.reader().client, dynamodb.writer()]
    for client in clients:
        client.meta.events.register("before-call.dynamodb.*", meet)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-call.dynamodb.*", meet)


@contextmanager
def process(memory: Mapping[str, Any] = MappingProxyType({})) -> Iterator[None]:
    """Let what happens here happen in another process, which remembers this as live."""
    ours = dict(live_definitions._rows)
    live_definitions._rows.clear()
    live_definitions._rows.update(memory)
    try:
        yield
    finally:
        live_definitions._rows.clear()
        live_definitions._rows.update(ours)
