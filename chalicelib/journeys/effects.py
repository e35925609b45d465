"""What effect tiles make: rows whose id is the hash of enrolment, tile and visit, put if absent."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.contacts.context import MarketingContext
from chalicelib.dynamodb import Write, put_new, silent
from chalicelib.journeys.document import AssignTo, CreateLead, EmailTile, JourneyDocument, RaiseTrigger, TaskTile
from chalicelib.journeys.models import Enrolment, Raised
from chalicelib.journeys.rules import effect_id
from chalicelib.journeys.state import State


class Moment(Struct, frozen=True):
    """Who stands at an effect tile, and when."""

    enrolment: Enrolment
    state: State
    document: JourneyDocument
    contact: Any
    now: datetime
    made: str
    """The id of what the tile makes at this visit."""

    @classmethod
    def of(cls, enrolment: Enrolment, state: State, document: JourneyDocument, contact: Any, now: datetime) -> "Moment":
        made = effect_id(enrolment.enrolment_id, state.tile or "", state.visit)
        return cls(enrolment, state, document, contact, now, made)

    @property
    def tile_id(self) -> str:
        return self.state.tile or ""


class Effect(Struct, frozen=True):
    """The writes of a tile, the figures it counts for besides having been processed, and what it made."""

    writes: list[Write]
    figures: tuple[str, ...]
    why: str


def of_tile(moment: Moment) -> Effect:
    """Return what the tile that the contact stands at makes."""
    tile = moment.document.tiles[moment.tile_id]
    writes = [silent(write) for write in MAKE[type(tile)](moment, tile)]
    return Effect(writes, ("intended",) if isinstance(tile, EmailTile) else (), f"made {moment.made}")


def _send(moment: Moment, tile: EmailTile) -> Sequence[Write]:
    from chalicelib.messages import plans as messages

    enrolment = moment.enrolment
    return messages.queue_send(
        moment.made,
        enrolment_id=enrolment.enrolment_id,
        journey_id=enrolment.journey_id,
        journey_version=enrolment.journey_version,
        occurrence=enrolment.occurrence,
        tile=moment.tile_id,
        visit=moment.state.visit,
        contact_id=enrolment.contact_id,
        email_id=tile.email,
        content_settings_id=moment.document.content_settings or "",
        expires=tile.expires,
        now=moment.now,
    )


def _task(moment: Moment, tile: TaskTile) -> Sequence[Write]:
    from chalicelib.activities import plans as activities

    document = moment.document
    owners = {
        AssignTo.USER: tile.user,
        AssignTo.CONTACT_OWNER: moment.contact.owner_id or document.owner,
        AssignTo.JOURNEY_OWNER: document.owner,
    }
    return activities.create(
        moment.made,
        kind="task",
        subject=tile.subject,
        description=tile.details,
        owner_id=owners[tile.assign_to],
        due=tile.due_in.after(moment.now, document.zone) if tile.due_in else None,
        regarding_contact_id=moment.enrolment.contact_id,
        journey_id=moment.enrolment.journey_id,
        enrolment_id=moment.enrolment.enrolment_id,
        now=moment.now,
    )


def _lead(moment: Moment, tile: CreateLead) -> Sequence[Write]:
    from chalicelib.leads import plans as leads

    contact, owner = moment.contact, moment.document.owner or moment.contact.owner_id
    context = MarketingContext(journey_id=moment.enrolment.journey_id, at=moment.now)
    return leads.create_from_tile(
        moment.made, contact, tile.topic, contact.last_name or "(no name)", context, owner, moment.now
    )


def _raise(moment: Moment, tile: RaiseTrigger) -> Sequence[Write]:
    raised = Raised(
        *Raised.at(moment.made),
        raised_id=moment.made,
        trigger_id=tile.trigger,
        contact_id=moment.enrolment.contact_id,
        attributes=json.dumps(tile.attributes),
        raised_at=moment.now,
        source=f"enrolment:{moment.enrolment.enrolment_id}",
    )
    return [put_new(raised)]


MAKE: Mapping[type, Callable[[Moment, Any], Sequence[Write]]] = {
    EmailTile: _send,
    TaskTile: _task,
    CreateLead: _lead,
    RaiseTrigger: _raise,
}
