"""What effect tiles make: rows whose id is the hash of enrolment, tile and visit, put if absent."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.dynamodb import Write, put_new, silent
from chalicelib.journeys.document import AssignTo, CreateLead, EmailTile, JourneyDocument, RaiseTrigger, TaskTile
from chalicelib.journeys.models import Enrolment, Raised
from chalicelib.journeys.rules import effect_id


@dataclass(frozen=True, slots=True)
class Effect:
    """The writes of a tile, and the figures that it counts for besides having been processed."""

    writes: list[Write]
    figures: tuple[str, ...]
    made: str


def of_tile(
    tile: Any, enrolment: Enrolment, contact: Any, document: JourneyDocument, now: datetime
) -> Effect:
    """Return what the effect tile that the enrolment stands at makes."""
    made = effect_id(enrolment.enrolment_id, enrolment.tile or "", enrolment.state.visit)
    match tile:
        case EmailTile():
            effect = _send(tile, made, enrolment, document, now)
        case TaskTile():
            effect = _task(tile, made, enrolment, contact, document, now)
        case CreateLead():
            effect = _lead(tile, made, enrolment, contact, document, now)
        case RaiseTrigger():
            effect = _raise(tile, made, enrolment, now)
        case _:
            raise TypeError(f"tiles of the kind {tile.kind} make nothing")
    return replace(effect, writes=[silent(write) for write in effect.writes])


def _send(tile: EmailTile, made: str, enrolment: Enrolment, document: JourneyDocument, now: datetime) -> Effect:
    from chalicelib.messages import plans as messages

    writes = messages.queue_send(
        made,
        enrolment_id=enrolment.enrolment_id,
        journey_id=enrolment.journey_id,
        journey_version=enrolment.journey_version,
        occurrence=enrolment.occurrence,
        tile=enrolment.tile or "",
        visit=enrolment.state.visit,
        contact_id=enrolment.contact_id,
        email_id=tile.email,
        content_settings_id=document.content_settings or "",
        expires=tile.expires,
        now=now,
    )
    return Effect(list(writes), ("intended",), f"send {made}")


def _task(  # noqa: PLR0913, PLR0917
    tile: TaskTile, made: str, enrolment: Enrolment, contact: Any, document: JourneyDocument, now: datetime
) -> Effect:
    from chalicelib.activities import plans as activities

    owners = {
        AssignTo.USER: tile.user,
        AssignTo.CONTACT_OWNER: contact.owner_id or document.owner,
        AssignTo.JOURNEY_OWNER: document.owner,
    }
    writes = activities.create(
        made,
        kind="task",
        subject=tile.subject,
        description=tile.details,
        owner_id=owners[tile.assign_to],
        due=tile.due_in.after(now, document.zone) if tile.due_in else None,
        regarding_contact_id=enrolment.contact_id,
        journey_id=enrolment.journey_id,
        enrolment_id=enrolment.enrolment_id,
        now=now,
    )
    return Effect(list(writes), (), f"task {made}")


def _lead(  # noqa: PLR0913, PLR0917
    tile: CreateLead, made: str, enrolment: Enrolment, contact: Any, document: JourneyDocument, now: datetime
) -> Effect:
    from chalicelib.contacts.context import MarketingContext
    from chalicelib.leads import plans as leads

    context = MarketingContext(
        journey_id=enrolment.journey_id, email_id=None, form_id=None, page_id=None, submission_id=None, at=now
    )
    writes = leads.create_from_tile(
        made, contact, tile.topic, contact.last_name, context, contact.owner_id or document.owner, now
    )
    return Effect(list(writes), (), f"lead {made}")


def _raise(tile: RaiseTrigger, made: str, enrolment: Enrolment, now: datetime) -> Effect:
    raised = Raised(
        *Raised.at(made),
        raised_id=made,
        trigger_id=tile.trigger,
        contact_id=enrolment.contact_id,
        attributes=json.dumps(tile.attributes),
        raised_at=now,
        source=f"enrolment:{enrolment.enrolment_id}",
    )
    return Effect([put_new(raised)], (), f"trigger {made}")
