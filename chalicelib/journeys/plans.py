"""What enrolling, going on, resting, ending, holding and setting aside write; each fenced by token and revision."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.agenda import due_shard
from chalicelib.dynamodb import Key, Write, delete, put, put_new, update
from chalicelib.journeys.models import WORK, Burst, Enrolment, Inside, Refusal, Standing, Wait, journey_shard
from chalicelib.journeys.state import State, log_text, trail_text
from chalicelib.journeys.stops import StopReason
from chalicelib.settings import settings

MOST_ATTEMPTS = 5
KEPT_AFTER_DEADLINE = timedelta(days=2)


def key_of(enrolment_id: str) -> Key:
    return Key(Enrolment, *Enrolment.at(enrolment_id))


# Entering ----------------------------------------------------------------------------------------------------------


class Entry(Struct, frozen=True):
    """A contact that enters: by which version, for which occurrence, and the key it is inside under, if any."""

    contact_id: str
    journey_id: str
    version: int
    occurrence: str
    inside: str | None = None
    identities: Sequence[str] = ()
    """All that the contact is, where it was merged with others."""


def enrol(entry: Entry, state: State, now: datetime) -> list[Write]:
    """Put the enrolment if absent; where only one may be inside at a time, also the row that says so."""
    enrolment = Enrolment(
        *Enrolment.at(f"{entry.contact_id}.{entry.journey_id}.{entry.occurrence}"),
        contact_id=entry.contact_id,
        journey_id=entry.journey_id,
        occurrence=entry.occurrence,
        journey_version=entry.version,
        standing=Standing.ACTIVE.value,
        tile=state.tile,
        trail=trail_text(state.trail),
        log=log_text(state.log),
        inside=entry.inside,
        identities=list(entry.identities) if len(entry.identities) > 1 else None,
        journey_shard=journey_shard(entry.journey_id, entry.contact_id),
        enrolled_at=now,
        due_shard=due_shard(WORK, entry.contact_id),
        due=now,
    )
    if entry.inside is None:
        return [put_new(enrolment)]
    return [put_new(enrolment), put_new(Inside(enrolment.pk, entry.inside, enrolment_id=enrolment.enrolment_id))]


def refuse(entry: Entry, reason: StopReason, how: str, now: datetime) -> Write:
    """Record why a contact of the audience is not processed; the latest reason stands."""
    place = Refusal.at(entry.contact_id, entry.journey_id, entry.occurrence)
    refusal = Refusal(
        *place,
        contact_id=entry.contact_id,
        journey_id=entry.journey_id,
        occurrence=entry.occurrence,
        reason=reason.value,
        refused_at=now,
        how=how,
    )
    return put(refusal, Refusal.pk.does_not_exist() | (Refusal.reason != reason.value))


# A burst -----------------------------------------------------------------------------------------------------------


def claim(enrolment_id: str, token: str, now: datetime, *, at_tile: str | None) -> Write:
    """Take the lease: by time only what is due, by a fact only what still is at the tile that waits for it.

    A fact makes it due at once, so that the agenda takes up what a fact woke and what then died.
    """
    free = Enrolment.token.does_not_exist() | (Enrolment.token == token) | (Enrolment.lease_until < now)
    called = (Enrolment.due <= now) if at_tile is None else (Enrolment.tile == at_tile)
    return update(
        key_of(enrolment_id),
        Enrolment.token.set(token),
        Enrolment.lease_until.set(now + timedelta(seconds=int(settings.lease_seconds))),
        Enrolment.attempts.set(Enrolment.attempts + 1),
        *([] if at_tile is None else [Enrolment.due.set(now)]),
        condition=(Enrolment.standing == Standing.ACTIVE.value) & free & (Enrolment.attempts < MOST_ATTEMPTS) & called,
    )


def count_wake(enrolment_id: str, token: str) -> Write:
    """Tell the burst that holds the lease that a fact arrived which it may not have seen."""
    return update(key_of(enrolment_id), Enrolment.wakes.set(Enrolment.wakes + 1), condition=Enrolment.token == token)


def _fence(enrolment: Enrolment) -> Condition:
    """The lease is still held, the state is what was read, and no fact came that this burst did not see (design 5)."""
    held: Condition = Enrolment.token == enrolment.token if enrolment.token else Enrolment.token.does_not_exist()
    fence: Condition = held & (Enrolment.revision == enrolment.revision) & (Enrolment.wakes == enrolment.wakes)
    return fence


def _moved(enrolment: Enrolment, state: State, **changes: Any) -> Write:
    """Put the enrolment at the place it has come to. Nothing is lost by that: whoever else changes it breaks the fence.

    A whole item is written for as much as one attribute of it, and needs no expression that has to be understood.
    """
    moved = enrolment.replaced(
        tile=state.tile,
        trail=trail_text(state.trail),
        revision=enrolment.revision + 1,
        attempts=0,
        **changes,
    )
    return put(moved, _fence(enrolment))


def advance(enrolment: Enrolment, state: State) -> list[Write]:
    """Commit what was decided so far, within a burst."""
    return [_moved(enrolment, state, log=log_text(state.log))]


def _paused(enrolment: Enrolment, state: State, **changes: Any) -> Write:
    bursts = enrolment.bursts + bool(state.log)
    return _moved(enrolment, state, bursts=bursts, token=None, lease_until=None, log=None, **changes)


def _history(enrolment: Enrolment, state: State, now: datetime, ended: str | None = None) -> list[Write]:
    """Return the row of what a burst did, from which figures are counted: its visits, the entry, the end."""
    if not state.log and ended is None:
        return []
    burst = Burst(
        *Burst.at(enrolment.enrolment_id, enrolment.bursts + 1),
        contact_id=enrolment.contact_id,
        journey_id=enrolment.journey_id,
        journey_version=enrolment.journey_version,
        at_instant=now,
        log=log_text(state.log),
        ended=ended,
    )
    return [put_new(burst)]


def rest(
    enrolment: Enrolment, state: State, until: datetime, now: datetime, *, waits: str | None = None
) -> list[Write]:
    """Give the lease back until time comes or a fact."""
    shard = due_shard(WORK, enrolment.contact_id)
    rested = _paused(enrolment, state, until=until, due_shard=shard, due=until, waits=waits or None)
    return [rested, *_history(enrolment, state, now)]


def end(enrolment: Enrolment, state: State, now: datetime, reason: StopReason | None = None) -> list[Write]:
    """End the walk: finished, or stopped for a reason that counts at the tile where the contact stood (JRN-71)."""
    if reason is not None and state.tile is not None:
        state = state.noted(now, f"stopped:{reason.value}")
    standing = Standing.FINISHED if reason is None else Standing.STOPPED
    ended = _paused(
        enrolment,
        state,
        standing=standing.value,
        ended_at=now,
        due=None,
        due_shard=None,
        until=None,
        waits=None,
        reason=reason.value if reason else None,
    )
    how = standing.value + (f":{reason.value}" if reason else "")
    writes = [ended, *_history(enrolment, state, now, ended=how)]
    if enrolment.inside:
        row = Key(Inside, enrolment.pk, enrolment.inside)
        writes.append(delete(row, Inside.enrolment_id == enrolment.enrolment_id))
    return writes


def hold(enrolment: Enrolment, state: State, now: datetime) -> list[Write]:
    """Leave the agenda until the journey goes live again (decision 24). `until` stays: timers run on."""
    held = _paused(enrolment, state, standing=Standing.HELD.value, due=None, due_shard=None)
    return [held, *_history(enrolment, state, now)]


# Outside a burst ---------------------------------------------------------------------------------------------------


def back_off(enrolment_id: str, token: str, reason: str, due: datetime) -> Write:
    """Give the lease back after a failure, keep the reason, try again later."""
    actions = [Enrolment.token.remove(), Enrolment.lease_until.remove(), Enrolment.reason.set(reason)]
    return update(key_of(enrolment_id), *actions, Enrolment.due.set(due), condition=Enrolment.token == token)


def bring_forward(enrolment_id: str, at_tile: str, due: datetime) -> Write:
    """Let the agenda wake what a fact called and could not claim."""
    resting = (Enrolment.standing == Standing.ACTIVE.value) & (Enrolment.tile == at_tile)
    return update(key_of(enrolment_id), Enrolment.due.set(due), condition=resting & (Enrolment.due > due))


def set_aside(enrolment_id: str, token: str | None, reason: str | None) -> Write:
    """Take an enrolment that failed too often off the agenda; a user can see and resume it."""
    actions: list[Action] = [Enrolment.token.remove(), Enrolment.lease_until.remove(), Enrolment.due.remove()]
    if reason is not None:
        actions.append(Enrolment.reason.set(reason))
    failed = (Enrolment.standing == Standing.ACTIVE.value) & (Enrolment.attempts >= MOST_ATTEMPTS)
    same = Enrolment.token == token if token else Enrolment.token.does_not_exist()
    standing = Enrolment.standing.set(Standing.SET_ASIDE.value)
    return update(key_of(enrolment_id), *actions, Enrolment.due_shard.remove(), standing, condition=failed & same)


def rearm(enrolment: Enrolment, due: datetime, version: int | None = None) -> Write:
    """Put a held enrolment, or one set aside, back on the agenda, on its version or another."""
    actions = [
        Enrolment.standing.set(Standing.ACTIVE.value),
        Enrolment.attempts.set(0),
        Enrolment.reason.remove(),
        Enrolment.due_shard.set(due_shard(WORK, enrolment.contact_id)),
        Enrolment.due.set(due),
        Enrolment.revision.set(enrolment.revision + 1),
        *([Enrolment.journey_version.set(version), Enrolment.waits.remove()] if version else []),
    ]
    unchanged = (Enrolment.standing == enrolment.standing) & _fence(enrolment)
    return update(enrolment.key, *actions, condition=unchanged)


def await_fact(
    enrolment: Enrolment, type_: str, literal: str, tile: str, until: datetime, contact_id: str | None = None
) -> Write:
    """Let a fact of the contact, or of another that is the same person, wake the enrolment while it is at the tile."""
    contact_id = contact_id or enrolment.contact_id
    wait = Wait(
        *Wait.at(contact_id, type_, literal, enrolment.enrolment_id),
        contact_id=contact_id,
        enrolment_id=enrolment.enrolment_id,
        tile=tile,
        literal=literal,
        expires=int((until + KEPT_AFTER_DEADLINE).timestamp()),
    )
    return put(wait)
