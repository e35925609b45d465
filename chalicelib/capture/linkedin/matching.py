"""Use cases: how leads from LinkedIn are matched; exactly one way is active, and it is only ever replaced (LNK-3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.capture.linkedin import mapping
from chalicelib.capture.linkedin.mapping import Entry
from chalicelib.capture.linkedin.models import ALL, Active, Connection, Strategy
from chalicelib.clock import digest
from chalicelib.contacts import strategies
from chalicelib.contacts.claims import Strategy as LeadStrategy
from chalicelib.definitions import named
from chalicelib.definitions.lifecycle import Reference
from chalicelib.dynamodb import ConditionFailed, Write, check, commit, delete, put_changed, put_new
from chalicelib.errors import Conflict, Invalid, NotFound, Problem, Stale

SHIPPED = "shipped"
MOST_STRATEGIES = 50
FIELDS = strategies.ATTRIBUTES[strategies.LEAD]
"""What leads from LinkedIn can be matched by: no custom fields, for no answer can go to those."""
ELSE = Stale("Matching or mappings were changed at this very moment. Read them again and repeat the change.")


def shipped(now: datetime) -> Strategy:
    """Return what is active until another strategy is: by email, among the open leads of no page (decision 11)."""
    lead = strategies.SHIPPED[strategies.LEAD].id
    return Strategy(*Strategy.at(SHIPPED), strategy_id=SHIPPED, name="Email", lead_strategy_id=lead, created_at=now)


def records(now: datetime) -> list[Strategy]:
    """Return every strategy, the shipped one first."""
    found = Strategy.query(ALL, Strategy.sk.startswith("STRATEGY#"), consistent_read=True)
    return [shipped(now), *found]


def fence() -> Active:
    """Return which strategy is active, read consistently; whoever changes what depends on it moves it on."""
    return Active.find(*Active.PLACE) or Active(*Active.PLACE)


def moved_on(before: Active) -> Write:
    """Return the write that lets nobody else change strategies or mappings at the same time."""
    if before.version == 0:
        before.version = 1
        return put_new(before, refused=ELSE)
    return put_changed(before, refused=ELSE)


def active(now: datetime) -> Strategy:
    """Return the strategy that counts."""
    return find(fence().strategy_id or SHIPPED, now)


class Shown(Struct, frozen=True):
    """A strategy, whether it is the active one, and the fields of a lead that all must match."""

    strategy: Strategy
    active: bool
    lead_fields: tuple[str, ...]


def shown(found: Sequence[Strategy]) -> list[Shown]:
    """Return strategies with what only others know of them, read once for all."""
    chosen, by = fence().strategy_id or SHIPPED, _by_id()
    return [Shown(each, each.strategy_id == chosen, _attributes(by, each)) for each in found]


def find(strategy_id: str, now: datetime) -> Strategy:
    """Return a strategy. Raises NotFound."""
    found = shipped(now) if strategy_id == SHIPPED else Strategy.find(*Strategy.at(strategy_id))
    if found is None:
        raise NotFound("There is no LinkedIn matching strategy of this id.")
    return found


def lead_fields(strategy: Strategy) -> tuple[str, ...]:
    """Return the fields of a lead that all must match."""
    return _attributes(_by_id(), strategy)


def _by_id() -> dict[str, LeadStrategy]:
    return {each.id: each for each in strategies.read_all(strategies.LEAD)}


def _attributes(by: Mapping[str, LeadStrategy], strategy: Strategy) -> tuple[str, ...]:
    found = by.get(strategy.lead_strategy_id)
    return found.attributes if found is not None else ()


def create(
    strategy_id: str, name: str, fields: Sequence[str], *, always_create_lead: bool, enable_contact_creation: bool,
    now: datetime,
) -> Strategy:  # fmt: skip
    """Make a strategy; where leads are not matched by these fields yet, that is taken into use first (decision 8).

    The same id again returns what it made the first time. Raises Invalid for fields that leads are not matched by,
    Conflict where no more strategies can be in use, or fifty are there.
    """
    if earlier := Strategy.find(*Strategy.at(strategy_id)):
        return earlier
    if len(records(now)) >= MOST_STRATEGIES:
        raise Conflict(f"There can be {MOST_STRATEGIES} strategies at most. Delete one first.")
    by = _by(strategy_id, name, fields, now)
    strategy = Strategy(
        *Strategy.at(strategy_id),
        strategy_id=strategy_id,
        name=name,
        lead_strategy_id=by,
        always_create_lead=always_create_lead,
        enable_contact_creation=enable_contact_creation,
        created_at=now,
    )
    commit([put_new(strategy)], named.naming(_user(strategy_id), strategies.held(strategies.LEAD, by), now))
    return strategy


def _by(strategy_id: str, name: str, fields: Sequence[str], now: datetime) -> str:
    """Return the lead matching strategy by just these fields, made if there is none."""
    if not FIELDS.issuperset(fields):
        raise _unmatchable(f"Choose among: {', '.join(sorted(FIELDS))}.")
    known = (each for each in strategies.read_all(strategies.LEAD) if set(each.attributes) == set(fields))
    if found := next(known, None):
        return found.id
    own = digest("linkedin-strategy", strategy_id)
    try:
        return strategies.create(own, strategies.LEAD, f"LinkedIn: {name}"[:100], sorted(set(fields)), now).strategy_id
    except Invalid as error:
        raise _unmatchable(error.problems[0].message) from error


def _unmatchable(why: str) -> Invalid:
    return Invalid("Leads from LinkedIn cannot be matched like this.", [Problem("lead_fields", why)])


def _user(strategy_id: str) -> Reference:
    return "linkedin-strategy", strategy_id


def activate(strategy_id: str, now: datetime) -> Strategy:
    """Let a strategy replace the active one. Raises NotFound, Conflict.

    Conflict names each connection that maps no answer to a field which leads would be matched by (LNK-4), and says so
    of a strategy whose claims are still being built.
    """
    before = fence()
    strategy = find(strategy_id, now)
    by = _live(strategy)
    if problems := _unmapped(by):
        raise Conflict("Some connections do not map what leads would be matched by.", problems)
    if (before.strategy_id or SHIPPED) == strategy_id:
        return strategy
    before.strategy_id = strategy_id
    there = [check(strategy.key, Strategy.version == strategy.version)] if strategy_id != SHIPPED else []
    commit([moved_on(before), *there])
    return strategy


def _live(strategy: Strategy) -> LeadStrategy:
    found = _by_id().get(strategy.lead_strategy_id)
    if found is None or found.state != strategies.LIVE:
        raise Conflict("Existing leads are still being prepared for these fields. Activate it once that is done.")
    return found


def _unmapped(by: LeadStrategy) -> list[Problem]:
    connections = Connection.query(ALL, Connection.sk.startswith("CONNECTION#"), consistent_read=True)
    return [
        Problem(f"connection:{each.connection_id}", problem.message)
        for each in connections
        for problem in mapping.problems_of(entries_of(each), by.attributes)
    ]


def entries_of(connection: Connection) -> list[Entry]:
    return [Entry(**each) for each in connection.mapping]


def remove(strategy_id: str) -> None:
    """Delete a strategy. Raises NotFound; Conflict for the active one, which can only be replaced, and the shipped."""
    if strategy_id == SHIPPED:
        raise Conflict("The shipped strategy stays; activate another one instead.")
    before = fence()
    strategy = Strategy.find(*Strategy.at(strategy_id))
    if strategy is None:
        raise NotFound("There is no LinkedIn matching strategy of this id.")
    if before.strategy_id == strategy_id:
        raise Conflict("This strategy is active. Activate another one before you delete it.")
    gone = delete(strategy.key, Strategy.version == strategy.version)
    held = strategies.held(strategies.LEAD, strategy.lead_strategy_id)
    try:
        commit([gone, moved_on(before)], named.no_longer_naming(_user(strategy_id), held))
    except ConditionFailed as failed:
        raise ELSE from failed
