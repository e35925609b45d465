"""Leads that a list brings: made or changed as by hand, found as by a form, not yet written (IMP-1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import claims, strategies
from chalicelib.contacts.bringing import Brought
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.service import Prepared
from chalicelib.dynamodb import Look, put_new, read
from chalicelib.errors import Problem, Unprocessable
from chalicelib.leads import matching, plans, reading, service
from chalicelib.leads.matching import BOOK
from chalicelib.leads.models import Lead, lead_key

WHY = "brought by an import"


def places(values: Mapping[str, Any]) -> dict[str, str]:
    """Return where the claims of a lead with these values lie, by strategy. Raises Invalid for broken ones."""
    return claims.places(strategies.in_use(strategies.LEAD), {**values, "page_id": None})


def lead(brought: Brought, strategy_id: str | None, by: str, now: datetime, look: Look = read) -> Prepared[Lead]:
    """Return the lead of this id, or the open one that owns the strategy's key, changed; or a new one.

    Without a parent it waits for somebody to map it to one. The writes are conditional on what was read here: where
    one fails, bring it again. Raises Unprocessable where the id is no lead's, a parent is not there or the strategy's
    values are absent, Conflict for a lead that was merged.
    """
    values = brought.values
    if brought.record_id is not None:
        return _changed(_named(brought.record_id, look), values, by, now)
    strategy = strategies.find(strategies.LEAD, strategy_id) if strategy_id is not None else None
    if strategy is not None:
        matching.require(strategy, {**values, "page_id": None})
    owners = BOOK.owners(brought.places.values(), look)
    place = brought.places.get(strategy.id) if strategy is not None else None
    if strategy is not None and place is not None and place in owners:
        known = matching.open_owner(owners[place], look)
        if (known.claims or {}).get(strategy.id) != place:  # known by what a lead had that was merged into it
            values = {name: value for name, value in values.items() if name not in strategy.attributes}
        return _changed(known, values, by, now)
    return _made(brought, owners, by=by, now=now, look=look)


def _named(lead_id: str, look: Look) -> Lead:
    [found] = look([lead_key(lead_id)])
    if found is None:
        raise Unprocessable("There is no lead of this id.", [Problem("id", "This lead does not exist.")])
    reading.require_itself(found)
    known: Lead = found
    return known


def _changed(known: Lead, values: Mapping[str, Any], by: str, now: datetime) -> Prepared[Lead]:
    moved = {"contact_id", "account_id"} & {name for name, value in values.items() if value != getattr(known, name)}
    prepared = matching.matched(known, values, None, now, by=by, why=WHY)
    return _held(prepared) if moved else prepared


def _made(brought: Brought, owners: Mapping[str, Any], *, by: str, now: datetime, look: Look) -> Prepared[Lead]:
    made = Lead.new(brought.new_id, now)
    for name, value in brought.values.items():
        setattr(made, name, value)
    custom_fields.require(RecordType.LEAD, made)
    made.owner_id, made.import_row = made.owner_id or by, brought.row
    plans.begin(made, look)
    claimed = matching.claim(made, now, owners)
    return _held(Prepared(made, created=True, changed=True, writes=[put_new(made), *claimed.writes], met=claimed.met))


def _held(prepared: Prepared[Lead]) -> Prepared[Lead]:
    """Hold the transaction to the parents' being there."""
    prepared.writes.extend(service.parents(prepared.record))
    return prepared
