"""Routers: turn the records of a table's stream into facts, and put them on the queues of the reactions."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from msgspec import Struct

from chalicelib.clock import as_text
from chalicelib.observability import logger
from chalicelib.queues import send

Image = Mapping[str, Any]


class StreamRecord(Struct, frozen=True):
    """A change of an item: what it was, what it is, and when the stream took note."""

    old: Image | None
    new: Image | None
    at: datetime
    expired: bool

    @property
    def changed(self) -> list[str]:
        """Names of the attributes that differ, and of a map what differs in it, as `<attribute>.<key>`."""
        return sorted(_different(self.old or {}, self.new or {}))


def _different(old: Image, new: Image) -> Iterator[str]:
    for name in old.keys() | new.keys():
        was, became = old.get(name), new.get(name)
        if isinstance(was, Mapping) or isinstance(became, Mapping):
            yield from (f"{name}.{key}" for key in _different(was or {}, became or {}))
        elif was != became:
            yield name


FactsOf = Callable[[StreamRecord], Iterable[dict[str, Any]]]


class Routes(Struct):
    """Which queues hear of a fact, and after how many seconds; chalicelib.wiring fills it."""

    queues_for: Callable[[Mapping[str, Any]], tuple[str, ...]] = lambda _: ()
    delays: Mapping[str, int] | None = None


routes = Routes()


def route(event: Mapping[str, Any], facts_of: FactsOf) -> None:
    """Send on what a batch of stream records tells.

    Never raises because of a record's content, for that would hold up the whole shard; always raises when a queue did
    not take a message, so that the batch comes again.
    """
    waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for raw in event["Records"]:
        for queue, fact in _told(raw, facts_of):
            waiting[queue].append(fact)
    for queue, facts in waiting.items():
        send(queue, facts, delay=(routes.delays or {}).get(queue, 0))


def _told(raw: Mapping[str, Any], facts_of: FactsOf) -> list[tuple[str, dict[str, Any]]]:
    try:
        record = _record(raw)
        facts = [{**fact, "at": as_text(record.at)} for fact in facts_of(record)]
        return [(queue, fact) for fact in facts for queue in routes.queues_for(fact)]
    except Exception as error:
        # Not the message: it may hold what was in the record.
        logger.error("a stream record was not understood", event_id=raw.get("eventID"), error=type(error).__name__)
        return []


def _record(raw: Mapping[str, Any]) -> StreamRecord:
    change = raw["dynamodb"]
    return StreamRecord(
        _image(change.get("OldImage")),
        _image(change.get("NewImage")),
        _instant(change["ApproximateCreationDateTime"]),
        raw.get("userIdentity", {}).get("principalId") == "dynamodb.amazonaws.com",
    )


def _instant(given: Any) -> datetime:
    return given.astimezone(UTC) if isinstance(given, datetime) else datetime.fromtimestamp(float(given), UTC)


def _image(raw: Mapping[str, Any] | None) -> Image | None:
    """Leaves binary attributes out: they are packed for whoever reads the item, and no fact is told by them."""
    known = {name: value for name, value in (raw or {}).items() if "B" not in value}
    return {name: _deserializer().deserialize(value) for name, value in known.items()} or None


@cache
def _deserializer() -> Any:
    from boto3.dynamodb.types import TypeDeserializer

    return TypeDeserializer()
