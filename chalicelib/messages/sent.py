"""What became of sends, as interactions of their contacts."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.messages.ledger import State
from chalicelib.messages.models import Send
from chalicelib.messages.reasons import INTERACTION_OF, Reason


def attributes_of(send: Send) -> dict[str, Any]:
    """Return the attributes that every interaction with a message has (5.2)."""
    return {
        "email_id": send.email_id,
        "email_version": send.email_version,
        "send_id": send.send_id,
        "journey_id": send.journey_id,
        "occurrence": send.occurrence,
        "tile": send.tile,
        "enrolment_id": send.enrolment_id,
    }


def type_of(send: Send) -> InteractionType | None:
    """Return what a settled send is as an interaction; None for one that is unknown, or whose contact is gone."""
    if send.state == State.SENT:
        return InteractionType.EMAIL_SENT
    if send.state == State.FAILED:
        return InteractionType.EMAIL_SENDING_FAILED
    if send.state != State.BLOCKED or send.reason == Reason.CONTACT_DELETED:
        return None
    return INTERACTION_OF.get(send.reason or "", InteractionType.EMAIL_BLOCKED)


def record(send_id: str, now: datetime) -> None:
    """Record a settled send, once: instant and id come from the send."""
    send = Send.find(*Send.at(send_id))
    if send is None or send.settled_at is None:
        return
    type_, at = type_of(send), send.settled_at
    if type_ is not None and contacts.exists(send.contact_id):
        with suppress(ConditionFailed):
            commit(interactions.record_if_absent(_interaction(send, type_, at), now))


def _interaction(send: Send, type_: InteractionType, at: datetime) -> NewInteraction:
    return NewInteraction(
        type_,
        at,
        "send",
        f"{send.send_id}#{send.state}",
        contact_id=send.contact_id,
        account_id=send.account_id,
        attributes={**attributes_of(send), "reason": send.reason},
    )
