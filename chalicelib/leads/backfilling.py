"""What leads that are there claim under a strategy that is new."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.contacts.claims import Strategy, backfilled
from chalicelib.contacts.claims import backfill as backfill_claims
from chalicelib.dynamodb import Write, put_changed
from chalicelib.leads import matching, reading
from chalicelib.leads.models import Lead


def backfill(strategy: Strategy, lead_ids: Iterable[str], now: datetime) -> None:
    """Let open leads claim under a strategy that is being built; the latest updated owns a shared key (decision 8)."""
    backfill_claims(lead_ids, lambda each: _backfilled(strategy, each, now))


def _backfilled(strategy: Strategy, lead_id: str, now: datetime) -> list[Write]:
    lead = Lead.find(*Lead.at(lead_id))
    if lead is None or not lead.open:
        return []
    place, inherited = strategy.place(lead.matched_by), _of_merged(strategy, lead)
    wanted = {*inherited, *([place] if place is not None else [])} - lead.places
    if not wanted:
        return []
    if place is not None:
        lead.claims = {**(lead.claims or {}), strategy.id: place}
    lead.inherited = {**inherited, **(lead.inherited or {})} or None
    claimed = [backfilled(matching.BOOK, each, lead_id, lead.updated_at, now)[0] for each in sorted(wanted)]
    return [put_changed(lead), *(write for writes in claimed for write in writes)]


def _of_merged(strategy: Strategy, lead: Lead) -> dict[str, list[str]]:
    """Return the places that a lead claims for those that were merged into it, each with the merge that it is for."""
    merges = lead.identities or {}
    return matching.places_of_all([strategy], reading.find_many(merges) if merges else [], merges)
