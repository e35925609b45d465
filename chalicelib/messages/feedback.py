"""What follows from the provider's events: the ledger, interactions, suppression, consent; each event counts once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.clock import digest
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, delete, put_changed, put_new, read, tries
from chalicelib.errors import Unavailable
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.models import Fact
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.messages import opting, plans, pointed, preferring, suppression
from chalicelib.messages.events import EmailEvent, Happened
from chalicelib.messages.events import read as read_event
from chalicelib.messages.ledger import State
from chalicelib.messages.models import Bounces, Send, Suppressed
from chalicelib.messages.sent import attributes_of
from chalicelib.observability import logger

TYPES: dict[Happened, InteractionType] = {
    Happened.DELIVERED: InteractionType.EMAIL_DELIVERED,
    Happened.HARD_BOUNCED: InteractionType.EMAIL_HARD_BOUNCED,
    Happened.SOFT_BOUNCED: InteractionType.EMAIL_SOFT_BOUNCED,
    Happened.BLOCK_BOUNCED: InteractionType.EMAIL_BLOCK_BOUNCED,
    Happened.COMPLAINED: InteractionType.EMAIL_FEEDBACK_LOOP,
    Happened.NOT_SPAM: InteractionType.EMAIL_FEEDBACK_LOOP,
    Happened.FAILED: InteractionType.EMAIL_SENDING_FAILED,
}
BUSY = Unavailable("The address is being changed by other events.")
SOFT = {Happened.SOFT_BOUNCED, Happened.BLOCK_BOUNCED}


def receive(body: Mapping[str, Any], now: datetime) -> None:
    """Act on one message of the events' queue. Events count for the send named in their tag (decision 33)."""
    event = read_event(body)
    if event is None or event.happened is Happened.NOTHING:
        return
    if event.send_id is None:
        _of_address(event, now)
        return
    send = Send.find(*Send.at(event.send_id))
    if send is None or send.address_hash is None:
        logger.info("event of a message that is not ours", provider_id=event.provider_id)
        return
    _settle(send, event, now)
    if event.happened is Happened.OPTED_OUT:
        _opt_out(send, event, now)
    elif event.happened in TYPES:
        _record(send, event, now)


def _of_address(event: EmailEvent, now: datetime) -> None:
    """Let what happened to a message that is no send count for its address, once."""
    hashed = event.address_hash
    if not hashed:
        return
    once = put_new(Fact(*Fact.place(digest("address-event", event.identity)), at=event.at))
    for _ in tries():
        suppressed, bounces = read(_of(hashed))
        consequences = _consequences(hashed, suppressed, bounces, event, now)
        try:
            commit([once] if consequences else [], consequences)
        except ConditionFailed as failed:
            if failed.of(Fact):
                return  # the same event, delivered before
        else:
            return
    raise BUSY


def _of(hashed: str) -> list[Key]:
    return [Key(Suppressed, *Suppressed.at(hashed, suppression.ALL)), Key(Bounces, *Bounces.at(hashed))]


def _settle(send: Send, event: EmailEvent, now: datetime) -> None:
    """Let an event end the doubt about a send whose answer was lost, or has not been recorded yet."""
    if send.state not in {State.CLAIMED, State.UNKNOWN} or send.settled_at is not None:
        return
    failed = event.happened is Happened.FAILED
    state, reason = (State.FAILED, event.detail) if failed else (State.SENT, None)
    try:
        commit([plans.reported(send.send_id, state, provider_id=event.provider_id, reason=reason, now=now)])
    except ConditionFailed:
        logger.info("send settled meanwhile", send_id=send.send_id)


def _opt_out(send: Send, event: EmailEvent, now: datetime) -> None:
    """Set bulk email to “do not allow”, once: the same event again must not undo what the person chose since.

    A message that names a compliance profile: its address does not allow that purpose any more.
    """
    evidence = Evidence(who="provider", source=f"send:{send.send_id}", method="provider-opt-out")
    change_id = digest("opt-out", event.identity)
    once = put_new(Fact(*Fact.place(change_id), contact_id=send.contact_id, at=event.at))
    if pointed.relied_on(send) is not None:
        preferring.refuse(send, evidence, change_id, now, once=once)
        return
    opting.set_bulk([send.contact_id or ""], change_id, evidence, now, allow=False, also=[once])


def _record(send: Send, event: EmailEvent, now: datetime) -> None:
    """Record what happened together with what it does to the address, in one transaction, once.

    Of a contact that was deleted only the address is concerned.
    """
    new = NewInteraction(
        TYPES[event.happened],
        event.at,
        "ses",
        event.identity,
        contact_id=send.contact_id,
        account_id=send.account_id,
        attributes={**attributes_of(send), "reason": event.detail},
    )
    hashed = send.address_hash or ""
    asked = [contacts.key(send.contact_id or ""), *_of(hashed)]
    for _ in tries():
        known, suppressed, bounces = read(asked)
        recorded = interactions.record(new, now, once=True) if known else [interactions.source_row(new)]
        try:
            commit(recorded, _consequences(hashed, suppressed, bounces, event, now))
        except ConditionFailed as failed:
            if failed.of(Fact):
                return  # the same event, delivered before
        else:
            return
    raise BUSY


def _consequences(
    hashed: str, suppressed: Suppressed | None, bounces: Bounces | None, event: EmailEvent, now: datetime
) -> list[Write]:
    """Return what an event does to the address."""
    if event.happened is Happened.DELIVERED:
        return [delete(bounces.key, Bounces.version == bounces.version)] if bounces else []
    if event.happened is Happened.HARD_BOUNCED:
        return _suppress(suppressed, hashed, suppression.HARD_BOUNCE, event, now)
    if event.happened is Happened.COMPLAINED:
        forever = suppression.Wanted(hashed, suppression.ALL, suppression.COMPLAINT)  # EML-26
        return suppression.plan(suppressed, forever, now)
    return _soft(suppressed, bounces, hashed, event, now) if event.happened in SOFT else []


def _suppress(before: Suppressed | None, hashed: str, reason: str, event: EmailEvent, now: datetime) -> list[Write]:
    until = event.at + suppression.HARD_BOUNCE_FOR
    return suppression.plan(before, suppression.Wanted(hashed, suppression.ALL, reason, until), now)


def _soft(
    before: Suppressed | None, bounces: Bounces | None, hashed: str, event: EmailEvent, now: datetime
) -> list[Write]:
    """Count a soft bounce; the fifth in a row is treated as a hard one (EML-24, decision 32)."""
    if bounces is None:
        return [put_new(Bounces(*Bounces.at(hashed), in_a_row=1))]
    bounces.in_a_row += 1
    hard = bounces.in_a_row >= suppression.SOFT_IN_A_ROW
    suppressed = _suppress(before, hashed, suppression.SOFT_BOUNCES, event, now) if hard else []
    return [put_changed(bounces, refused=None), *suppressed]
