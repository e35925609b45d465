"""The marketing context: which initiative brought a contact or a lead; set once, at creation (SUB-5)."""

from dataclasses import dataclass, fields
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MarketingContext:
    """What somebody came from."""

    journey_id: str | None = None
    email_id: str | None = None
    form_id: str | None = None
    page_id: str | None = None
    submission_id: str | None = None
    at: datetime | None = None

    def named(self) -> dict[str, object]:
        """Return what is set, as the attributes of a record: source_journey_id and so on."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {f"source_{name}": value for name, value in given.items() if value is not None}
