"""Use cases: raise a custom trigger by request, and business triggers by facts."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import ConditionFailed, commit, put_new
from chalicelib.errors import Conflict, Invalid, NotFound, Problem
from chalicelib.journeys import triggers, versions
from chalicelib.journeys.models import Raised
from chalicelib.journeys.schemas import RaiseRequest
from chalicelib.journeys.triggers import TriggerDocument

KIND = "trigger"


def raise_custom(trigger_id: str, wanted: RaiseRequest, raised_id: str, by: str, now: datetime) -> Raised:
    """Raise a live trigger for a contact. The same id again returns what it raised the first time.

    Raises Conflict where the trigger is not ready to use (TRG-7), Invalid for its attributes, NotFound.
    """
    live = definitions.require_live(KIND, trigger_id, Conflict("This trigger is not ready to use: publish it first."))
    document = TriggerDocument.model_validate(live.document)
    if wrong := triggers.mistakes(document.attributes, wanted.attributes):
        raise Invalid("The attributes do not fit the trigger.", wrong)
    raised = _row(raised_id, trigger_id, _contact(wanted), wanted.attributes, by, now)
    try:
        commit([put_new(raised)])
    except ConditionFailed as failed:
        return next(earlier for _, earlier in failed.of(Raised) if earlier is not None)
    return raised


def _contact(wanted: RaiseRequest) -> str:
    if wanted.contact_id is not None:
        return str(contacts.find(wanted.contact_id).contact_id)
    holders = contacts.by_email(wanted.email or "")
    if not holders:
        raise NotFound("Nobody is known by this address.", [Problem("email", "There is no contact with it.")])
    return str(holders[0].contact_id)


def _row(
    raised_id: str, trigger_id: str, contact_id: str, values: Mapping[str, Any], source: str, now: datetime
) -> Raised:
    return Raised(
        *Raised.at(raised_id),
        raised_id=raised_id,
        trigger_id=trigger_id,
        contact_id=contact_id,
        attributes=json.dumps(values, ensure_ascii=False),
        raised_at=now,
        source=source,
    )


def raise_business(fact: Mapping[str, Any], now: datetime) -> list[str]:
    """Raise the business triggers of a fact that live journeys start by, and return them (TRG-5, TRG-8)."""
    wanted = {
        journey.document.audience.trigger.trigger
        for journey in versions.all_running()
        if journey.document.audience.trigger is not None
    }
    raised = [trigger for trigger in triggers.raised_by(fact) if trigger in wanted]
    for trigger in raised:
        row = _row(triggers.business_id(trigger, fact), trigger, fact["contact"], {}, f"fact:{fact['fact']}", now)
        try:
            commit([put_new(row)])
        except ConditionFailed:
            continue  # raised by the same fact before
    return raised
