"""Live events for tests, short to write."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from chalicelib.clock import as_text
from chalicelib.contacts import strategies
from chalicelib.definitions import service as definitions
from chalicelib.definitions.routes import dumped
from chalicelib.registrations import events
from chalicelib.registrations.schemas import EventDocument

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
_numbers = count()


def soon(now: datetime) -> dict[str, Any]:
    """Return the document of an event that is in six days, with registration until the day before."""
    return {
        "starts_at": as_text(now + timedelta(days=6, hours=-1)),
        "ends_at": as_text(now + timedelta(days=6, hours=8)),
        "registration_ends_at": as_text(now + timedelta(days=5)),
        "time_zone": "Europe/Copenhagen",
        "location": "Harbour 1, Aarhus",
    }


DOCUMENT = soon(NOW)


def published(name: str = "Regatta", now: datetime = NOW, **more: Any) -> str:
    """Publish an event and return its id; ids are new ones, for processes cache versions."""
    event_id = f"event-{next(_numbers)}"
    document = EventDocument.model_validate({**soon(now), **more})
    strategy_id = events.STRATEGIES[document.matching]
    strategies.offer(strategy_id, now)
    if strategy_id in strategies.OFFERED:
        strategies.built(strategies.CONTACT, strategy_id)
    definitions.create(events.KIND, event_id, name, dumped(document), "user:u", now)

    def check(found: Any) -> Any:
        return events.check(EventDocument.model_validate(found))

    definitions.publish(events.KIND, event_id, check, version=1, by="user:u", now=now, writes=events.going_live)
    return event_id
