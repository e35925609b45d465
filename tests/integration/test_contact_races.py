"""Addresses that many take, move and release at once: each claim keeps one owner, and its heirs (invariant 1)."""

import json
import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace

import pytest

from chalicelib import dynamodb
from chalicelib.contacts import service, strategies
from chalicelib.contacts.models import Contact, ContactsItem, Duplicate, Heir, Owner
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.errors import Conflict, NotFound, Stale, Unavailable

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ROUNDS = 100
RACERS = [f"racer-{number}" for number in range(8)]
ADDRESSES = ["a@example.dk", "b@example.dk", "c@example.dk"]
EVENT = "before-call.dynamodb.TransactWriteItems"


@pytest.fixture
def contention():
    """Let every ninth transaction meet another one; yields how many did."""
    calls, fired = count(1), []

    def conflict(params, **_):
        if next(calls) % 9:
            return None
        fired.append(1)
        reasons = [{"Code": "None"} for _ in json.loads(params["body"])["TransactItems"]]
        reasons[0] = {"Code": "TransactionConflict"}
        error = {"Code": "TransactionCanceledException", "Message": ""}
        return SimpleNamespace(status_code=400), {"Error": error, "CancellationReasons": reasons}

    events = dynamodb.writer().meta.events
    events.register(EVENT, conflict)
    yield fired
    events.unregister(EVENT, conflict)


@pytest.fixture
def shared_addresses():
    """Let the default be another strategy than the address, so that who comes second waits and is not refused."""
    strategies.create("phone", "contact", "Phone", ["phone"], NOW)
    strategies.built("contact", "phone")
    strategies.make_default("contact", "phone")


def act(racer, dice, now):
    """Move to an address, release one's own, go away or come back."""
    address = dice.choice([*ADDRESSES, None])
    try:
        mine = service.find(racer)
    except NotFound:
        service.create(racer, {"last_name": "Juhl", "email": address}, now, by="user:u")
        return "created"
    if dice.random() < 0.2:
        service.remove(racer, mine.version, now)
        return "removed"
    service.amend(racer, {"email": address}, mine.version, now)
    return "moved"


def race(racer, seed, now):
    dice = random.Random(seed)
    for _ in range(8):
        try:
            return act(racer, dice, now)
        except (Conflict, Stale, Unavailable, ConditionFailed):
            continue
    return "gave up"


def table():
    """Return by place: who should hold it, who owns it, who waits."""
    holders, owners, heirs = defaultdict(set), {}, defaultdict(set)
    for item in ContactsItem.scan(consistent_read=True):
        if isinstance(item, Contact):
            assert ("email" in (item.claims or {})) == (item.email is not None)
            for place in (item.claims or {}).values():
                holders[place].add(item.contact_id)
        elif isinstance(item, Owner):
            owners[item.pk] = item.record_id
        elif isinstance(item, Heir):
            heirs[item.pk].add(item.record_id)
    return holders, owners, heirs


def pairs():
    """Return who is suggested to be whom. Nobody in there is gone."""
    found = {(each.contact_id, each.other_id) for each in Duplicate.scan(consistent_read=True)}
    assert {each for pair in found for each in pair} <= {each.contact_id for each in Contact.scan(consistent_read=True)}
    return found


@pytest.mark.usefixtures("shared_addresses")
def test_a_hundred_rounds_of_eight_racers_leave_every_claim_with_one_owner_and_the_right_heirs(contention):
    seeds = count()
    done = defaultdict(int)
    waited = 0

    with ThreadPoolExecutor(len(RACERS)) as pool:
        for number in range(ROUNDS):
            now = NOW + timedelta(seconds=number)
            for result in pool.map(lambda racer: race(racer, next(seeds), now), RACERS):  # noqa: B023  done in here
                done[result] += 1
            holders, owners, heirs = table()
            waited += sum(map(len, heirs.values()))

            assert owners.keys() == holders.keys()
            assert all(owners[place] in held for place, held in holders.items())
            assert {place: held - {owners[place]} for place, held in holders.items()} == {
                place: heirs.get(place, set()) for place in holders
            }
            assert heirs.keys() <= holders.keys()
            assert pairs() == {(other, one) for one, other in pairs()}

    assert len(contention) > ROUNDS / 2
    assert waited > ROUNDS
    assert done["moved"] > 2 * ROUNDS
    assert min(done["created"], done["removed"]) > ROUNDS / 4


@pytest.mark.rule("MAT-1")
def test_a_key_taken_after_a_submission_was_prepared_makes_it_prepare_again_not_a_second_contact():
    def prepare():
        context = service.MarketingContext()
        values = {"last_name": "Juhl", "email": "A@example.dk"}
        return service.prepare(values, strategy_id=None, new_id="second", context=context, now=NOW)

    early = prepare()
    service.create("first", {"last_name": "Juhl", "email": "a@example.dk"}, NOW, by="user:u")

    with pytest.raises(ConditionFailed):
        commit(early.writes)
    again = prepare()

    assert (again.created, again.record.contact_id) == (False, "first")


def given(racer, address):
    """Give somebody an address, however busy the records are. Returns whom the refusal names, if any."""
    for _ in range(9):
        try:
            service.amend(racer, {"email": address}, 1, NOW)
        except (Conflict, Unavailable) as refused:
            if refused.problems:
                return refused.problems[0].message
        else:
            return None
    return "gave up"


@pytest.mark.rule("CON-20")
def test_of_eight_who_are_given_one_address_at_once_one_gets_it_and_is_named_to_the_others(contention):
    for racer in RACERS:
        service.create(racer, {"last_name": "Juhl"}, NOW, by="user:u")

    with ThreadPoolExecutor(len(RACERS)) as pool:
        told = dict(zip(RACERS, pool.map(lambda racer: given(racer, "a@example.dk"), RACERS), strict=True))

    [winner] = [racer for racer, name in told.items() if name is None]
    assert [name for racer, name in told.items() if racer != winner] == [winner] * 7
    assert {racer for racer in RACERS if service.find(racer).email} == {winner}
