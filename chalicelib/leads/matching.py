"""Which lead a submission belongs to: the claims of open leads, and what a match changes (8, decisions 10 and 11)."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.contacts import strategies
from chalicelib.contacts.claims import Book, Change, Strategy, change, places
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.fields import clean
from chalicelib.contacts.handing import sourced
from chalicelib.contacts.normalise import key_of
from chalicelib.contacts.service import Prepared
from chalicelib.dynamodb import ConditionFailed, Look, Write, check, put_new, read, silent
from chalicelib.errors import Problem, Unprocessable
from chalicelib.leads import plans
from chalicelib.leads.choices import NO_NAME
from chalicelib.leads.models import Heir, Lead, Owner, lead_key

BOOK = Book(Owner, Heir, lead_key)
FORM = "form"
"""Who changes a lead that a submission matched."""

NOTHING: Mapping[str, Any] = {}


def claims_of(lead: Lead) -> dict[str, str]:
    """Return the places that a lead claims: open ones only, closing lets go of them (decision 10)."""
    return places(strategies.in_use(strategies.LEAD), lead.matched_by) if lead.open else {}


def places_of_all(known: Iterable[Strategy], leads: Iterable[Lead], merges: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the places that a lead holds for those that were merged into it, with the merges."""
    known = list(known)
    return sourced((place, merges[each.lead_id]) for each in leads for place in places(known, each.matched_by).values())


def claim(lead: Lead, now: datetime, owners: Mapping[str, Any] | None = None) -> Change:
    """Bring a lead's claims up to date with its values and its state; where another owns one it becomes an heir."""
    before, kept = lead.claims or {}, lead.inherited or {}
    lead.claims = claims_of(lead)
    if not lead.open:  # lets go of what it held for merged ones as well
        before = {**before, **{place: place for place in kept if place not in before.values()}}
        lead.inherited, kept = None, {}
    return change(BOOK, lead.lead_id, _but(before, kept), _but(lead.claims, kept), now, owners=owners)


def _but(claims: Mapping[str, str], kept: Container[str]) -> dict[str, str]:
    """Leave out what it holds for leads that were merged into it, whatever its own values become."""
    return {strategy: place for strategy, place in claims.items() if place not in kept}


def prepare(  # noqa: PLR0913  each is part of what was submitted
    values: Mapping[str, Any],
    *,
    contact_id: str | None,
    strategy_id: str | None,
    always_new: bool,
    page_id: str | None,
    new_id: str,
    context: MarketingContext,
    owner_id: str | None,
    now: datetime,
    business_unit: str | None = None,
    blank_clears: bool = False,
    look: Look = read,
    of_new: Mapping[str, Any] = NOTHING,
    counted: str | None = None,
) -> Prepared[Lead]:
    """Decide which lead a submission belongs to: the open one that owns its match key, or a new one (SUB-1.2).

    The lead's parent becomes the contact, where there is one (SUB-1.3, SUB-2.3). With `blank_clears` a blank value
    empties the field of a known lead, but never its last name (decision 11). A known lead keeps its business unit, and
    what a later submission told it: one that comes late only fills what is empty.
    `of_new` are values that only a new lead gets; `counted` names a counter of submissions that goes up by one, new or
    not. The writes are conditional on what was read here: where one fails, prepare again. Raises Unprocessable naming
    what the strategy needs and has no value (MAT-6), Invalid for broken values.
    """
    cleaned = clean(values, RecordType.LEAD)
    cleared = cleaned.keys() - {"last_name"} if blank_clears else set()
    given = {name: value for name, value in cleaned.items() if value is not None or name in cleared}
    submitted_at = min(context.at or now, now)
    strategy = None if always_new else strategies.find(strategies.LEAD, strategy_id)
    keyed = {**of_new, **given, "page_id": page_id, "business_unit": business_unit}
    if strategy is not None:
        require(strategy, keyed)
    place = strategy.place(keyed) if strategy else None
    owners = BOOK.owners({*_places(keyed), *([place] if place else [])}, look)
    found = open_owner(owners[place], look) if place in owners else None
    if found is not None and strategy is not None:
        if (found.claims or {}).get(strategy.id) != place:  # known by what a lead had that was merged into it
            given = {name: value for name, value in given.items() if name not in strategy.attributes}
        if submitted_at < (found.latest_submission_at or submitted_at):
            given = {name: value for name, value in given.items() if getattr(found, name) is None}
        return matched(found, {**given, **_one_more(found, counted)}, contact_id, now, submitted_at=submitted_at)
    lead = Lead.new(new_id, now)
    given = {**of_new, **given, **_one_more(lead, counted)}
    plans.take_context(lead, context)
    lead.source_page_id, lead.owner_id, lead.contact_id = page_id, owner_id, contact_id
    lead.business_unit, lead.latest_submission_at = business_unit, submitted_at
    plans.begin(lead, look)
    return _created(lead, given, owners, now)


