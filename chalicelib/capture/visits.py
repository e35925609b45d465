"""The use case of whoever opens a page of ours: record that it was seen."""

from datetime import datetime

from msgspec.structs import replace

from chalicelib.capture.websites import service as websites
from chalicelib.clock import new_id
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType


def visited(
    page_id: str,
    form_ids: list[str],
    *,
    visitor_id: str,
    contact_id: str | None,
    session_id: str,
    journey_id: str | None,
    email_id: str | None,
    now: datetime,
) -> None:
    """Record that a page and its forms were seen, for the contact if it is known, else for the visitor.

    Of a contact that refuses it nothing is recorded (PRV-12).
    """
    if contact_id is not None and not consent.of_person(contacts.who_is(contact_id)).tracking:
        return
    website = {"website_id": websites.id_of_page(page_id)}
    seen = [(InteractionType.WEBSITE_VISITED, None), *((InteractionType.FORM_VISITED, form) for form in form_ids)]
    visit = NewInteraction(
        type=InteractionType.WEBSITE_VISITED,
        at=now,
        source="visit",
        source_event=new_id(),
        contact_id=contact_id,
        visitor_id=visitor_id,
        attributes={"page_id": page_id, "journey_id": journey_id, "email_id": email_id, "session_id": session_id},
    )
    for type_, form_id in seen:
        about = {"form_id": form_id} if form_id else website
        named = replace(visit, type=type_, source_event=new_id(), attributes={**visit.attributes, **about})
        commit(interactions.record(named, now))
