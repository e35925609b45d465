"""The sections of a contact that are read only, over HTTP."""

from datetime import datetime

from chalicelib.contacts import origins
from chalicelib.http import Api, Call, Nothing, Schema

api = Api(__name__)


class InitiativeView(Schema):
    """An initiative that brought a contact: a journey, an email, a form or a page; without a name it is gone."""

    kind: str
    id: str
    name: str | None = None


class OriginView(Schema):
    """What a contact came from, and who or what made it."""

    contact_id: str
    created_at: datetime
    created_by: str | None = None
    at: datetime | None = None
    initiatives: list[InitiativeView]
    submission_id: str | None = None
    originating_lead_id: str | None = None
    originating_event_id: str | None = None
    import_id: str | None = None


class MarketingSource(Schema):
    """Where a person came from: one entry for each contact that it is, the earliest first."""

    items: list[OriginView]


@api.on("GET /contacts/{contact_id}/marketing-source", scope="contacts:read", returns=MarketingSource)
def show_marketing_source(_: Call[Nothing], contact_id: str) -> MarketingSource:
    """Show which initiatives brought a contact."""
    return MarketingSource(items=[OriginView.model_validate(each) for each in origins.of(contact_id)])
