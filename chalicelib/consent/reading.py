"""Reads what contacts allow, each by its own row and as the persons that they are, consistently."""

from collections.abc import Iterable

from chalicelib.conditions.sources import Identity
from chalicelib.consent.models import PreferencesRow, preferences_key
from chalicelib.consent.rules import HOLDING_BACK, Preferences, strictest
from chalicelib.dynamodb import Look, read


def preferences(contact_id: str) -> Preferences:
    """Return what a contact allows by its own row, read consistently; the defaults where it never said anything."""
    return of_each([contact_id])[0]


def of_each(contact_ids: Iterable[str], look: Look = read) -> list[Preferences]:
    """Return what each of several contacts allows by its own row, read consistently in one request."""
    wanted = list(contact_ids)
    rows = look(preferences_key(each) for each in wanted)
    return [of_row(each, row) for each, row in zip(wanted, rows, strict=True)]


def of_person(who: Identity, look: Look = read) -> Preferences:
    """Return what somebody allows: where contacts were merged, the strictest of them counts (decision 46)."""
    return strictest(of_each(who.ids, look))


def of_row(contact_id: str, row: PreferencesRow | None) -> Preferences:
    """Return what a contact allows whose row was read."""
    if row is None:
        return Preferences(contact_id)
    given = {name: getattr(row, name) for name in Preferences(contact_id).fields()}
    since = {name: bool(given[name]) for name in ("guardian_consent", *HOLDING_BACK)}  # older rows are without them
    return Preferences(
        contact_id,
        version=row.version,
        changed_at=row.changed_at,
        record=row.record,
        people=tuple(row.people or ()),
        withdrawn=frozenset(row.withdrawn or ()),
        **{**given, **since},
    )
