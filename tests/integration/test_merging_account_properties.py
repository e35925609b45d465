"""Whatever accounts are merged: nothing is lost, leads are scored by all that they are, and undoing is the identity."""

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.contacts import account_merging, accounts
from chalicelib.contacts.account_merging import FILLED
from chalicelib.contacts.joining import Wish
from chalicelib.contacts.models import Account, ContactsItem, Membership
from chalicelib.leads import lists
from chalicelib.lists import Asked
from chalicelib.scoring import reading
from chalicelib.scoring.accounts import rescoring
from chalicelib.segments import service as segments
from tests.support import journeys, scoring
from tests.support.custom import make

LETTERS = "abcd"
EXAMPLE = count()
MOVING = {"version", "updated_at", "joins"}
"""What moves on with each write."""
BOATS = [{"field": "industry", "operator": "equals", "values": ["Boats"]}]
BUILDS_BOATS = {
    "id": "boats",
    "name": "Builds boats",
    "points": 11,
    "conditions": [{"entity": "account", "where": BOATS}],
}

CHOSEN = ("name", *FILLED, "custom.weight")
company = st.fixed_dictionaries(
    {"custom.weight": st.sampled_from(["0.1", "12.50", 7])},
    optional={
        "custom.topics": st.sampled_from([["gold"], ["gold", "silver"]]),
        "industry": st.sampled_from(["Boats", "Tents"]),
        "website": st.sampled_from(["kajak.dk", "https://www.kajak.dk", "telt.dk"]),
        "city": st.sampled_from(["Odense", "Vejle"]),
        "annual_revenue": st.sampled_from([Decimal("12.5"), Decimal(7)]),
        "employees": st.integers(1, 2),
        "owner_id": st.sampled_from(["o", "p"]),
    },
)
one = st.fixed_dictionaries(
    {"values": company, "clicks": st.lists(st.integers(0, 2), max_size=2), "leads": st.integers(0, 1)}
)
companies = st.fixed_dictionaries(dict.fromkeys(LETTERS, one))
choices = st.dictionaries(st.sampled_from(CHOSEN), st.sampled_from(["this", "other"]), max_size=4)
merges = st.lists(st.tuples(st.sampled_from(LETTERS), st.sampled_from(LETTERS), choices), min_size=1, max_size=4)


@pytest.fixture
def market(world):
    """A model of accounts, one of contacts, and a segment, all of which ask about accounts."""
    make("weight", "decimal", "account")
    make("topics", "multiple_choice", "account")
    scoring.publish(scoring.clicked(10), BUILDS_BOATS, target="account", model_id="of-accounts")
    scoring.publish(BUILDS_BOATS, model_id="of-contacts")
    query = {"field": "account.industry", "operator": "equals", "values": ["Boats"]}
    journeys.publish("segment", "boats", {"type": "dynamic", "query": query}, world.now)
    world.settle()
    return world


def begin(world, given, prefix):
    """Make every company with its people and leads, and return the ids."""
    for letter, each in given.items():
        identity = prefix + letter
        accounts.create(identity, {"name": f"{letter} ApS", **each["values"]}, world.now, by="user:u")
        for number, clicks in enumerate(each["clicks"]):
            person = f"{identity}-{number}"
            journeys.contact(person, account_id=identity)
            scoring.lead(f"l-{person}", person)
            for click in range(clicks):
                scoring.click(f"{person}-{click}", at=world.now, contact_id=person)
        for number in range(each["leads"]):
            scoring.lead(f"l-{identity}-based-{number}", None, account_id=identity)
    pass_a_minute(world)
    return [prefix + letter for letter in LETTERS]


def pass_a_minute(world, **delivery):
    """Let everything come to rest, also what accounts are rescored for at most once a minute."""
    world.settle(**delivery)
    world.advance(timedelta(minutes=2))
    world.poll(rescoring.WORK)
    world.settle(**delivery)


def state(ids):
    """Return everything that is known of these companies, without what moves on with each write."""
    rows = {
        (item.pk, item.sk): {name: value for name, value in item.serialize().items() if name not in MOVING}
        for item in ContactsItem.scan(consistent_read=True)
        if isinstance(item, Account | Membership) and item.pk.removeprefix("ACCOUNT#") in ids
    }
    return rows, {each: (people_of(each), scores_of(each)) for each in ids}


