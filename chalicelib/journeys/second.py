"""One person walks an occurrence of a journey once: of merged contacts the first enrolment counts (decision 46)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.conditions.sources import Identity
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, put, read, update
from chalicelib.journeys import plans
from chalicelib.journeys.models import INSIDE, Enrolment, Inside, Wait
from chalicelib.journeys.stops import StopReason

NEVER = datetime.max.replace(tzinfo=UTC)


def is_second(who: Identity, enrolment: Enrolment) -> bool:
    """Return whether another identity came first to this occurrence, or is inside where one may be at a time."""
    return any(_order(each) < _order(enrolment) for each in _rivals(who.ids, enrolment))


def _order(enrolment: Enrolment) -> tuple[datetime, str]:
    return enrolment.enrolled_at or NEVER, enrolment.contact_id


def _rivals(ids: Iterable[str], enrolment: Enrolment) -> list[Enrolment]:
    others = [each for each in ids if each != enrolment.contact_id]
    if not others:
        return []
    same = [plans.key_of(f"{each}.{enrolment.journey_id}.{enrolment.occurrence}") for each in others]
    held = [Key(Inside, f"CONTACT#{each}", enrolment.inside) for each in others if enrolment.inside]
    found = [each for each in read([*same, *held]) if each is not None]
    inside = read(plans.key_of(each.enrolment_id) for each in found if isinstance(each, Inside))
    return [each for each in (*found, *inside) if isinstance(each, Enrolment)]


def entered(who: Identity, entry: plans.Entry) -> bool:
    """Return whether another identity has entered this occurrence, or is inside where one may be at a time."""
    others = [each for each in who.ids if each != entry.contact_id]
    same = [plans.key_of(f"{each}.{entry.journey_id}.{entry.occurrence}") for each in others]
    held = [Key(Inside, f"CONTACT#{each}", entry.inside) for each in others if entry.inside]
    return bool(others) and any(each is not None for each in read([*same, *held]))


def settle(contact_id: str, now: datetime) -> None:
    """After a merge or its undoing: stop second enrolments, and let the others hear of what the person does.

    Safe to repeat. One that is at work is left to its burst, which looks before each effect.
    """
    who = contacts.who_is(contact_id)
    if who.contact is None:
        return
    for enrolment in _inside(who.ids):
        if enrolment.leased(now):
            continue
        try:
            commit(_settled(who, enrolment, now))
        except ConditionFailed:
            continue  # a burst has begun, which looks by itself


def _settled(who: Identity, enrolment: Enrolment, now: datetime) -> list[Write]:
    if is_second(who, enrolment):
        return plans.end(enrolment, enrolment.state, now, StopReason.MERGED)
    wanted = list(who.ids) if len(who.ids) > 1 else None
    if enrolment.identities == wanted:
        return []
    mine = Enrolment.identities.set(wanted) if wanted else Enrolment.identities.remove()
    unchanged: Condition = (Enrolment.standing == enrolment.standing) & (Enrolment.revision == enrolment.revision)
    known = update(enrolment.key, mine, Enrolment.wakes.set(Enrolment.wakes + 1), condition=unchanged)
    return [known, *_waits(enrolment, who.ids)]


def _inside(ids: Sequence[str]) -> list[Enrolment]:
    found = (
        each
        for one in ids
        for each in Enrolment.query(f"CONTACT#{one}", Enrolment.sk.startswith("ENROLMENT#"), consistent_read=True)
    )
    return [each for each in found if each.standing in INSIDE]


def _waits(enrolment: Enrolment, ids: Sequence[str]) -> list[Write]:
    """Let facts of every identity wake what waits for them."""
    rows = Wait.query(enrolment.pk, Wait.sk.startswith("WAIT#"), consistent_read=True)
    mine = [row for row in rows if row.enrolment_id == enrolment.enrolment_id]
    return [put(_of(each, row)) for row in mine for each in ids if each != enrolment.contact_id]


def _of(contact_id: str, row: Wait) -> Wait:
    return Wait(
        f"CONTACT#{contact_id}",
        row.sk,
        contact_id=contact_id,
        enrolment_id=row.enrolment_id,
        tile=row.tile,
        literal=row.literal,
        expires=row.expires,
    )


def foresee(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    """Say in which journeys somebody is who would be merged, and which enrolments the merge would stop."""
    who = Identity((*ours, *theirs))
    inside = _inside(who.ids)
    return {
        "inside": [each.enrolment_id for each in inside],
        "stopped": [each.enrolment_id for each in inside if is_second(who, each)],
    }
