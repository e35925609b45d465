"""What an address or a number allows by purpose and topic, and what that lets through; pure (RCN-3 to RCN-5)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Channel(StrEnum):
    """By what a contact point is reached."""

    EMAIL = "email"
    TELEPHONE = "telephone"


class Model(StrEnum):
    """How strictly the consent of a purpose is enforced."""

    RESTRICTIVE = "restrictive"
    NON_RESTRICTIVE = "non-restrictive"
    DISABLED = "disabled"


class State(StrEnum):
    """What was said of a purpose or a topic; of what nobody said anything it is not set, which is None."""

    OPTED_IN = "opted-in"
    OPTED_OUT = "opted-out"


ENFORCED: Mapping[tuple[Model, State | None], bool] = {
    (Model.RESTRICTIVE, State.OPTED_OUT): False,
    (Model.RESTRICTIVE, None): False,
    (Model.RESTRICTIVE, State.OPTED_IN): True,
    (Model.NON_RESTRICTIVE, State.OPTED_OUT): False,
    (Model.NON_RESTRICTIVE, None): True,
    (Model.NON_RESTRICTIVE, State.OPTED_IN): True,
    (Model.DISABLED, State.OPTED_OUT): True,
    (Model.DISABLED, None): True,
    (Model.DISABLED, State.OPTED_IN): True,
}
"""model, what was said → whether it is let through (RCN-3)."""


class Refused(StrEnum):
    """What a message lacks the consent for."""

    PURPOSE = "purpose"
    TOPIC = "topic"


def refused(model: Model, purpose: State | None, topic: State | None, *, has_topic: bool) -> Refused | None:
    """Return why a message may not go out, None if it may.

    One with a topic needs both: no topic overrules what was said of its purpose (RCN-5).
    """
    if not ENFORCED[model, purpose]:
        return Refused.PURPOSE
    return Refused.TOPIC if has_topic and not ENFORCED[model, topic] else None


def choice_of(purpose: str, topic: str | None = None) -> str:
    """Return the name under which what was said is kept: that of a purpose, or of a topic under its purpose."""
    return f"{purpose}/{topic}" if topic else purpose


class Said(Struct, frozen=True):
    """What was said of a purpose or a topic, and when."""

    state: State
    since: datetime


class Standing(Struct, frozen=True):
    """What a contact point said of a profile's purposes and topics; `version` 0: nothing yet.

    It is named by the keyed hash of its address or number, so it is the same whoever has it (RCN-1).
    """

    point: str
    profile_id: str
    channel: Channel
    choices: Mapping[str, Said] = {}
    version: int = 0
    changed_at: datetime | None = None
    record: str | None = None

    def state(self, choice: str) -> State | None:
        said = self.choices.get(choice)
        return said.state if said is not None else None

    def agreed_at(self, choice: str) -> datetime | None:
        """Return since when it expressly allows something, None where it does not."""
        said = self.choices.get(choice)
        return said.since if said is not None and said.state is State.OPTED_IN else None


Wanted = Mapping[str, State | None]
"""What is to be said from now on, by choice; None: not set."""

ALLOWS: Mapping[State | None, int] = {State.OPTED_OUT: 0, None: 1, State.OPTED_IN: 2}


def changed(before: Standing, wanted: Wanted) -> dict[str, State | None]:
    """Return what of `wanted` differs."""
    return {choice: state for choice, state in wanted.items() if before.state(choice) is not state}


def lowered(before: Wanted, after: Wanted) -> set[str]:
    """Return what of a change allows less than before."""
    return {choice for choice, state in after.items() if ALLOWS[state] < ALLOWS[before[choice]]}


def raises(before: Standing, wanted: Wanted) -> bool:
    """Return whether a change allows more than before: only the person, or a user with a reason, may (invariant 7)."""
    return any(ALLOWS[state] > ALLOWS[before.state(choice)] for choice, state in wanted.items())
