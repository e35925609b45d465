"""Matching strategies: the shipped defaults, records of one's own, which are in use."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from chalicelib.clock import as_text, digest
from chalicelib.contacts.claims import WITHOUT, Strategy
from chalicelib.contacts.custom import naming
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import EXACT
from chalicelib.contacts.models import ContactsItem, MatchingStrategy, StrategySet
from chalicelib.definitions import jobs, named
from chalicelib.definitions.lifecycle import JobWanted, Reference
from chalicelib.dynamodb import ConditionFailed, Write, commit, delete, put_changed, put_new, read, tries
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale
from chalicelib.settings import settings

Result = TypeVar("Result")

CONTACT, LEAD = "contact", "lead"
BUILDING, LIVE = "building", "live"
MOST = 5  # in use a target: every write of a record writes its claims

SHIPPED: dict[str, Strategy] = {
    CONTACT: Strategy("email", CONTACT, "Email", ("email",), default=True),
    LEAD: Strategy("email-page", LEAD, "Email and page", ("email", "page_id"), default=True),
}
"""The defaults that are there before anyone made one (MAT-3). Their ids are theirs for ever."""

OFFERED: dict[str, tuple[str, tuple[str, ...]]] = {
    "names": ("First and last name", ("first_name", "last_name")),
    "email-and-names": ("Email, first and last name", ("email", "first_name", "last_name")),
}
"""Strategies for contacts that are shipped too, and come into use when something first asks for them (EVT-10)."""

ATTRIBUTES: dict[str, frozenset[str]] = {
    CONTACT: frozenset(
        {"email", "phone", "mobile_phone", "first_name", "last_name", "company_name", "postal_code", "business_unit"}
    ),
    LEAD: frozenset({"email", "page_id", "phone", "first_name", "last_name", "company_name", "topic", "business_unit"}),
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
        item.strategy_id,
        item.target,
        item.name,
        tuple(item.attributes),
        default=item.default,
        state=item.state,
        description=item.description or "",
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


def is_live(target: str, strategy_id: str) -> bool:
    """Return whether records can be matched by a strategy by now."""
    return any(each.id == strategy_id and each.state == LIVE for each in in_use(target))


def offer(strategy_id: str, now: datetime) -> None:
    """Take a shipped strategy into use, unless it is: by its own id, also after it was removed. Raises Conflict."""
    if strategy_id not in OFFERED or any(each.id == strategy_id for each in read_all(CONTACT)):
        return
    name, attributes = OFFERED[strategy_id]
    item = _building(strategy_id, CONTACT, name, "", attributes)
    wanted = JobWanted("strategy-backfill", {"target": CONTACT, "strategy": strategy_id})
    job = jobs.plan(f"strategy-{strategy_id}-{digest(as_text(now))}", wanted, now)
    nameable = named.naming(_reference(CONTACT, strategy_id), (), now)
    _changed(CONTACT, lambda: (None, _taken_up(item, [*job, *nameable])))


def _taken_up(item: MatchingStrategy, besides: list[Write]) -> list[Write]:
    known = read_all(CONTACT)
    if any(each.id == item.strategy_id for each in known):
        return []  # somebody else took it into use meanwhile
    _require_room(known)
    return [put_new(item), *besides]


def _require_room(known: Sequence[Strategy]) -> None:
    if len(known) >= MOST:
        raise Conflict(f"At most {MOST} strategies of a target can be in use. Remove one first.")


def held(target: str, strategy_id: str | None) -> list[Reference]:
    """Return what a live form holds that matches by this: nothing for None or the shipped one, which always stays."""
    return [] if strategy_id in {None, SHIPPED[target].id} else [_reference(target, str(strategy_id))]


def _reference(target: str, strategy_id: str) -> Reference:
    return "matching-strategy", f"{target}:{strategy_id}"  # ids are unique within a target only


def create(
    strategy_id: str, target: str, name: str, attributes: Sequence[str], now: datetime, description: str = ""
) -> MatchingStrategy:
    """Take a strategy into use: at first it is being built, while a job lets existing records claim (decision 8).

    The same id again returns what it made the first time. Raises Invalid for attributes that do not exist, Conflict
    where five are in use or what the id made has been removed since.
    """
    attributes_of_target = ATTRIBUTES[target] | _exact(target)
    unknown = sorted(set(attributes) - attributes_of_target)
    if unknown:
        known = ", ".join(sorted(attributes_of_target))
        raise Invalid("These attributes cannot be matched by.", [Problem("attributes", f"Choose among: {known}.")])
    if WITHOUT.keys() >= set(attributes):
        alone = Problem("attributes", "Name something besides that tells two people apart, such as email.")
        raise Invalid("By these alone nobody could be told from anybody else.", [alone])
    item = _building(strategy_id, target, name, description, attributes)
    wanted = JobWanted("strategy-backfill", {"target": target, "strategy": strategy_id})
    job = jobs.plan(f"strategy-{strategy_id}", wanted, now)
    nameable = named.naming(_reference(target, strategy_id), naming.named(target, attributes), now)
    return _changed(target, lambda: _made(item, [*job, *nameable]))


def _building(
    strategy_id: str, target: str, name: str, description: str, attributes: Sequence[str]
) -> MatchingStrategy:
    return MatchingStrategy(
        *MatchingStrategy.at(target, strategy_id),
        strategy_id=strategy_id,
        target=target,
        name=name,
        description=description or None,
        attributes=list(attributes),
        default=False,
        state=BUILDING,
    )


def _exact(target: str) -> frozenset[str]:
    """Return the custom fields that records can be matched by: those whose values are the same or are not."""
    return frozenset(name for name, field in custom_fields.in_use(target).items() if field.type in EXACT)


def _made(item: MatchingStrategy, besides: list[Write]) -> tuple[MatchingStrategy, list[Write]]:
    [begun] = read(
        [besides[0].key]
    )  # before the strategy: both are made at once, so who finds this only comes too late
    earlier = MatchingStrategy.find(*MatchingStrategy.at(item.target, item.strategy_id))
    if earlier is not None:
        return earlier, []
    if begun is not None:
        raise Conflict("What this request made has been removed since. Send another Idempotency-Key to make it anew.")
    _require_room(read_all(item.target))
    return item, [put_new(item), *besides]


def _changed(target: str, plan: Callable[[], tuple[Result, list[Write]]]) -> Result:
    """Make a change of a target's strategies; where another came between reading and writing, plan it anew."""
    for _ in tries(8):
        passed = _passed(target)  # read before what the plan reads
        result, writes = plan()
        try:
            commit([passed, *writes] if writes else [])
        except (ConditionFailed, Stale):
            continue
        _cache.clear()
        return result
    raise Conflict("Others change the matching strategies at this moment. Try again in a few seconds.")


