"""The marketing context: which initiative brought a contact or a lead; set once, at creation (SUB-5)."""

from datetime import datetime

from msgspec import Struct


class MarketingContext(Struct, frozen=True):
    """What somebody came from."""

    journey_id: str | None = None
    email_id: str | None = None
    form_id: str | None = None
    page_id: str | None = None
    submission_id: str | None = None
    event_id: str | None = None
    at: datetime | None = None

    def named(self) -> dict[str, object]:
        """Return what is set, as the attributes of a record: source_journey_id and so on, originating_event_id."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return {NAMES.get(name, f"source_{name}"): value for name, value in given.items() if value is not None}


NAMES = {"event_id": "originating_event_id"}
"""What is not called a source (reference 2.4 and 4.2)."""
