"""What an erasure does to what addresses and numbers allow: refusals stay, and so does what is said anew."""

from datetime import datetime
from typing import Any

from chalicelib.consent.models import ChangeRow
from chalicelib.consent.points import plans, service
from chalicelib.consent.points.models import PointChange, PointConsent
from chalicelib.consent.points.rules import State
from chalicelib.dynamodb import ConditionFailed, commit, delete, put
from chalicelib.holdings import Person

ERASED = "contact:erased"


def spoke(person: Person, row: ChangeRow | PointChange) -> bool:
    return row.who in {f"contact:{each}" for each in person.contacts}


def all_anew(person: Person, row: PointConsent) -> bool:
    return person.anew(row.changed_at) and row.choices == _lasting(person, row)


def _lasting(person: Person, row: PointConsent) -> dict[str, Any]:
    return plans.since(row, person.forgotten_at or row.changed_at)


def refusals_stay(person: Person, row: PointConsent, _: datetime) -> bool:
    """What an address refused counts whoever has it; what it agreed to before, and all that says who, goes."""
    if person.anew(row.changed_at):
        left = plans.only(row, _lasting(person, row))
    else:
        left = plans.refusals(row) or delete(row.key, PointConsent.version == row.version)
    try:
        commit([left])
    except ConditionFailed:
        return False
    return True


def said_anew(person: Person, row: PointChange) -> bool:
    return person.anew(row.changed_at) and row.before == _before(person, row) and not spoke(person, row)


def _before(person: Person, row: PointChange) -> dict[str, Any]:
    """Return what stood before a change, but for consents that are told by nothing that stays."""
    if State.OPTED_IN not in row.before.values() or person.forgotten_at is None:
        return dict(row.before)
    told = {None, State.OPTED_OUT}
    agreed = service.agreed_between(row, person.forgotten_at)
    return {choice: state if choice in agreed or state in told else None for choice, state in row.before.items()}


def tell_anew(person: Person, row: PointChange, _: datetime) -> bool:
    """What is said since stays in the log, which says neither what was agreed to before nor which contact is gone."""
    if not person.anew(row.changed_at):
        commit([delete(row.key)])
        return True
    row.before = _before(person, row)
    if spoke(person, row):
        row.who = ERASED
    commit([put(row, PointChange.pk.exists())])
    return True
