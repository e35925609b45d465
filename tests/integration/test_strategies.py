"""Matching strategies: taken into use by a job, five at most, one default; also where two change them at once."""

import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import service as contacts
from chalicelib.contacts import strategies
from chalicelib.contacts.models import ContactsItem
from chalicelib.definitions import jobs
from chalicelib.errors import Conflict, Stale
from chalicelib.leads import backfilling
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.models import Heir, LeadsItem, Owner
from chalicelib.wiring.works import WORKS
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.insisting import insist

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BACKFILL = WORKS["strategy-backfill"]


@pytest.fixture
def api(cloud):
    with Client(app) as client:
        yield Caller(client)


def live(target, *names):
    for name in names:
        strategies.create(name, target, name, ["company_name"], NOW)
        strategies.built(target, name)


def defaults(target):
    return [each.id for each in strategies.read_all(target) if each.default]


def make_default(name):
    try:
        strategies.make_default("contact", name)
    except (Conflict, Stale):
        return "refused"
    return name


# One default -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("MAT-4")
@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("other", ["b", "email"])
def test_of_two_that_are_made_the_default_at_once_one_is(other):
    live("contact", "a", "b", "c")
    strategies.make_default("contact", "c")

    with before_the_next_write(lambda: strategies.make_default("contact", other)):
        made = make_default("a")

    assert (made, defaults("contact")) == ("a", ["a"])


@pytest.mark.rule("MAT-4")
@pytest.mark.usefixtures("cloud")
def test_however_many_make_a_default_at_once_there_is_always_one():
    names = ["a", "b", "c", "d"]
    live("contact", *names)

    for _ in range(5):
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(make_default, names))

        [only] = defaults("contact")
        assert only in made
        assert strategies.default("contact").id == only


@pytest.mark.rule("MAT-4")
@pytest.mark.usefixtures("cloud")
def test_one_that_becomes_the_default_while_it_is_removed_stays():
    live("contact", "a")

    with before_the_next_write(lambda: strategies.make_default("contact", "a")), pytest.raises(Conflict):
        strategies.remove("contact", "a")

    assert defaults("contact") == ["a"]


@pytest.mark.rule("MAT-4")
@pytest.mark.parametrize("target", ["contact", "lead"])
def test_the_last_default_cannot_be_removed(api, target):
    for name in ("own", strategies.SHIPPED[target].id):
        live(target, *(["own"] if name == "own" else []))
        api.post(f"/matching-strategies/{name}/make-default?target={target}")

        status, _, _ = api.call("DELETE", f"/matching-strategies/{name}?target={target}")

        assert (status, defaults(target)) == (409, [name])


# Five in use -------------------------------------------------------------------------------------------------------


def ask(api, name="Name", **headers):
    return api.call("POST", "/matching-strategies", {"name": name, "attributes": ["company_name"]}, **headers)


def test_a_sixth_strategy_in_use_is_refused_also_where_two_come_at_once(api):
    live("contact", "a", "b", "c")

    with before_the_next_write(lambda: live("contact", "d")):
        status, problem, _ = ask(api)

    assert (status, problem["detail"]) == (409, "At most 5 strategies of a target can be in use. Remove one first.")
    assert [each.id for each in strategies.read_all("contact")] == ["email", "a", "b", "c", "d"]


def test_a_strategy_keeps_what_is_said_of_it(api):
    said = {"name": "Company", "description": "For partners", "attributes": ["company_name"]}

    made = api.post("/matching-strategies", said)

    shown = api.get("/matching-strategies")
    assert shown == made
    assert [each["description"] for each in shown["items"]] == ["", "For partners"]


def test_the_same_request_again_makes_no_second_strategy(api):
    live("contact", "a", "b", "c")

    first, again = ask(api, Idempotency_Key="once"), ask(api, Idempotency_Key="once")

    assert (first[0], again[:2]) == (201, first[:2])
    assert len(strategies.read_all("contact")) == 5


