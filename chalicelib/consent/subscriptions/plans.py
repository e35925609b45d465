"""What joining and leaving a list writes: memberships, the record of each change, the interaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from chalicelib.clock import as_text, digest
from chalicelib.consent.models import ChangeRow
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions.models import Subscription, SubscriptionList, list_key
from chalicelib.consent.subscriptions.rules import State, moving, of_person
from chalicelib.dynamodb import Write, check, put, put_new, shard
from chalicelib.errors import Conflict
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType

STOPPED = Conflict("This list is stopped, so nobody can join it.")
TYPES = {
    State.SUBSCRIBED: InteractionType.SEGMENT_SUBSCRIBED,
    State.UNSUBSCRIBED: InteractionType.SEGMENT_UNSUBSCRIBED,
}


class Standing(Struct, frozen=True):
    """Where a person stands with a list: what each of its identities said, the main contact first."""

    list_id: str
    people: Sequence[str]
    rows: Sequence[Subscription | None]

    @property
    def states(self) -> list[State | None]:
        return [State(row.state) if row is not None else None for row in self.rows]

    @property
    def on(self) -> bool:
        return of_person(self.states) is State.SUBSCRIBED

    @property
    def since(self) -> datetime:
        """Since when the person is on the list, or is not any more: as the contact that said so last."""
        return max(row.since for row in self.rows if row is not None and row.holds == self.on)

    def left_after(self, moment: datetime) -> bool:
        """Return whether the person left the list later than `moment`, as any of its identities."""
        return any(row is not None and not row.holds and row.since > moment for row in self.rows)


class Said(Struct, frozen=True):
    """That a person joins or leaves: the proof of it, what names it for ever, and where it happened."""

    evidence: Evidence
    change_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


def move(standing: Standing, wanted: State, said: Said, now: datetime) -> list[Write]:
    """Return the writes by which a person joins or leaves a list, none if nothing changes (SBL-3).

    Conditional on what was read before. Only a list that is not stopped can be joined; leaving is always possible.
    """
    changing = moving(standing.states, wanted)
    if not changing:
        return []
    rows = [write for at in changing for write in _of_one(standing, at, wanted, said, now)]
    return [
        *([_joinable(standing.list_id)] if wanted is State.SUBSCRIBED else []),
        *rows,
        *_told(standing, wanted, said, now),
    ]


def _joinable(list_id: str) -> Write:
    there = SubscriptionList.pk.exists() & SubscriptionList.stopped_at.does_not_exist()
    return check(list_key(list_id), there, refused=STOPPED)


def _of_one(standing: Standing, at: int, wanted: State, said: Said, now: datetime) -> list[Write]:
    contact_id, before = standing.people[at], standing.rows[at]
    row = Subscription(
        *Subscription.at(contact_id, standing.list_id),
        contact_id=contact_id,
        list_id=standing.list_id,
        state=wanted,
        since=now,
        version=before.version + 1 if before is not None else 1,
    )
    if wanted is State.SUBSCRIBED:
        row.list_shard = f"{standing.list_id}#{shard(contact_id)}"
    put_row = put_new(row) if before is None else put(row, Subscription.version == before.version)
    return [put_row, put_new(_record(contact_id, standing, at, wanted, said, now))]


def _record(contact_id: str, standing: Standing, at: int, wanted: State, said: Said, now: datetime) -> ChangeRow:
    change_id = digest(said.change_id, standing.list_id, contact_id)
    return ChangeRow(
        *ChangeRow.at(contact_id, as_text(now), change_id),
        contact_id=contact_id,
        changed_at=now,
        list_id=standing.list_id,
        who=said.evidence.who,
        source=said.evidence.source,
        source_version=said.evidence.version,
        wording=said.evidence.wording,
        method=said.evidence.method,
        reason=said.evidence.reason,
        before={"subscription": standing.states[at]},
        after={"subscription": wanted},
    )


def _told(standing: Standing, wanted: State, said: Said, now: datetime) -> list[Write]:
    told = NewInteraction(
        TYPES[wanted],
        now,
        "subscription",
        digest(said.change_id, standing.list_id),
        contact_id=standing.people[0],
        attributes={**said.attributes, "list_id": standing.list_id},
    )
    return interactions.record(told, now)
