"""Live events for tests, short to write."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from chalicelib.contacts import strategies
from chalicelib.definitions import service as definitions
from chalicelib.definitions.routes import dumped
from chalicelib.registrations import events
from chalicelib.registrations.schemas import EventDocument

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DOCUMENT = {
    "starts_at": "2026-11-30T08:00:00Z",
    "ends_at": "2026-11-30T17:00:00Z",
    "registration_ends_at": "2026-11-29T09:00:00Z",
    "time_zone": "Europe/Copenhagen",
    "location": "Harbour 1, Aarhus",
}
_numbers = count()


def published(name: str = "Regatta", **more: Any) -> str:
    """Publish an event and return its id; ids are new ones, for processes cache versions."""
    event_id = f"event-{next(_numbers)}"
    document = EventDocument.model_validate({**DOCUMENT, **more})
    strategy_id = events.STRATEGIES[document.matching]
    strategies.offer(strategy_id, NOW)
    if strategy_id in strategies.OFFERED:
        strategies.built(strategies.CONTACT, strategy_id)
    definitions.create(events.KIND, event_id, name, dumped(document), "user:u", NOW)

    def check(found: Any) -> Any:
        return events.check(EventDocument.model_validate(found))

    definitions.publish(events.KIND, event_id, check, version=1, by="user:u", now=NOW, writes=events.going_live)
    return event_id