def test_the_same_request_twice_at_once_makes_one_strategy(api):
    answers = []

    with before_the_next_write(lambda: answers.append(ask(api, Idempotency_Key="once"))):
        answers.append(ask(api, Idempotency_Key="once"))

    assert [status for status, _, _ in answers] == [201, 201]
    assert len(strategies.read_all("contact")) == 2


def test_a_request_whose_strategy_was_removed_since_is_told_so(api):
    _, made, _ = ask(api, Idempotency_Key="once")
    api.call("DELETE", f"/matching-strategies/{made['items'][1]['id']}")

    status, problem, _ = ask(api, Idempotency_Key="once")

    assert (status, "Idempotency-Key" in problem["detail"]) == (409, True)


# Taken into use ----------------------------------------------------------------------------------------------------


def lead(identity, updated_at=NOW, **values):
    return leads.create(identity, {"last_name": "Juhl", "company_name": "Kajak ApS", **values}, "user:u", updated_at)


def claims(strategy="company"):
    """Return who owns and who waits under a strategy of leads."""
    found = [each for each in LeadsItem.scan(consistent_read=True) if each.pk.startswith(f"CLAIM#{strategy}#")]
    owners = [each.record_id for each in found if isinstance(each, Owner)]
    return owners, sorted(each.record_id for each in found if isinstance(each, Heir))


def build(name="company", attributes=("company_name",)):
    strategies.create(name, "lead", "Company", attributes, NOW)
    [strategy] = [each for each in strategies.read_all("lead") if each.id == name]
    return strategy


@pytest.mark.rule("MAT-4")
@pytest.mark.parametrize("target", ["contact", "lead"])
def test_a_strategy_goes_live_once_the_records_of_its_target_have_claimed(world, target):
    lead("l")
    contacts.create("c", {"last_name": "Juhl", "company_name": "Kajak ApS"}, NOW, by="user:u")
    strategies.create("company", target, "Company", ["company_name"], world.now)

    world.settle()

    assert strategies.find(target, "company").state == strategies.LIVE
    assert jobs.get("strategy-company").state == jobs.JobState.DONE
    claimed = {"contact": contacts.find("c").claims, "lead": lead_reading.find("l").claims}
    assert [each for each in claimed if "company" in (claimed[each] or {})] == [target]


@pytest.mark.usefixtures("cloud")
def test_where_a_backfill_finds_leads_of_one_key_the_one_updated_last_owns_it():
    for number, identity in enumerate(["second", "first", "third"]):
        lead(identity, NOW + timedelta({"first": 0, "second": 1, "third": 2}[identity]), sic_code=str(number))
    strategy = build()

    backfilling.backfill(strategy, ["second", "first", "third"], NOW + timedelta(3))

    assert claims() == (["third"], ["first", "second"])


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("target", ["contact", "lead"])
def test_a_backfill_that_starts_again_changes_nothing(target):
    if target == "lead":
        people = [lead("a").lead_id, lead("b", NOW + timedelta(1)).lead_id]
    else:
        values = {"last_name": "Juhl", "company_name": "Kajak ApS"}
        people = [contacts.create(name, values, NOW, by="user:u").contact_id for name in "ab"]
    strategies.create("company", target, "Company", ["company_name"], NOW)
    arguments = {"target": target, "strategy": "company"}

    def rows():
        found = [*ContactsItem.scan(consistent_read=True), *LeadsItem.scan(consistent_read=True)]
        return sorted(json.dumps(row.serialize(), sort_keys=True) for row in found)

    def run():
        BACKFILL.act(arguments, people, NOW + timedelta(2))
        BACKFILL.done(arguments)
        return rows()

    before, once = rows(), run()

    assert before != once == run()


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("target", ["contact", "lead"])
def test_a_backfill_of_a_strategy_that_was_removed_ends_without_bringing_it_back(target):
    strategies.create("company", target, "Company", ["company_name"], NOW)
    strategies.remove(target, "company")
    arguments = {"target": target, "strategy": "company"}
    people = {
        "contact": contacts.create("c", {"last_name": "Juhl", "company_name": "Kajak"}, NOW, by="user:u").contact_id,
        "lead": lead("l").lead_id,
    }

    BACKFILL.act(arguments, [people[target]], NOW)
    BACKFILL.done(arguments)

    assert [each.id for each in strategies.read_all(target)] == [strategies.SHIPPED[target].id]
    assert claims() == ([], [])


