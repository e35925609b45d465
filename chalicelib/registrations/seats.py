"""The seats of an event: who registers takes one under the condition that there is one left."""

from chalicelib.dynamodb import Key, Write, update
from chalicelib.errors import Conflict
from chalicelib.registrations.models import Seats

BUSY = Conflict("Others change this registration at this moment. Try again in a few seconds.")
SHOWN = 50_000
"""How far counts are shown (22.2)."""


def of(event_id: str) -> Seats:
    """Return the seats of an event and what happened there, read consistently."""
    return Seats.find(*Seats.at(event_id)) or Seats(*Seats.at(event_id))


def take(event_id: str, capacity: int | None) -> Write:
    """Return the write that takes a seat; refused where all are taken, unless nobody counts them (EVT-9)."""
    left = None if capacity is None else Seats.taken.does_not_exist() | (Seats.taken < capacity)
    return update(_key(event_id), Seats.taken.add(1), Seats.registered.add(1), Seats.kind.set(Seats), condition=left)


def give_back(event_id: str) -> Write:
    """Return the write by which who canceled gives the seat back."""
    return update(_key(event_id), Seats.taken.add(-1), Seats.canceled.add(1), condition=Seats.taken >= 1)


def leave(event_id: str) -> Write:
    """Return the write by which the seat of who was deleted is free; that somebody registered stays counted."""
    return update(_key(event_id), Seats.taken.add(-1), condition=Seats.taken >= 1)


def come(event_id: str) -> Write:
    """Return the write that counts a check-in."""
    return update(_key(event_id), Seats.checked_in.add(1), condition=Seats.pk.exists())


def _key(event_id: str) -> Key:
    return Key(Seats, *Seats.at(event_id))


def registrations(seats: Seats) -> int:
    return min(seats.registered - seats.canceled, SHOWN)


def check_ins(seats: Seats) -> int:
    return min(seats.checked_in, SHOWN)


def left(seats: Seats, capacity: int | None) -> int | None:
    """Return how many seats are left; users may have registered more people than there are."""
    return None if capacity is None else max(0, capacity - seats.taken)
