"""Whatever leads are merged: nothing is lost, each is found by what it was known by, and undoing is the identity."""

from collections import Counter
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.contacts import strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit
from chalicelib.leads import merging, service, suggesting
from chalicelib.leads import reading as lead_reading
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.merging import FILLED, STRICTEST
from chalicelib.leads.models import Heir, Lead, LeadsItem, Owner
from tests.support import journeys
from tests.support.custom import make

LETTERS = "abcd"
EXAMPLE = count()
MOVING = {"version", "updated_at", "since"}
"""What moves on with each write."""
CHOOSABLE = ("topic", "email", "phone", "city", "budget_amount", "rating", "owner_id", "custom.weight")

one = st.fixed_dictionaries(
    {
        "values": st.fixed_dictionaries(
            {"custom.weight": st.sampled_from(["0.1", "12.50", 7])},
            optional={
                "custom.topics": st.sampled_from([["gold"], ["gold", "silver"]]),
                "email": st.sampled_from(["x", "y"]),
                "phone": st.sampled_from(["+4511111111", "+4522222222"]),
                "topic": st.sampled_from(["Kayaks", "Tents"]),
                "city": st.sampled_from(["Odense", "Vejle"]),
                "budget_amount": st.sampled_from([Decimal("12.5"), Decimal(7)]),
                "do_not_email": st.booleans(),
                "do_not_phone": st.booleans(),
            },
        ),
        "page": st.sampled_from(["p", "q", None]),
        "closed": st.sampled_from([False, False, False, True]),
    }
)
leads = st.fixed_dictionaries(dict.fromkeys(LETTERS, one))
choices = st.dictionaries(st.sampled_from(CHOOSABLE), st.sampled_from(["this", "other"]), max_size=4)
merges = st.lists(st.tuples(st.sampled_from(LETTERS), st.sampled_from(LETTERS), choices), min_size=1, max_size=4)


@pytest.fixture
def known(world):
    """Somebody, and matching by telephone besides the shipped one."""
    make("weight", "decimal", "lead")
    make("topics", "multiple_choice", "lead")
    strategies.create("phone", "lead", "Telephone", ["phone"], world.now)
    strategies.built("lead", "phone")
    journeys.contact("ada")
    return world


def prepared(world, values, page, new_id, strategy_id=None, *, always_new=False):
    return service.prepare(
        values,
        contact_id="ada",
        strategy_id=strategy_id,
        always_new=always_new,
        page_id=page,
        new_id=new_id,
        context=MarketingContext(),
        owner_id=None,
        now=world.now,
    )


def begin(world, given, prefix):
    """Let forms bring every lead, and return the ids."""
    for letter, each in given.items():
        values = named(each["values"], prefix)
        commit(prepared(world, {"last_name": letter, **values}, each["page"], prefix + letter, always_new=True).writes)
        if each["closed"]:
            lost = (State.DISQUALIFIED, StatusReason.LOST)
            service.close(prefix + letter, *lost, by="u", why="w", version=1, now=world.now)
    return [prefix + letter for letter in LETTERS]


def named(values, prefix):
    """Return values that no lead of another example has."""
    ways = {
        "email": lambda email: f"{email}@{prefix}.example.dk",
        "phone": lambda phone: phone[:-3] + f"{int(prefix[1:]):03}",
    }
    return {name: ways.get(name, lambda same: same)(value) for name, value in values.items()}


def state(ids):
    """Return these leads and who has or awaits their keys, without what moves on with each write."""
    return {
        (item.pk, item.sk): {name: value for name, value in item.serialize().items() if name not in MOVING}
        for item in LeadsItem.scan(consistent_read=True)
        if isinstance(item, Lead | Owner | Heir) and item.record_id in ids
    }


def sound(ids):
    """Check that each claim of these leads has one owner and the right heirs."""
    holders, found = Counter(), Counter()
    for item in LeadsItem.scan(consistent_read=True):
        if isinstance(item, Lead) and item.lead_id in ids:
            assert item.open or not item.places
            holders.update((place, item.lead_id) for place in item.places)
        elif isinstance(item, Owner | Heir) and item.record_id in ids:
            found[item.pk, item.record_id] += 1
    assert found == holders


def main(identity):
    return lead_reading.find(identity).merged_into or identity


@pytest.mark.rule("LEAD-1", "MAT-2")
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(given=leads, wanted=merges, dice=st.randoms(use_true_random=False))
def test_nothing_is_lost_by_merging_leads_and_undoing_is_the_identity(known, given, wanted, dice):
    ids = begin(known, given, f"e{next(EXAMPLE)}")
    before, told = state(ids), {each: moves(each) for each in ids}
    made, chosen = join(known, ids, wanted)

    for counts, parts in groups(ids).items():
        check_fields(counts, [given[each[-1]]["values"] for each in sorted(parts)], chosen, counts[: -len("a")])
        assert not parts & {each.id for each in suggesting.of_lead(counts)}
        if lead_reading.find(counts).open:
            check_known(known, parts, given, ids)

    part(known, ids, made, dice)
    assert state(ids) == before
    assert all(told[each] <= moves(each) for each in ids)


def moves(lead_id):
    return {each.sk for each in lead_reading.history(lead_id)}


def join(world, ids, wanted):
    """Merge what was picked and can be; return the merges that were made, and which fields anybody chose."""
    made, chosen = [], set()
    for into, other, picked in wanted:
        pair = [main(ids[LETTERS.index(each)]) for each in (into, other)]
        if pair[0] != pair[1] and lead_reading.find(pair[0]).open:
            wish = Wish("-".join(pair), picked, by="user:u", why="the same interest")
            merging.merge(*pair, wish, lead_reading.find(pair[0]).version, world.now)
            made.append(pair)
            chosen |= picked.keys()
            sound(ids)
    return made, chosen


def part(world, ids, made, dice):
    """Undo all merges, in any order that is possible."""
    while made:
        pair = dice.choice([pair for pair in made if main(pair[0]) == pair[0]])
        merging.undo(pair[0], "-".join(pair), "user:u", world.now)
        made.remove(pair)
        sound(ids)


def groups(ids):
    found = {}
    for each in ids:
        found.setdefault(main(each), set()).add(each)
    return found


def check_fields(counts, mine, chosen, prefix):
    """Check that the one that counts says nothing that none of them said, and forbids what any of them forbade."""
    lead, said = lead_reading.find(counts), [named(values, prefix) for values in mine]
    for name in {*FILLED, "owner_id"} & set(CHOOSABLE):
        values = {each[name] for each in said if name in each}
        value = getattr(lead, name)
        assert value in values or value is None
        if name not in chosen and name in FILLED:
            assert (value is None) == (not values)
    for name in STRICTEST:
        assert bool(getattr(lead, name)) == any(each.get(name) for each in said)


def check_known(world, parts, given, ids):
    """Check that a form which knows what an open lead was known by finds the one that it is now, or shares it with."""
    for each in parts:
        mine = given[each[-1]]
        values = named(mine["values"], each[: -len("a")])
        for strategy, name in ((None, "email"), ("phone", "phone")):
            if name in values and not mine["closed"]:
                found = prepared(world, {name: values[name]}, mine["page"], "new", strategy)
                assert not found.created
                assert found.record.merged_into is None
                assert found.record.lead_id in {main(one) for one in ids}