def people_of(identity):
    """Return who belongs to an account, and whether each is in the segment."""
    found = sorted({each.contact_id for each in accounts.members(identity)})
    return {each: segments.is_member(each, "boats") for each in found}


def scores_of(identity):
    """Return the scores of an account's own leads and of its people's, as lists and readers tell them."""
    based = [lead.lead_id for lead in lists.of_account(identity, Asked(100)).items]
    theirs = [f"l-{person}" for person in people_of(identity)]
    return {each: {score.model_id: score.score for score in reading.scores_of(each)} for each in (*based, *theirs)}


def main(identity):
    return accounts.find(identity).merged_into or identity


@pytest.mark.rule("ACC-1", "RSC-10")
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(given=companies, wanted=merges, dice=st.randoms(use_true_random=False))
def test_nothing_is_lost_by_merging_accounts_and_undoing_is_the_identity(market, given, wanted, dice):
    ids = begin(market, given, f"e{next(EXAMPLE)}")
    before = state(ids)
    made, chosen = join(market, ids, wanted)
    pass_a_minute(market, duplicate=dice.random() < 0.5, shuffle=dice.randrange(100))

    for counts, parts in groups(ids).items():
        assert {accounts.ids_of(each) for each in parts} == {accounts.ids_of(counts)}
        assert set(accounts.ids_of(counts)) == parts
        check_fields(counts, [given[each[-1]] for each in sorted(parts)], chosen)
        check_people_and_leads(counts, parts, given, market.now)

    part(market, made, dice)
    pass_a_minute(market, duplicate=dice.random() < 0.5, shuffle=dice.randrange(100))
    assert state(ids) == before


def join(world, ids, wanted):
    """Merge what was picked; return the merges that were made, and which fields anybody chose."""
    made, chosen = [], set()
    for into, other, picked in wanted:
        pair = [main(ids[LETTERS.index(each)]) for each in (into, other)]
        if pair[0] != pair[1]:
            wish = Wish("-".join(pair), picked, by="user:u", why="the same company")
            account_merging.merge(*pair, wish, accounts.find(pair[0]).version, world.now)
            made.append(pair)
            chosen |= picked.keys()
    return made, chosen


def part(world, made, dice):
    """Undo all merges, in any order that is possible."""
    while made:
        pair = dice.choice([pair for pair in made if main(pair[0]) == pair[0]])
        account_merging.undo(pair[0], "-".join(pair), "user:u", world.now)
        made.remove(pair)


def groups(ids):
    found = {}
    for each in ids:
        found.setdefault(main(each), set()).add(each)
    return found


def check_fields(counts, mine, chosen):
    """Check that the one that counts says nothing that none of them said, and is silent only where all were."""
    account = accounts.find(counts)
    for name in FILLED:
        said = {each["values"][name] for each in mine if name in each["values"]}
        value = getattr(account, name)
        assert value in said or value is None
        if name not in chosen:
            assert (value is None) == (not said)


def check_people_and_leads(counts, parts, given, now):
    """Check that whichever account is asked has the people and leads of all, scored by all that they did."""
    mine = [given[each[-1]] for each in parts]
    boats = accounts.find(counts).industry == "Boats"
    people = {f"{each}-{number}" for each in parts for number in range(len(given[each[-1]]["clicks"]))}
    based = {f"l-{each}-based-{number}" for each in parts for number in range(given[each[-1]]["leads"])}
    points = 10 * sum(sum(each["clicks"]) for each in mine) + 11 * boats
    for asked in parts:
        assert people_of(asked) == dict.fromkeys(people, boats)
        scores = scores_of(asked)
        assert scores.keys() == based | {f"l-{person}" for person in people}
        assert {scores[each].get("of-accounts", 0) for each in based} <= {points}
        assert {scores[each].get("of-contacts", 0) for each in scores.keys() - based} <= {11 * boats}
    assert not rescoring.recount(counts, now)
