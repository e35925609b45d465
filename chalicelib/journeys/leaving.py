"""What a deleted contact leaves behind in the journeys: its walks end, are counted, and go (decision 40)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from chalicelib.dynamodb import ConditionFailed, commit, delete
from chalicelib.journeys import plans
from chalicelib.journeys.models import INSIDE, Burst, Enrolment, JourneysItem
from chalicelib.journeys.stops import StopReason

MOST, TOGETHER = 100, 50
ROUNDS = 8

Counted = Callable[[Sequence[Burst]], object]


def sweep(contact_id: str, counted: Counted, now: datetime) -> bool:
    """End the contact's walks and delete its rows; return whether nothing is left.

    A burst that is at work on one of them is let finish: what is left stays due. `counted` has each burst counted,
    which is safe to repeat, before its row goes.
    """
    for _ in range(ROUNDS):
        rows = list(islice(JourneysItem.query(f"CONTACT#{contact_id}", consistent_read=True, page_size=MOST), MOST))
        if not rows:
            return True
        inside = [each for each in rows if isinstance(each, Enrolment) and each.standing in INSIDE]
        busy = sum(not _ended(each, now) for each in inside)
        if busy:
            return False
        if not inside:  # else its end has a row of its own, that comes with the next round
            _delete(rows, counted)
    return False


def _ended(enrolment: Enrolment, now: datetime) -> bool:
    if enrolment.leased(now):
        return False
    try:
        commit(plans.end(enrolment, enrolment.state, now, StopReason.CONTACT_DELETED))
    except ConditionFailed:
        return False
    return True


def _delete(rows: Sequence[JourneysItem], counted: Counted) -> None:
    counted([each for each in rows if isinstance(each, Burst)])
    for start in range(0, len(rows), TOGETHER):
        commit([delete(each.key) for each in rows[start : start + TOGETHER]])