def _one_more(lead: Lead, counted: str | None) -> dict[str, int]:
    return {counted: (getattr(lead, counted) or 0) + 1} if counted else {}


def require(strategy: Strategy, values: Mapping[str, Any]) -> None:
    if missing := strategy.missing(values):
        needed = [Problem(name, f"Without it we cannot tell which lead this is ({strategy.name}).") for name in missing]
        raise Unprocessable("The form did not send everything that its matching strategy needs.", needed)


def sought(values: Mapping[str, Any], page_id: str | None) -> list[str]:
    """Return the places of the claims that `prepare` will ask for. Raises Invalid for broken values."""
    return _places({**clean(values, RecordType.LEAD), "page_id": page_id})


def _places(keyed: Mapping[str, Any]) -> list[str]:
    given = {name: value for name, value in keyed.items() if value is not None}
    return list(places(strategies.in_use(strategies.LEAD), {"last_name": NO_NAME, **given}).values())


def open_owner(owner: Any, look: Look) -> Lead:
    [lead] = look([lead_key(owner.record_id)])
    if not isinstance(lead, Lead) or not lead.open:
        raise ConditionFailed([])  # closed or deleted between two reads; its claim is going as well
    return lead


def _created(lead: Lead, given: Mapping[str, Any], owners: Mapping[str, Any], now: datetime) -> Prepared[Lead]:
    """Make a lead by what was read once: a key that another took since refuses the writes."""
    for name, value in {"last_name": NO_NAME, **given}.items():
        setattr(lead, name, value)
    lead.list_by_likeness()
    claims = claim(lead, now, owners)
    return Prepared(lead, created=True, changed=True, writes=[put_new(lead), *claims.writes], met=claims.met)


def matched(
    lead: Lead,
    given: Mapping[str, Any],
    contact_id: str | None,
    now: datetime,
    *,
    by: str = FORM,
    why: str = "matched a submission",
    submitted_at: datetime | None = None,
) -> Prepared[Lead]:
    """Update a known lead (MAT-9); an unchanged one is only checked to be open still, which guards its claim."""
    wanted = {**given, **({"contact_id": contact_id} if contact_id else {})}
    changes = {name: value for name, value in wanted.items() if not _same(name, value, getattr(lead, name))}
    if not changes:
        return Prepared(lead, created=False, changed=False, writes=[still_open(lead)])
    before = plans.remembered(lead)
    for name, value in changes.items():
        setattr(lead, name, value)
    if submitted_at is not None:
        lead.latest_submission_at = max(submitted_at, lead.latest_submission_at or submitted_at)
    claims = claim(lead, now)
    writes = plans.changed(lead, before, by=by, why=why, now=now)
    writes = [silent(write) for write in (*writes, *claims.writes)]  # whoever submits reads again, nobody is told
    return Prepared(lead, created=False, changed=True, writes=writes, met=claims.met)


def _same(name: str, new: Any, old: Any) -> bool:
    """An address written otherwise is the same address."""
    return bool(new == old or (name == "email" and old is not None and key_of(name, new) == key_of(name, old)))


def still_open(lead: Lead) -> Write:
    """Hold a transaction to the lead's being open, whoever writes it meanwhile."""
    return check(lead.key, Lead.pk.exists() & (Lead.state == lead.state))