def _passed(target: str) -> Write:
    """Move the fence of a target's strategies on from where it is now."""
    place = StrategySet.at(target)
    fence = StrategySet.find(*place)
    return put_new(StrategySet(*place)) if fence is None else put_changed(fence)


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
    _changed(target, lambda: (None, _defaulted(target, strategy_id)))


def _defaulted(target: str, strategy_id: str) -> list[Write]:
    if strategy_id != SHIPPED[target].id and get(target, strategy_id).state != LIVE:
        raise Conflict("The strategy is still being built. It can be the default once it is live.")
    found = ContactsItem.query(f"STRATEGIES#{target}", consistent_read=True)
    strategies = [item for item in found if isinstance(item, MatchingStrategy)]
    changing = [item for item in strategies if item.default != (item.strategy_id == strategy_id)]
    for item in changing:
        item.default = not item.default
    return [put_changed(item) for item in changing]


def remove(target: str, strategy_id: str) -> None:
    """Take a strategy out of use. Raises NotFound.

    Raises Conflict for a default, as there is always one (decision 8), and naming the live forms that match by it.
    """
    if strategy_id == SHIPPED[target].id:
        raise Conflict("The shipped strategy stays; make another one the default instead.")
    _changed(target, lambda: (None, _removed(target, strategy_id)))


def _removed(target: str, strategy_id: str) -> list[Write]:
    item = get(target, strategy_id)
    if item.default:
        raise Conflict("This is the default. Make another strategy the default before you remove it.")
    gone = delete(item.key, MatchingStrategy.version == item.version)
    let_go = named.let_go(_reference(target, strategy_id), "Live forms match by it. Stop or change them first.")
    return [gone, *let_go, *named.forgotten(_reference(target, strategy_id), naming.named(target, item.attributes))]
