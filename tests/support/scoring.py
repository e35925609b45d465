"""Scoring models, facts and leads for tests, short to write."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import commit
from chalicelib.interactions.plans import NewInteraction, record
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import service as leads
from chalicelib.scoring import service
from chalicelib.scoring.live import KIND
from chalicelib.scoring.routes import _check
from chalicelib.scoring.schemas import ModelDocument
from tests.support.consents import minimum_counts

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = timedelta(days=1)
_numbers = count()


def clicked(points: int = 30, frequency: str = "each", within: str | None = None, **more: Any) -> dict[str, Any]:
    condition = {"entity": "EmailClicked", "frequency": frequency, **more}
    if within:
        condition["within"] = within
    return {"id": f"clicked-{frequency}", "name": "Clicked", "points": points, "conditions": [condition]}


def lives_in(city: str, points: int = 20) -> dict[str, Any]:
    where = [{"field": "city", "operator": "equals", "values": [city]}]
    return {
        "id": city,
        "name": f"Lives in {city}",
        "points": points,
        "conditions": [{"entity": "contact", "where": where}],
    }


def publish(*rules: Any, threshold: int = 100, model_id: str | None = None, **more: Any) -> str:
    """Publish a model, new or the next version, and return its id; ids are new ones, for processes cache versions."""
    model_id = model_id or f"model-{next(_numbers)}-{datetime.now(UTC).timestamp()}"
    document = {"sales_ready_score": threshold, "rules": list(rules), **more}
    if "minimum_consent" in more:
        minimum_counts()
    definitions.create(KIND, model_id, "Interest", document, "user:u", NOW)
    version = definitions.get(KIND, model_id).version
    definitions.save_draft(KIND, model_id, "Interest", document, version=version, by="user:u", now=NOW)
    check = lambda found: _check(ModelDocument.model_validate(found))  # noqa: E731
    definitions.publish(KIND, model_id, check, version=version + 1, by="user:u", now=NOW)
    return model_id


def person(contact_id: str = "c", **values: Any) -> None:
    contacts.create(contact_id, {"last_name": "Juhl", **values}, NOW, by="user:u")


def lead(lead_id: str = "l", contact_id: str | None = "c", **values: Any) -> None:
    leads.create(lead_id, {"last_name": "Juhl", "contact_id": contact_id, **values}, "user:u", NOW)


def click(event: str, at: datetime = NOW, contact_id: str = "c", **attributes: Any) -> None:
    new = NewInteraction(
        InteractionType.EMAIL_CLICKED, at, "test", event, contact_id=contact_id, attributes=attributes, verdict="human"
    )
    commit(record(new, at))


def rescore(now: datetime = NOW, contact_id: str = "c", **options: Any) -> None:
    service.rescore(contact_id, now, **options)
