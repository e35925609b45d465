"""Matching strategies: the shipped defaults, records of one's own, which are in use."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.contacts.claims import Strategy
from chalicelib.contacts.models import ContactsItem, MatchingStrategy
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import Write, commit, delete, put_changed, put_new
from chalicelib.errors import Conflict, Invalid, NotFound, Problem
from chalicelib.settings import settings

CONTACT, LEAD = "contact", "lead"
BUILDING, LIVE = "building", "live"
MOST = 5  # in use a target: every write of a record writes its claims

SHIPPED: dict[str, Strategy] = {
    CONTACT: Strategy("email", CONTACT, "Email", ("email",), default=True),
    LEAD: Strategy("email-page", LEAD, "Email and page", ("email", "page_id"), default=True),
}
"""The defaults that are there before anyone made one (MAT-3). Their ids are theirs for ever."""

ATTRIBUTES: dict[str, frozenset[str]] = {
    CONTACT: frozenset({"email", "phone", "mobile_phone", "first_name", "last_name", "company_name", "postal_code"}),
    LEAD: frozenset({"email", "page_id", "phone", "first_name", "last_name", "company_name", "topic"}),
}

_cache: dict[str, tuple[float, list[Strategy]]] = {}


def in_use(target: str) -> list[Strategy]:
    """Return the strategies of a target that every writer claims by, at most settings.live_cache_seconds old."""
    asked, known = _cache.get(target, (float("-inf"), []))
    if time.monotonic() - asked >= float(settings.live_cache_seconds):
        known = read_all(target)
        _cache[target] = time.monotonic(), known
    return known


def read_all(target: str) -> list[Strategy]:
    """Return the strategies of a target: the shipped one, unless a record of its id replaces it, and the others."""
    found = ContactsItem.query(f"STRATEGIES#{target}", consistent_read=True)
    own = [_strategy(item) for item in found if isinstance(item, MatchingStrategy)]
    shipped = SHIPPED[target]
    if any(strategy.id == shipped.id for strategy in own):
        return own
    kept = Strategy(shipped.id, target, shipped.name, shipped.attributes, default=not any(s.default for s in own))
    return [kept, *own]


def _strategy(item: MatchingStrategy) -> Strategy:
    return Strategy(
        item.strategy_id, item.target, item.name, tuple(item.attributes), default=item.default, state=item.state
    )


def default(target: str) -> Strategy:
    """Return the default of a target, which new forms copy (MAT-4, MAT-12)."""
    return next(strategy for strategy in in_use(target) if strategy.default)


def find(target: str, strategy_id: str | None) -> Strategy:
    """Return a live strategy, or the default for None. Raises Conflict for one that is gone or still being built."""
    if strategy_id is None:
        return default(target)
    strategy = next((each for each in in_use(target) if each.id == strategy_id), None)
    if strategy is None or strategy.state != LIVE:
        raise Conflict("The matching strategy that this names is not in use.")
    return strategy


def create(strategy_id: str, target: str, name: str, attributes: Sequence[str], now: datetime) -> MatchingStrategy:
    """Take a strategy into use: at first it is being built, while a job lets existing records claim (decision 8).

    The same id again returns what it made the first time. Raises Invalid for attributes that do not exist, Conflict
    where five are in use.
    """
    unknown = sorted(set(attributes) - ATTRIBUTES[target])
    if unknown:
        known = ", ".join(sorted(ATTRIBUTES[target]))
        raise Invalid("These attributes cannot be matched by.", [Problem("attributes", f"Choose among: {known}.")])
    before = MatchingStrategy.find(*MatchingStrategy.at(target, strategy_id))
    if before is not None:
        return before
    if len(read_all(target)) >= MOST:
        raise Conflict(f"At most {MOST} strategies of a target can be in use. Remove one first.")
    item = MatchingStrategy(
        *MatchingStrategy.at(target, strategy_id),
        strategy_id=strategy_id,
        target=target,
        name=name,
        attributes=list(attributes),
        default=False,
        state=BUILDING,
    )
    wanted = JobWanted("strategy-backfill", {"target": target, "strategy": strategy_id})
    commit([put_new(item)], jobs.plan(f"strategy-{strategy_id}", wanted, now))
    _cache.clear()
    return item


def get(target: str, strategy_id: str) -> MatchingStrategy:
    """Return a strategy's record. Raises NotFound, also for a shipped one, which has none."""
    item = MatchingStrategy.find(*MatchingStrategy.at(target, strategy_id))
    if item is None:
        raise NotFound("There is no matching strategy of this id that could be changed.")
    return item


def built(target: str, strategy_id: str) -> None:
    """Let a strategy whose records have all claimed go live."""
    item = MatchingStrategy.find(*MatchingStrategy.at(target, strategy_id))
    if item is not None and item.state == BUILDING:
        item.state = LIVE
        commit([put_changed(item)])
        _cache.clear()


def make_default(target: str, strategy_id: str) -> None:
    """Make a live strategy the default of its target; the former default is one no longer. Raises Conflict."""
    former = [each for each in _records(target) if each.default]
    if strategy_id == SHIPPED[target].id:
        commit([_set_default(each, default=False) for each in former])
    else:
        item = get(target, strategy_id)
        if item.state != LIVE:
            raise Conflict("The strategy is still being built. It can be the default once it is live.")
        others = [each for each in former if each.strategy_id != strategy_id]
        commit([_set_default(item, default=True)], [_set_default(each, default=False) for each in others])
    _cache.clear()


def _records(target: str) -> list[Any]:
    return list(ContactsItem.query(f"STRATEGIES#{target}", consistent_read=True))


def _set_default(item: MatchingStrategy, *, default: bool) -> Write:
    item.default = default
    return put_changed(item)


def remove(target: str, strategy_id: str) -> None:
    """Take a strategy out of use. Raises Conflict for a default: there is always one (decision 8)."""
    if strategy_id == SHIPPED[target].id:
        raise Conflict("The shipped strategy stays; make another one the default instead.")
    item = get(target, strategy_id)
    if item.default:
        raise Conflict("This is the default. Make another strategy the default before you remove it.")
    commit([delete(item.key, MatchingStrategy.version == item.version, refused=Conflict("It has just changed."))])
    _cache.clear()
