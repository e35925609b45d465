"""Whatever is merged: nothing is lost, nothing counts twice, no consent rises, and undoing is the identity."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.consent import service as consent
from chalicelib.consent.rules import Designation, refusal
from chalicelib.contacts import accounts, strategies
from chalicelib.contacts import service as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.joining import FILLED, NEVER_FILLED
from chalicelib.contacts.models import Contact, ContactsItem, Duplicate, Heir, Membership, Owner
from chalicelib.interactions import service as log
from chalicelib.leads import reading as leads
from chalicelib.scoring import reading, service
from chalicelib.segments import service as segments
from tests.support import journeys, scoring
from tests.support.custom import make
from tests.support.merged import merge, prefer, undo

LETTERS = "abcd"
EXAMPLE = count()
ALLOWED = ("bulk_email", "email", "tracking", "prefill", "is_child", "guardian_consent")
MOVING = {"version", "updated_at", "since", "joins"}
"""What moves on with each write."""

CHOSEN = (*FILLED, *NEVER_FILLED, "custom.weight")
somebody = st.fixed_dictionaries(
    {"custom.weight": st.sampled_from(["0.1", "12.50", 7])},
    optional={
        "custom.topics": st.sampled_from([["gold"], ["gold", "silver"]]),
        "email": st.sampled_from(["x", "y", "z"]),
        "phone": st.sampled_from(["+4511111111", "+4522222222", "+4533333333"]),
        "city": st.sampled_from(["Odense", "Vejle"]),
        "first_name": st.sampled_from(["Ada", "Bo"]),
        "account_id": st.sampled_from(["x", "y"]),
        "owner_id": st.just("o"),
        "inactive": st.booleans(),
    },
)
allowed = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(ALLOWED, st.booleans()), "consent_level": st.integers(0, 5)}
)
one = st.fixed_dictionaries(
    {
        "values": somebody,
        "consent": allowed,
        "clicks": st.integers(0, 3),
        "leads": st.integers(0, 2),
        "picked": st.sets(st.sampled_from(["s1", "s2"])),
    }
)
people = st.fixed_dictionaries(dict.fromkeys(LETTERS, one))
choices = st.dictionaries(st.sampled_from(CHOSEN), st.sampled_from(["this", "other"]), max_size=5)
merges = st.lists(st.tuples(st.sampled_from(LETTERS), st.sampled_from(LETTERS), choices), min_size=1, max_size=4)


@pytest.fixture
def company(world):
    """Accounts, segments, a model, and matching by telephone, so that several contacts may hold one address."""
    make("weight", "decimal")
    make("topics", "multiple_choice")
    strategies.create("phone", "contact", "Phone", ["phone"], world.now)
    strategies.built("contact", "phone")
    strategies.create("pair", "contact", "Name and address", ["first_name", "email"], world.now)
    strategies.built("contact", "pair")
    strategies.create("none", "contact", "Never", ["postal_code"], world.now)
    strategies.built("contact", "none")
    strategies.make_default("contact", "none")
    for account in ("x", "y"):
        accounts.create(account, {"name": account}, world.now, by="user:u")
    for segment in ("s1", "s2"):
        journeys.publish("segment", segment, {"type": "static"}, world.now)
    journeys.publish("segment", "d", {"type": "dynamic", "query": {"interaction": "EmailClicked", "at_least": 2}})
    scoring.publish(scoring.clicked(30), scoring.lives_in("Odense", 7))
    world.settle()
    return world


def begin(world, given, prefix):
    """Make everybody with their past, and return their ids."""
    for letter, each in given.items():
        identity, values = prefix + letter, named(each["values"], prefix)
        contacts.create(identity, {"last_name": letter, **values}, world.now, by="user:u")
        if each["consent"]:
            prefer(identity, world.now, **each["consent"])
        for number in range(each["clicks"]):
            scoring.click(f"{identity}-{number}", at=world.now, contact_id=identity)
        for number in range(each["leads"]):
            scoring.lead(f"l-{identity}-{number}", identity)
        for segment in sorted(each["picked"]):
            segments.pick(segment, [identity], world.now)
    world.settle()
    return [prefix + letter for letter in LETTERS]


def named(values, prefix):
    """Return values that nobody of another example has."""
    ways = {
        "email": lambda email: f"{email}@{prefix}.example.dk",
        "phone": lambda phone: phone[:-3] + f"{int(prefix[1:]):03}",
    }
    return {name: ways.get(name, lambda same: same)(value) for name, value in values.items()}


def state(ids):
    """Return everything that is known of these people, without what moves on with each write."""
    rows = {}
    for item in ContactsItem.scan(consistent_read=True):
        mine = item.pk.removeprefix("CONTACT#") in ids
        member = isinstance(item, Membership) and item.contact_id in ids
        claim = isinstance(item, Owner | Heir) and item.record_id in ids
        if (isinstance(item, Contact | Duplicate) and mine) or member or claim:
            moving = MOVING if not isinstance(item, Membership) else {"version"}
            rows[item.pk, item.sk] = {
                name: value for name, value in item.serialize().items() if name not in moving and name != "joins"
            }
    return rows, {each: of(each) for each in ids}


def of(identity):
    held = {name for name, membership in segments.memberships_of(identity).items() if membership.holds}
    mine = leads.of_contact(identity)
    scores = {
        lead.lead_id: [
            (score.contact_id, score.score, score.contributions) for score in reading.scores_of(lead.lead_id)
        ]
        for lead in mine
    }
    clicks = [(each.sk, each.contact_id) for each in log.of_contact(identity, "EmailClicked")]
    return consent.preferences(identity).fields(), held, scores, clicks


def sound(ids):
    """Check that each claim of these people has one owner and the right heirs."""
    holders, found = Counter(), Counter()
    for item in ContactsItem.scan(consistent_read=True):
        if isinstance(item, Contact) and item.contact_id in ids:
            assert item.merged_into is None or not item.places
            holders.update((place, item.contact_id) for place in item.places)
        elif isinstance(item, Owner | Heir) and item.record_id in ids:
            found[item.pk, item.record_id] += 1
    assert found == holders


def main(identity):
    return contacts.find(identity).merged_into or identity


@pytest.mark.rule("RSC-10", "CON-20")
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(given=people, wanted=merges, dice=st.randoms(use_true_random=False))
def test_nothing_is_lost_by_merging_and_undoing_is_the_identity(company, given, wanted, dice):
    ids = begin(company, given, f"e{next(EXAMPLE)}")
    before, own = state(ids), {each: consent.preferences(each) for each in ids}
    made = join(company, ids, wanted)
    company.settle(duplicate=dice.random() < 0.5, shuffle=dice.randrange(100))

    for who, parts in groups(ids).items():
        assert set(contacts.who_is(who).ids) == parts
        check_person(who, parts, given, own, company.now)
    for identity in ids:
        check_known(identity)

    part(company, ids, made, dice)
    company.settle(duplicate=dice.random() < 0.5, shuffle=dice.randrange(100))
    after = state(ids)
    assert after[0] == before[0]
    assert after[1] == before[1]


def join(world, ids, wanted):
    """Merge who was picked, and return the merges that were made."""
    made = []
    for into, other, chosen in wanted:
        pair = [main(ids[LETTERS.index(each)]) for each in (into, other)]
        if pair[0] != pair[1]:
            merge(*pair, world.now, {name: side for name, side in chosen.items() if name != "last_name"})
            made.append(pair)
            sound(ids)
    return made


def part(world, ids, made, dice):
    """Undo all merges, in any order that is possible."""
    while made:
        pair = dice.choice([pair for pair in made if main(pair[0]) == pair[0]])
        undo(*pair, world.now)
        made.remove(pair)
        sound(ids)


def groups(ids):
    found = {}
    for each in ids:
        found.setdefault(main(each), set()).add(each)
    return found


def check_person(who, parts, given, own, now):
    """Check that somebody has all that its identities had, each once, and no more consent than any of them."""
    mine = [given[each[-1]] for each in sorted(parts)]
    clicks = sum(each["clicks"] for each in mine)
    found = leads.of_person(contacts.who_is(who).ids)
    assert len(found) == sum(each["leads"] for each in mine)
    points = 30 * clicks + 7 * (contacts.find(who).city == "Odense")
    allowed = consent.of_person(contacts.who_is(who))
    for lead in found:
        scores = reading.scores_of(lead.lead_id)
        assert [score.score for score in scores] == ([] if allowed.is_child else [points])
        assert {score.contact_id for score in scores} <= {who}
    assert not service.recount(who, now)
    held = {name for name, membership in segments.memberships_of(who).items() if membership.holds}
    assert held == {name for each in mine for name in each["picked"]} | ({"d"} if clicks >= 2 else set())
    each = [own[part] for part in parts]
    assert allowed.consent_level == min(part.consent_level for part in each)
    assert not any(getattr(allowed, name) for name in ALLOWED[:4] if not all(getattr(part, name) for part in each))
    for designation in Designation:
        assert (refusal(allowed, designation) is None) == all(refusal(part, designation) is None for part in each)


def check_known(identity):
    """Check that a form which knows what a contact was known by finds who it is now, or who owned that before it."""
    contact = contacts.find(identity)
    for strategy, name in (("phone", "phone"), ("email", "email")):
        value = getattr(contact, name)
        if value is None:
            continue
        values, context = {name: value}, MarketingContext()
        prepared = contacts.prepare(values, strategy_id=strategy, new_id="n", context=context, now=contact.created_at)
        holders = {main(each.contact_id) for each in contacts.by_email(value)} if name == "email" else None
        assert not prepared.created
        assert holders is None or prepared.record.contact_id in holders
        assert contacts.find(prepared.record.contact_id).merged_into is None
