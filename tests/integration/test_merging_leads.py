"""Leads of one contact that are the same interest are merged, and parted again (decision 46)."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import accounts, strategies
from chalicelib.contacts import service as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit
from chalicelib.errors import Conflict, DomainError, Stale
from chalicelib.interactions.plans import NewInteraction, record
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import backfilling, deletion, merging, service
from chalicelib.leads import reading as lead_reading
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.models import Heir, Lead, LeadMerge, LeadsItem, Owner
from chalicelib.scoring import reading
from chalicelib.scoring import service as scores
from chalicelib.scoring.accounts.rescoring import WORK
from chalicelib.scoring.explanations import explaining
from tests.support import journeys, scoring
from tests.support import merged as contacts_merged
from tests.support.api import Caller
from tests.support.between import before_call, before_the_next_write


@pytest.fixture
def two(world):
    """Ada with two leads, each known by an address and a page of its own."""
    journeys.contact("ada", email="ada@example.dk")
    for identity in ("one", "two"):
        submit(world, identity, email=f"{identity}@example.dk", topic=identity)
    return world


def submit(world, new_id="new", page="p", contact_id="ada", strategy_id=None, **values):
    """Let a form bring values, and return the lead that they resolved to."""
    prepared = service.prepare(
        {"last_name": "Juhl", **values},
        contact_id=contact_id,
        strategy_id=strategy_id,
        always_new=False,
        page_id=page,
        new_id=new_id,
        context=MarketingContext(),
        owner_id=None,
        now=world.now,
    )
    commit(prepared.writes)
    return prepared.record.lead_id


def merge(world, into="one", other="two", choices=None):
    wish = Wish(f"{into}-{other}", choices or {}, by="user:u", why="the same interest")
    return merging.merge(into, other, wish, lead_reading.find(into).version, world.now)


def undo(world, into="one", other="two"):
    return merging.undo(into, f"{into}-{other}", "user:u", world.now)


def rows():
    moving = {"version", "updated_at", "since"}
    return {
        (item.pk, item.sk): {name: value for name, value in item.serialize().items() if name not in moving}
        for item in LeadsItem.scan(consistent_read=True)
        if isinstance(item, Lead | Owner | Heir)
    }


def sound():
    holders, found = Counter(), Counter()
    for item in LeadsItem.scan(consistent_read=True):
        if isinstance(item, Lead):
            holders.update((place, item.lead_id) for place in item.places)
        elif isinstance(item, Owner | Heir):
            found[item.pk, item.record_id] += 1
    assert found == holders


@pytest.mark.rule("LEAD-1")
def test_a_merged_lead_is_closed_keeps_its_history_and_its_keys_lead_to_the_other(two):
    service.amend("two", {"budget_amount": Decimal("12.5"), "do_not_email": True}, by="u", version=1, now=two.now)
    before = rows()

    with Client(app) as client:
        api = Caller(client)
        wish = {"other_id": "two", "why": "the same interest", "choices": {"topic": "other"}}
        shown = api.post("/leads/one/merges/preview", {"other_id": "two", "choices": {"topic": "other"}})
        made = api.post("/leads/one/merges", wish, If_Match=f'"{lead_reading.find("one").version}"')
        assert {each["name"]: each["after"] for each in shown["fields"]}["topic"] == "two"
        assert made["taken"] == {"topic": "two", "budget_amount": "12.5", "do_not_email": True}
        one, other = api.get("/leads/one"), api.get("/leads/two")
        assert (one["topic"], one["email"], one["identities"]) == ("two", "one@example.dk", ["two"])
        assert (other["state"], other["status_reason"], other["merged_into"]) == ("disqualified", "canceled", "one")
        assert [each["why"] for each in api.get("/leads/two/history")["items"]][-1].startswith("merged into one")
        assert submit(two, email="two@example.dk", city="Vejle") == "one"
        assert (lead_reading.find("one").email, lead_reading.find("one").city) == ("one@example.dk", "Vejle")
        sound()
        service.amend("one", {"city": None}, by="u", version=lead_reading.find("one").version, now=two.now)

        assert api.call("DELETE", f"/leads/one/merges/{made['id']}")[1]["undone_at"]
        assert len(api.get("/leads/one/merges")["items"]) == 1
    del_latest = {"latest_submission_at"}
    drop = lambda found: {key: {n: v for n, v in row.items() if n not in del_latest} for key, row in found.items()}  # noqa: E731
    assert drop(rows()) == drop(before)
    assert submit(two, email="two@example.dk") == "two"
    sound()


@pytest.mark.rule("RSC-10")
def test_only_the_lead_that_counts_is_scored_and_both_are_again_after_undoing(two):
    scoring.publish(scoring.clicked(30))
    scoring.click("1", at=two.now, contact_id="ada")
    two.settle()
    assert points() == {"one": [30], "two": [30]}

    merge(two)
    two.settle(duplicate=True, shuffle=1)
    assert points() == {"one": [30], "two": []}
    assert "merged" in explaining.scores_of_lead("two", two.now).unscored[0].reason
    assert not scores.recount("ada", two.now)

    undo(two)
    two.settle(duplicate=True, shuffle=2)
    assert points() == {"one": [30], "two": [30]}


@pytest.mark.rule("RSC-10", "LEAD-3")
def test_of_merged_leads_of_an_account_only_the_one_that_counts_is_scored_too(world):
    accounts.create("a", {"name": "Kayaks Ltd"}, world.now, by="user:u")
    for each in ("one", "two"):
        scoring.lead(each, None, account_id="a")
    scoring.publish(scoring.clicked(30), target="account")
    world.settle()
    pass_a_minute(world)
    assert points() == {"one": [0], "two": [0]}

    merge(world)
    pass_a_minute(world)
    assert points() == {"one": [0], "two": []}

    undo(world)
    pass_a_minute(world)
    assert points() == {"one": [0], "two": [0]}


def pass_a_minute(world):
    world.settle()
    world.advance(timedelta(minutes=2))
    world.poll(WORK)
    world.settle()


@pytest.mark.rule("RSC-7", "RSC-10")
def test_what_belonged_to_a_merged_lead_is_the_others_own_until_it_is_undone(two):
    for each in ("one", "two"):
        submitted = NewInteraction(
            InteractionType.FORM_SUBMITTED, two.now, "test", each, contact_id="ada", lead_id=each, attributes={}
        )
        commit(record(submitted, two.now))
    rule = {"id": "r", "points": 10, "conditions": [{"entity": "FormSubmitted", "frequency": "each"}]}
    scoring.publish(rule, count_contact_interactions=False)
    two.settle()
    assert points() == {"one": [10], "two": [10]}

    merge(two)
    two.settle()
    assert points() == {"one": [20], "two": []}

    undo(two)
    two.settle()
    assert points() == {"one": [10], "two": [10]}


def points():
    return {each: [score.score for score in reading.scores_of(each)] for each in ("one", "two")}


def test_leads_of_merged_contacts_are_leads_of_one_contact(two):
    journeys.contact("twin")
    submit(two, "theirs", contact_id="twin", email="theirs@example.dk")
    with pytest.raises(Conflict, match="different contacts"):
        merge(two, "one", "theirs")

    contacts_merged.merge("ada", "twin", two.now)
    merge(two, "one", "theirs")

    assert [each.lead_id for each in lead_reading.of_person(contacts.who_is("ada").ids)] == ["one", "two"]


@pytest.mark.rule("LEAD-1")
@pytest.mark.parametrize(("into", "other"), [("one", "theirs"), ("theirs", "one")])
def test_contacts_are_parted_only_after_their_leads_so_that_none_goes_to_somebody_else(two, into, other):
    journeys.contact("twin")
    submit(two, "theirs", contact_id="twin", email="theirs@example.dk")
    contacts_merged.merge("ada", "twin", two.now)
    merge(two, into, other)

    with pytest.raises(Conflict, match="Leads of the two") as refused:
        contacts_merged.undo("ada", "twin", two.now)
    assert [each.message for each in refused.value.problems] == [into]

    undo(two, into, other)
    merge(two)  # of one and the same contact
    contacts_merged.undo("ada", "twin", two.now)
    assert submit(two, contact_id="twin", email="theirs@example.dk") == "theirs"
    assert [each.lead_id for each in lead_reading.of_contact("ada")] == ["one"]


@pytest.mark.parametrize(
    ("into", "other", "choices", "why"),
    [
        ("one", "one", {}, "not one"),
        ("one", "nobody", {}, "does not exist"),
        ("one", "two", {"stage": "other"}, "cannot be chosen"),
        ("closed", "one", {}, "open one"),
        ("one", "won", {}, "opportunity"),
        ("one", "merged", {}, "was merged"),
        ("merged", "one", {}, "was merged"),
    ],
)
def test_what_cannot_be_merged_is_refused_and_nothing_is_done(two, into, other, choices, why):
    for identity, state, reason in (
        ("closed", State.DISQUALIFIED, StatusReason.LOST),
        ("won", State.QUALIFIED, StatusReason.QUALIFIED),
    ):
        submit(two, identity, email=f"{identity}@example.dk")
        service.close(identity, state, reason, by="u", why="w", version=1, now=two.now)
    submit(two, "merged", email="merged@example.dk")
    merge(two, "two", "merged")
    before = rows()

    with pytest.raises(DomainError, match=why):
        merge(two, into, other, choices)

    assert rows() == before


def test_a_merged_lead_is_changed_by_undoing_only(two):
    merge(two)
    version = lead_reading.find("two").version
    for act in (
        lambda: service.amend("two", {"city": "Vejle"}, by="u", version=version, now=two.now),
        lambda: service.reopen("two", by="u", why="w", version=version, now=two.now),
        lambda: service.remove("two", version, two.now),
        lambda: service.remove("one", lead_reading.find("one").version, two.now),
    ):
        with pytest.raises(Conflict):
            act()

    undo(two)
    service.remove("two", lead_reading.find("two").version, two.now)
    service.remove("one", lead_reading.find("one").version, two.now)
    assert rows() == {}
    two.settle()
    assert [item for item in LeadMerge.scan(consistent_read=True) if isinstance(item, LeadMerge)] == []


def test_closing_the_lead_that_counts_lets_go_of_all_keys_and_the_other_takes_its_own_back(two):
    merge(two)
    lead = lead_reading.find("one")
    service.close("one", State.DISQUALIFIED, StatusReason.LOST, by="u", why="w", version=lead.version, now=two.now)
    sound()

    assert submit(two, "new", email="two@example.dk") == "new"
    undo(two)

    assert lead_reading.find("two").open
    assert submit(two, "none", email="two@example.dk") == "new"
    sound()


def test_a_strategy_taken_into_use_later_knows_the_lead_by_the_details_of_all(two):
    for identity, number in (("one", "+4511111111"), ("two", "+4522222222")):
        version = lead_reading.find(identity).version
        service.amend(identity, {"phone": number}, by="u", version=version, now=two.now)
    merge(two)
    strategies.create("phone", "lead", "Telephone", ["phone"], two.now)
    [phone] = [each for each in strategies.read_all("lead") if each.id == "phone"]

    backfilling.backfill(phone, ["one", "two"], two.now)
    backfilling.backfill(phone, ["one", "two"], two.now)

    assert len([place for place in lead_reading.find("one").places if place.startswith("CLAIM#phone#")]) == 2
    sound()
    undo(two)
    assert [place for place in lead_reading.find("two").places if place.startswith("CLAIM#phone#")]
    sound()


@pytest.fixture
def phoned(two):
    """Three leads with telephone numbers of one digit each."""
    submit(two, "three", email="three@example.dk")
    for digit, identity in zip("123", ("one", "two", "three"), strict=True):
        service.amend(identity, {"phone": f"+45{digit * 8}"}, by="u", version=1, now=two.now)
    return two


def test_who_is_merged_while_a_strategy_is_built_is_known_by_it_all_the_same(phoned):
    phone = building(phoned)
    backfilling.backfill(phone, ["one"], phoned.now)
    merge(phoned, "one", "two")
    strategies.built("lead", "phone")

    assert [known_by(phoned, digit) for digit in "12"] == ["one", "one"]
    undo(phoned)
    assert [known_by(phoned, digit) for digit in "12"] == ["one", "two"]
    sound()


def test_what_a_strategy_taken_into_use_later_found_goes_back_to_whom_it_belongs(phoned):
    for pair in (("two", "three"), ("one", "two")):
        merge(phoned, *pair)
    backfilling.backfill(building(phoned), ["one"], phoned.now)
    strategies.built("lead", "phone")

    undo(phoned)
    assert [known_by(phoned, digit) for digit in "123"] == ["one", "two", "two"]
    sound()
    undo(phoned, "two", "three")
    assert [known_by(phoned, digit) for digit in "123"] == ["one", "two", "three"]
    sound()


def building(world):
    """Take a strategy by telephone into use, which is not built yet."""
    strategies.create("phone", "lead", "Telephone", ["phone"], world.now)
    return next(each for each in strategies.read_all("lead") if each.id == "phone")


def known_by(world, digit):
    """Return which lead a form finds by a telephone number."""
    return submit(world, strategy_id="phone", phone=f"+45{digit * 8}")


def test_merges_of_leads_are_flat_and_undone_in_any_order(two):
    for identity in ("three", "four"):
        submit(two, identity, email=f"{identity}@example.dk", city=identity)
    before = rows()
    merge(two, "two", "three")
    merge(two, "one", "two")
    two.advance(timedelta(days=1))
    merge(two, "one", "four", {"city": "other"})
    assert set(lead_reading.find("one").identities) == {"two", "three", "four"}
    assert submit(two, email="three@example.dk") == "one"

    with pytest.raises(Conflict):
        undo(two, "two", "three")
    undo(two, "one", "two")
    assert lead_reading.find("one").city == "four"
    undo(two, "two", "three")
    undo(two, "one", "four")

    assert rows() == before
    sound()


@pytest.mark.rule("LEAD-1")
def test_what_any_lead_forbids_is_forbidden_until_the_last_one_that_says_so_is_parted(two):
    for identity in ("three", "four"):
        submit(two, identity, email=f"{identity}@example.dk")
    for identity in ("two", "three", "four"):
        service.amend(identity, {"do_not_email": True}, by="u", version=1, now=two.now)
    for identity in ("two", "three", "four"):
        merge(two, "one", identity)
        two.advance(timedelta(days=1))

    forbidden = []
    for identity in ("two", "four", "three"):
        undo(two, "one", identity)
        forbidden.append(lead_reading.find("one").do_not_email)

    assert forbidden == [True, True, None]


def test_a_lead_that_comes_back_to_an_account_that_is_gone_has_none(two):
    for identity, account_id in (("one", "left"), ("two", "taken")):
        accounts.create(account_id, {"name": account_id}, two.now, by="user:u")
        service.amend(identity, {"account_id": account_id}, by="u", version=1, now=two.now)
    merge(two, choices={"account_id": "other"})
    accounts.remove("left", 1, two.now)
    two.settle()

    undo(two)

    assert [each.account_id for each in lead_reading.find_many(["one", "two"])] == [None, "taken"]


@pytest.mark.rule("LEAD-1")
def test_an_undone_merge_forgets_what_either_was_which_may_be_deleted_by_itself(two):
    service.amend("two", {"first_name": "Zenobia", "do_not_email": True}, by="u", version=1, now=two.now)
    merge(two, choices={"topic": "other"})
    undo(two)

    service.remove("two", lead_reading.find("two").version, two.now)
    two.settle()

    [merged] = [item for item in LeadMerge.scan() if isinstance(item, LeadMerge)]
    assert (merged.other_id, merged.taken, merged.before) == ("two", {}, {})
    assert not [key for key, row in two.rows().items() if "Zenobia" in json.dumps(row)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_merge_that_is_undone_twice_at_one_moment_is_undone_once(two, number):
    before = rows()
    merge(two)

    with before_call(number, lambda: undo(two)):
        assert undo(two).undone_at

    assert rows() == before
    assert len(lead_reading.history("two")) == 2


def test_a_merge_around_a_merged_lead_that_others_change_at_that_moment_is_not_lost(two):
    """Its contact is deleted, and the lead is about to be written as it was read before the merge."""
    submit(two, "three", email="three@example.dk")
    merge(two, "two", "three")
    for identity in ("one", "two"):
        service.amend(identity, {"contact_id": None}, by="u", version=lead_reading.find(identity).version, now=two.now)

    with before_the_next_write(lambda: merge(two, "one", "two")), pytest.raises(Stale):
        deletion.orphan("ada", two.now)
    deletion.orphan("ada", two.now)

    assert (lead_reading.find("three").merged_into, lead_reading.find("three").contact_id) == ("one", None)
    undo(two, "one", "two")
    assert lead_reading.find("three").merged_into == "two"


def test_two_users_who_merge_leads_crosswise_never_make_a_circle(two):
    def attempt(pair):
        try:
            return merge(two, *pair).into_id
        except (Conflict, Stale) as error:
            return type(error)

    with ThreadPoolExecutor(2) as pool:
        for number in range(8):
            one, other = f"one-{number}", f"two-{number}"
            for identity in (one, other):
                submit(two, identity, email=f"{identity}@example.dk")
            won = list(pool.map(attempt, [(one, other), (other, one)]))

            assert len([each for each in won if isinstance(each, str)]) == 1
            assert len([each for each in lead_reading.find_many([one, other]) if each.merged_into]) == 1
    sound()


def test_a_deleted_contact_leaves_no_lead_of_it_behind_merged_ones_too(two):
    scoring.publish(scoring.clicked(30))
    merge(two)
    two.settle()
    contacts.remove("ada", contacts.find("ada").version, two.now)
    two.settle()

    assert [each.contact_id for each in lead_reading.find_many(["one", "two"])] == [None, None]
    assert points() == {"one": [], "two": []}
    assert [item.other_id for item in LeadMerge.scan() if isinstance(item, LeadMerge)] == ["two"]
