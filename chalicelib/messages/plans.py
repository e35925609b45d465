"""What queueing, claiming and settling a send write."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from pynamodb.expressions.update import Action

from chalicelib.agenda import due_shard
from chalicelib.clock import digest
from chalicelib.dynamodb import Key, Write, put, put_new, update
from chalicelib.messages.ledger import DEDUP_KEPT, TAKEN_UP_AFTER, UNKNOWN_FOR, WORK, State
from chalicelib.messages.models import Dedup, Send


def send_id_of(enrolment_id: str, tile: str, visit: int) -> str:
    """Return the id of the send that a tile's visit makes: the same whoever makes it."""
    return digest(enrolment_id, tile, str(visit))


def queue_send(  # noqa: PLR0913  the ledger's row names all that it was made for
    send_id: str,
    *,
    contact_id: str,
    email_id: str,
    content_settings_id: str,
    now: datetime,
    enrolment_id: str | None = None,
    journey_id: str | None = None,
    journey_version: int | None = None,
    occurrence: str | None = None,
    tile: str | None = None,
    visit: int | None = None,
    expires: datetime | None = None,
) -> list[Write]:
    """Return the write that queues one message; the stream tells the sender. Its condition fails if it is queued."""
    send = Send(
        *Send.at(send_id),
        send_id=send_id,
        state=State.QUEUED,
        enrolment_id=enrolment_id,
        journey_id=journey_id,
        journey_version=journey_version,
        occurrence=occurrence,
        tile=tile,
        visit=visit,
        contact_id=contact_id,
        email_id=email_id,
        content_settings_id=content_settings_id,
        good_until=expires,
        queued_at=now,
        due_shard=due_shard(WORK, send_id),
        due=now + TAKEN_UP_AFTER,
    )
    return [put_new(send)]


class Claimed(Struct, frozen=True):
    """What the claim fixes: the version that goes out, to whom, and the consent it relies on."""

    token: str
    leased_until: datetime
    email_version: int
    designation: str
    address_hash: str
    account_id: str | None
    tracked: bool
    consent: Mapping[str, Any]
    links: list[str]


def claim(send: Send, claimed: Claimed) -> list[Write]:
    """Return the write that takes a send: queued, or unknown and due once more. `due` stays: it is the recovery."""
    write = update(
        send.key,
        Send.state.set(State.CLAIMED),
        Send.tries.set(send.tries + 1),
        Send.token.set(claimed.token),
        Send.leased_until.set(claimed.leased_until),
        Send.email_version.set(claimed.email_version),
        Send.designation.set(claimed.designation),
        Send.address_hash.set(claimed.address_hash),
        Send.tracked.set(claimed.tracked),
        Send.consent.set(dict(claimed.consent)),
        *([Send.account_id.set(claimed.account_id)] if claimed.account_id else []),
        *([Send.links.set(claimed.links)] if claimed.links else []),
        condition=(Send.state == send.state) & (Send.tries == send.tries),
    )
    return [write]


def only_once(send: Send, address_hash: str, now: datetime) -> list[Write]:
    """Return the write that keeps a second contact with this address from the same message (EML-14, decision 25)."""
    row = Dedup(
        *Dedup.at(dedup_name(send, address_hash)), send_id=send.send_id, expires=int((now + DEDUP_KEPT).timestamp())
    )
    return [put(row, Dedup.pk.does_not_exist() | (Dedup.send_id == send.send_id))]


def dedup_name(send: Send, address_hash: str) -> str:
    """Return the name of what there is one message of, for an address: journey, occurrence, tile and visit."""
    return digest(send.journey_id or "", send.occurrence or "", send.tile or "", str(send.visit or 0), address_hash)


def block(send: Send, reason: str, now: datetime) -> Write:
    """Return the write that ends a queued send as blocked; a blocked send was never claimed."""
    actions = (Send.state.set(State.BLOCKED), Send.reason.set(reason), *_at_rest(now))
    return update(send.key, *actions, condition=Send.state == State.QUEUED)


def sent(send_id: str, token: str, provider_id: str, now: datetime) -> Write:
    """Return the write that records the provider's yes."""
    actions = (Send.state.set(State.SENT), Send.provider_id.set(provider_id), *_at_rest(now))
    return update(_key(send_id), *actions, condition=_held(token))


def failed(send_id: str, token: str, reason: str, now: datetime) -> Write:
    """Return the write that records a definite refusal."""
    actions = (Send.state.set(State.FAILED), Send.reason.set(reason), *_at_rest(now))
    return update(_key(send_id), *actions, condition=_held(token))


def unknown(send_id: str, token: str, now: datetime) -> Write:
    """Return the write that records that the provider's answer was lost; its events may still settle it."""
    return update(_key(send_id), Send.state.set(State.UNKNOWN), Send.due.set(now + UNKNOWN_FOR), condition=_held(token))


def give_back(send: Send, token: str) -> Write:
    """Return the write that undoes a claim whose message was certainly not taken: no attempt, no failure."""
    before = State.QUEUED if send.tries == 0 else State.UNKNOWN
    return update(send.key, Send.state.set(before), Send.tries.set(send.tries), condition=_held(token))


def rest(send: Send, wait: timedelta, now: datetime) -> Write:
    """Return the write that lets a queued send wait."""
    return update(send.key, Send.due.set(now + wait), condition=Send.state == State.QUEUED)


def reported(send_id: str, state: State, *, provider_id: str, reason: str | None, now: datetime) -> Write:
    """Return the write by which an event of the provider settles a send whose answer is not known."""
    because = [Send.reason.set(reason)] if reason else []
    return update(
        _key(send_id),
        Send.state.set(state),
        Send.provider_id.set(provider_id),
        *because,
        *_at_rest(now),
        condition=Send.state.is_in(State.CLAIMED, State.UNKNOWN) & Send.settled_at.does_not_exist(),
    )


def close_unknown(send: Send, now: datetime) -> Write:
    """Return the write that leaves a send unknown for good: it is never tried again."""
    return update(send.key, *_at_rest(now), condition=(Send.state == State.UNKNOWN) & Send.settled_at.does_not_exist())


def _at_rest(now: datetime) -> tuple[Action, ...]:
    return Send.settled_at.set(now), Send.due.remove(), Send.due_shard.remove()


def _held(token: str) -> Any:
    return (Send.state == State.CLAIMED) & (Send.token == token)


def _key(send_id: str) -> Key:
    return Key(Send, *Send.at(send_id))
