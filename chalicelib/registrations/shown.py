"""Registrations and their events as clients get them."""

from collections.abc import Sequence

from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.registrations import service
from chalicelib.registrations.events import KIND
from chalicelib.registrations.models import Registration
from chalicelib.registrations.schemas import CheckInView, EventDocument, EventOfContact, EventSummary, RegistrationView

SUMMARY = ("type", "format", "location", "readable_id", "starts_at", "ends_at", "time_zone")
OTHERWISE = {"id", "qr_code", "gathered", "answers", "check_ins"}


def view(row: Registration) -> RegistrationView:
    given = {name: getattr(row, name) for name in RegistrationView.model_fields if name not in OTHERWISE}
    return RegistrationView(
        id=row.registration_id,
        qr_code=row.registration_id,
        gathered=row.values or {},
        answers=row.answers or {},
        check_ins=_check_ins(row),
        **given,
    )


def _check_ins(row: Registration) -> list[CheckInView]:
    if row.checked_in_at is None:
        return []
    return [CheckInView(in_at=row.checked_in_at, out_at=row.checked_out_at, checked_in_by=row.checked_in_by)]


def with_events(found: Sequence[Registration]) -> list[EventOfContact]:
    """Return registrations with what they are for: as the event is now while it is live, else as it was then."""
    names = definitions.names((KIND, row.event_id) for row in found)
    return [
        EventOfContact(event=_summary(row, names.get((KIND, row.event_id), "")), registration=view(row))
        for row in found
    ]


def _summary(row: Registration, name: str) -> EventSummary:
    live = live_definitions.live(KIND, row.event_id)
    document = EventDocument.model_validate(live.document) if live is not None else service.document_of(row)
    return EventSummary(id=row.event_id, name=name, **{each: getattr(document, each) for each in SUMMARY})