LIVE_WRITES = {
    "changed": lambda: leads.amend("a", {"topic": "Boats"}, by="user:u", version=1, now=NOW),
    "moved away": lambda: leads.amend("a", {"company_name": "Boats"}, by="user:u", version=1, now=NOW),
    "closed": lambda: leads.close(
        "a", State.DISQUALIFIED, StatusReason.LOST, by="user:u", why="", version=1, now=NOW
    ),
    "deleted": lambda: leads.remove("a", 1, NOW),
    "another came": lambda: lead("b", NOW + timedelta(1)),
}  # fmt: skip


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(
    ("write", "owners", "heirs"),
    [
        ("changed", ["a"], []),
        ("moved away", ["a"], []),
        ("closed", [], []),
        ("deleted", [], []),
        ("another came", ["b"], ["a"]),
    ],
)
def test_a_backfill_of_leads_meets_live_writers(write, owners, heirs):
    lead("a")
    strategy = build()

    with before_the_next_write(LIVE_WRITES[write]):
        backfilling.backfill(strategy, ["a"], NOW + timedelta(2))

    assert claims() == (owners, heirs)


@pytest.mark.usefixtures("cloud")
def test_a_backfill_of_contacts_meets_a_live_writer():
    contacts.create("a", {"last_name": "Juhl", "company_name": "Kajak ApS"}, NOW, by="user:u")
    strategies.create("company", "contact", "Company", ["company_name"], NOW)
    strategy = strategies.read_all("contact")[1]

    with before_the_next_write(lambda: contacts.amend("a", {"city": "Aarhus"}, 1, NOW)):
        contacts.backfill(strategy, ["a"], NOW)

    assert "company" in contacts.find("a").claims
    assert contacts.find("a").city == "Aarhus"


def live_writer(number):
    """Change, close or move a lead, as somebody does who read it just now."""
    lead_id = f"lead-{number}"
    version = lead_reading.find(lead_id).version
    if number % 3 == 0:
        leads.close(lead_id, State.DISQUALIFIED, StatusReason.LOST, by="u", why="", version=version, now=NOW)
    else:
        values = {"company_name": "Boats"} if number % 3 == 1 else {"topic": "Kayaks"}
        leads.amend(lead_id, values, by="u", version=version, now=NOW + timedelta(1))


@pytest.mark.usefixtures("cloud")
def test_two_runs_of_a_backfill_among_live_writers_leave_each_key_one_owner_and_the_right_heirs():
    people = [lead(f"lead-{number}", NOW + timedelta(minutes=number)).lead_id for number in range(12)]
    strategy = build()

    with ThreadPoolExecutor(6) as pool:
        backfills = [
            pool.submit(insist, partial(backfilling.backfill, strategy, ids, NOW)) for ids in (people, people[::-1])
        ]
        writers = [pool.submit(insist, partial(live_writer, number)) for number in range(12)]
        for each in (*backfills, *writers):
            each.result()

    held = defaultdict(set)
    for each in lead_reading.find_many(people):
        assert ("company" in (each.claims or {})) == each.open
        held[(each.claims or {}).get("company")].add(each.lead_id)
    closed = held.pop(None)
    owners, heirs = claims()
    assert (len(closed), sorted(map(len, held.values()))) == (4, [4, 4])
    assert (len(owners), [len(each & {*owners}) for each in held.values()]) == (2, [1, 1])
    assert {*heirs} == {*people} - closed - {*owners}
