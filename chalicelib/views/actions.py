"""What can be done with many contacts at once (CON-16): each for itself, with an outcome of its own, safe to repeat."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Struct
from pydantic import Field, model_validator

from chalicelib.clock import digest
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.consent.subscriptions import records as lists
from chalicelib.consent.subscriptions import service as subscriptions
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts import changing
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import tries
from chalicelib.errors import Conflict, DomainError, NotFound, Stale, Unavailable
from chalicelib.http import Schema
from chalicelib.segments import service as segments
from chalicelib.views.document import Id

MOST_CHOSEN = 50
"""Contacts of one request; more are the members of a segment, by a job."""
ONLY_KEPT = "The person demanded that nothing is done with its data."


class Action(StrEnum):
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    SET_OWNER = "set-owner"
    ADD_TO_SEGMENT = "add-to-segment"
    REMOVE_FROM_SEGMENT = "remove-from-segment"
    ADD_TO_LIST = "add-to-list"
    REMOVE_FROM_LIST = "remove-from-list"
    DELETE = "delete"


NEEDED: Mapping[Action, Sequence[str]] = {
    Action.SET_OWNER: ("owner_id",),
    Action.ADD_TO_SEGMENT: ("segment_id",),
    Action.REMOVE_FROM_SEGMENT: ("segment_id",),
    Action.ADD_TO_LIST: ("list_id", "reason"),
    Action.REMOVE_FROM_LIST: ("list_id",),
}
"""What an action cannot do without; joining a list needs the reason: how the people asked for it (invariant 7)."""


class Order(Schema):
    """An action, and what it is about."""

    action: Action
    owner_id: Id | None = None
    segment_id: Id | None = None
    list_id: Id | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Order":
        if missing := [name for name in NEEDED.get(self.action, ()) if getattr(self, name) is None]:
            raise ValueError(f"The action {self.action} needs {' and '.join(missing)}.")
        return self

    @property
    def scope(self) -> str:
        """Who may do this, besides changing contacts."""
        of_segments = self.action in {Action.ADD_TO_SEGMENT, Action.REMOVE_FROM_SEGMENT}
        return "segments:write" if of_segments else "contacts:write"


class Result(StrEnum):
    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Outcome(Struct, frozen=True):
    """What became of a contact; `again` where trying it once more may help."""

    contact_id: str
    result: Result
    why: str | None = None
    again: bool = False


class Asked(Struct, frozen=True):
    """An order as somebody gave it: `id` names it for ever, so that doing it again is no second change."""

    id: str
    order: Order
    by: str
    now: datetime


def require(order: Order) -> None:
    """Refuse an order that can be done with nobody. Raises NotFound, Conflict."""
    if order.segment_id is not None:
        segments.require_static(order.segment_id)
    if order.list_id is not None:
        lists.find(order.list_id)


def perform(asked: Asked, contact_id: str, version: int | None = None) -> Outcome:
    """Do what was asked with one contact, and say what came of it; nothing is raised for the sake of one."""
    try:
        _require_in_use(asked.order.action, contact_id)
        changed = DEEDS[asked.order.action](asked, contact_id, version)
    except DomainError as error:
        return Outcome(contact_id, Result.REFUSED, str(error), isinstance(error, Unavailable))
    return Outcome(contact_id, Result.DONE if changed else Result.UNCHANGED)


def _require_in_use(action: Action, contact_id: str) -> None:
    """Refuse to do anything with data that is to be kept and nothing else; only taking off a list takes something away.

    Nor is it deleted along with others: who restricts the use of its data may need it (GDPR 18(1)).
    """
    if action is not Action.REMOVE_FROM_LIST and consent.of_person(contacts.who_is(contact_id)).restricted:
        raise Conflict(ONLY_KEPT)


Deed = Callable[[Asked, str, int | None], bool]
"""the order, a contact, its version if it must be that → whether anything changed."""


def _activate(asked: Asked, contact_id: str, version: int | None) -> bool:
    return changing.activate(contact_id, version, asked.now).changed


def _deactivate(asked: Asked, contact_id: str, version: int | None) -> bool:
    return changing.deactivate(contact_id, version, asked.now).changed


def _own(asked: Asked, contact_id: str, version: int | None) -> bool:
    return changing.own(contact_id, asked.order.owner_id or "", version, asked.now).changed


def _pick(asked: Asked, contact_id: str, _: int | None) -> bool:
    return segments.by_hand(asked.order.segment_id or "", contact_id, asked.now, member=True)


def _unpick(asked: Asked, contact_id: str, _: int | None) -> bool:
    return segments.by_hand(asked.order.segment_id or "", contact_id, asked.now, member=False)


def _join(asked: Asked, contact_id: str, _: int | None) -> bool:
    return _subscribed(asked, contact_id, State.SUBSCRIBED)


def _leave(asked: Asked, contact_id: str, _: int | None) -> bool:
    return _subscribed(asked, contact_id, State.UNSUBSCRIBED)


def _subscribed(asked: Asked, contact_id: str, wanted: State) -> bool:
    list_id = asked.order.list_id or ""
    [before] = subscriptions.standings(contacts.find_who(contact_id), [list_id])
    evidence = Evidence(who=asked.by, source="api", method="by user, several at once", reason=asked.order.reason)
    change_id = digest(asked.id, contact_id)
    after = subscriptions.change_by_user(contact_id, list_id, wanted, evidence, change_id, asked.now)
    return before.on != after.on


def _delete(asked: Asked, contact_id: str, version: int | None) -> bool:
    """Who is gone already was deleted: by this order, when it is done again."""
    for _ in tries():
        try:
            contacts.remove(contact_id, version or contacts.find(contact_id).version, asked.now)
        except NotFound:
            return False
        except Stale:
            if version is not None:
                raise
            continue  # changed between reading and deleting
        return True
    raise Conflict("Others change this contact at this moment. Try again in a few seconds.")


DEEDS: Mapping[Action, Deed] = {
    Action.ACTIVATE: _activate,
    Action.DEACTIVATE: _deactivate,
    Action.SET_OWNER: _own,
    Action.ADD_TO_SEGMENT: _pick,
    Action.REMOVE_FROM_SEGMENT: _unpick,
    Action.ADD_TO_LIST: _join,
    Action.REMOVE_FROM_LIST: _leave,
    Action.DELETE: _delete,
}
