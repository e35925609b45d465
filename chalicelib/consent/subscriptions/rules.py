"""Who is on a list, as one contact and as a person of several; pure."""

from collections.abc import Iterable, Sequence
from enum import StrEnum


class State(StrEnum):
    """What a contact said of a list; one that never said anything has none."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"


def of_person(states: Iterable[State | None]) -> State | None:
    """Return where a person stands that has several identities: one that left keeps all of them off (invariant 7)."""
    known = set(states)
    if State.UNSUBSCRIBED in known:
        return State.UNSUBSCRIBED
    return State.SUBSCRIBED if State.SUBSCRIBED in known else None


def moving(states: Sequence[State | None], wanted: State) -> list[int]:
    """Return which identities change where the person, whose main contact comes first, joins or leaves.

    All that are on the list leave it, so undoing a merge revives nobody. Who joins does so as the main contact, and
    takes back what it said against it as another.
    """
    if wanted is State.UNSUBSCRIBED:
        return [at for at, state in enumerate(states) if state is State.SUBSCRIBED]
    if of_person(states) is State.SUBSCRIBED:
        return []
    return [at for at, state in enumerate(states) if state is State.UNSUBSCRIBED or (at == 0 and state is None)]
