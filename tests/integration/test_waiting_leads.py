"""A lead that waits in its process for what others lack goes on when they have it (BPF-4); nobody else pays for it."""

import json
from datetime import timedelta

import pytest
from chalice.test import Client
from msgspec.structs import replace

from app import app
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import commit
from chalicelib.interactions.plans import NewInteraction, record
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import awaited, reading, resuming
from chalicelib.leads import service as leads
from chalicelib.leads.models import Awaited
from chalicelib.scoring import service as scoring
from chalicelib.wiring import reactions
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge, prefer
from tests.support.meter import metered
from tests.support.processes import process, publish, stage
from tests.support.scoring import click, clicked, person
from tests.support.scoring import publish as publish_model

OTHERS = {"owner_id": "o"}
MOVES = [{"on": "first_score", "to": "talks"}]


@pytest.fixture
def remembering(monkeypatch):
    """Processes keep what they know for some seconds, as they do outside tests."""
    for module in (awaited, definitions):
        monkeypatch.setattr(module, "settings", replace(module.settings, live_cache_seconds="300"))


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


def asks(field, value):
    return {"field": field, "operator": "equals", "values": [value]}


def waiting_for(api, world, condition, **values):
    """A lead that would have gone to its second stage by its first score, had the condition held."""
    return waiting_at(api, world, stage("new", exit_condition=condition), **values)


def waiting_at(api, world, first, **values):
    process_id = publish(api, "Ours", process(first, "talks", moves=MOVES))
    before = api.get("/settings/leads")
    api.change("PUT", "/settings/leads", before, {"process_id": process_id})
    publish_model(clicked(1), threshold=1000)
    world.settle()
    lead = api.post("/leads", {"last_name": "Juhl", "contact_id": "c", **values})
    click("1", world.now)
    world.settle()
    assert standing(lead["id"]) == ("new", "talks")
    return lead["id"]


def standing(lead_id):
    lead = reading.find(lead_id)
    return lead.stage, lead.waiting_stage


def change(world, **values):
    contacts.amend("c", values, contacts.find("c").version, world.now)


@pytest.mark.rule("BPF-4")
def test_it_goes_on_when_its_contact_has_what_was_missing_and_not_before(api, world):
    person(country="SE")
    lead_id = waiting_for(api, world, asks("contact.country", "DK"))

    change(world, city="Odense")
    world.settle()
    assert standing(lead_id) == ("new", "talks")

    change(world, country="DK")
    world.settle(duplicate=True, shuffle=1)

    assert standing(lead_id) == ("talks", None)
    told = reading.history(lead_id)[-1]
    assert (told.by, told.why, told.changes["stage"]) == ("system", resuming.WHY, ["new", "talks"])
    assert len([move for move in reading.history(lead_id) if "stage" in move.changes]) == 1


@pytest.mark.rule("BPF-4")
@pytest.mark.parametrize("whose", ["its own", "its contact's"])
def test_it_goes_on_when_the_account_changes(api, world, whose):
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")
    person(account_id="a" if whose == "its contact's" else None)
    parents = {"account_id": "a"} if whose == "its own" else {}
    lead_id = waiting_for(api, world, asks("account.industry", "boats"), **parents)

    accounts.amend("a", {"industry": "boats"}, accounts.find("a").version, world.now)
    world.settle()

    assert standing(lead_id) == ("talks", None)


@pytest.mark.parametrize("what", ["is by a merge", "allows", "does"])
def test_it_goes_on_with_what_the_contact_is_allows_or_does(api, world, what):
    person(country="SE")
    person("twin", country="DK")
    visited = {"interaction": "WebsiteVisited"}
    lead_id = waiting_for(
        api, world, {"any": [asks("contact.country", "DK"), asks("preferences.prefill", True), visited]}
    )

    match what:
        case "is by a merge":
            merge("c", "twin", world.now, {"country": "other"})
        case "allows":
            prefer("c", world.now, prefill=True)
        case _:
            visit(world)
    world.settle()

    assert standing(lead_id) == ("talks", None)


def visit(world, name="v"):
    new = NewInteraction(InteractionType.WEBSITE_VISITED, world.now, "test", name, contact_id="c", attributes={})
    commit(record(new, world.now))
    world.settle()


@pytest.mark.rule("BPF-4")
def test_it_goes_on_when_time_alone_lets_it(api, world):
    person()
    visit(world)
    lead_id = waiting_for(api, world, {"not": {"interaction": "WebsiteVisited", "within": "P3D"}})

    world.advance(timedelta(days=2))
    world.poll("waiting")
    assert standing(lead_id) == ("new", "talks")

    world.advance(timedelta(days=1, seconds=1))
    world.poll("waiting", duplicate=True)

    assert standing(lead_id) == ("talks", None)
    assert reading.history(lead_id)[-1].why == resuming.WHY


def test_what_is_put_off_meanwhile_is_looked_at_later_and_leaves_no_history(api, world):
    person()
    visit(world)
    lead_id = waiting_for(api, world, {"not": {"interaction": "WebsiteVisited", "within": "P3D"}})
    moves = len(reading.history(lead_id))

    world.advance(timedelta(days=2))
    visit(world, "w")
    world.advance(timedelta(days=1, seconds=1))
    world.poll("waiting")
    assert (standing(lead_id), len(reading.history(lead_id))) == (("new", "talks"), moves)
    assert reading.find(lead_id).due > world.now

    world.advance(timedelta(days=2, hours=1))
    world.poll("waiting")
    assert standing(lead_id) == ("talks", None)


@pytest.mark.rule("BPF-4")
def test_a_lead_that_is_closed_while_it_waits_is_off_the_agenda_until_it_is_opened_again(api, world):
    person()
    visit(world)
    lead_id = waiting_for(api, world, {"not": {"interaction": "WebsiteVisited", "within": "P3D"}})
    assert reading.find(lead_id).due is not None

    closed = api.change("POST", f"/leads/{lead_id}/disqualify", api.get(f"/leads/{lead_id}"))
    off = reading.find(lead_id)
    api.change("POST", f"/leads/{lead_id}/reopen", closed)
    world.advance(timedelta(days=3, seconds=1))
    world.poll("waiting")

    assert (off.due, off.due_shard) == (None, None)
    assert standing(lead_id) == ("talks", None)


@pytest.mark.rule("BPF-4")
@pytest.mark.parametrize("how", ["a submission", "a merged lead", "the stage that it is opened at"])
def test_it_goes_on_with_whatever_changes_the_lead_so_that_nothing_is_missing(api, world, how):
    person()
    lead_id = waiting_at(api, world, stage("new", required=["city"]), email="a@b.dk")

    match how:
        case "a submission":
            submit(world, city="Odense")
        case "a merged lead":
            other = api.post("/leads", {"last_name": "Juhl", "contact_id": "c", "city": "Odense"})
            lead = api.get(f"/leads/{lead_id}")
            api.change("POST", f"/leads/{lead_id}/merges", lead, {"other_id": other["id"], "why": "the same"})
        case _:
            closed = api.change("POST", f"/leads/{lead_id}/disqualify", api.get(f"/leads/{lead_id}"))
            filled = api.change("PATCH", f"/leads/{lead_id}", closed, {"city": "Odense"})
            assert standing(lead_id) == ("new", "talks")
            api.change("POST", f"/leads/{lead_id}/reopen", filled)

    assert standing(lead_id) == ("talks", None)


def submit(world, **values):
    told = {"contact_id": "c", "strategy_id": None, "always_new": False, "page_id": None, "new_id": "x"}
    context = MarketingContext(form_id="f", submission_id="s", at=world.now)
    known = leads.prepare({"email": "a@b.dk", **values}, **told, context=context, owner_id=None, now=world.now)
    commit(known.writes)


def test_what_changes_while_it_begins_to_wait_is_not_missed(api, world):
    """The contact's change is told while nobody waits yet, and its lead is written by what was read before."""
    person(country="SE")
    waiting_for(api, world, asks("contact.country", "DK"))
    other = api.post("/leads", {"last_name": "Juhl", "contact_id": "c"})["id"]

    def meanwhile():
        change(world, country="DK")
        resuming.hear({"fact": "contact.changed", "id": "c", "contact": "c", "changed": ["country"]}, world.now)

    with before_the_next_write(meanwhile):
        scoring.rescore("c", world.now, lead_ids=[other])
    assert standing(other) == ("new", "talks")
    resuming.hear({"fact": "lead.changed", "id": other, "contact": "c", "changed": ["waiting_stage"]}, world.now)

    assert standing(other) == ("talks", None)
    assert "rescore" in reactions.REACTIONS["lead.changed"]


def test_a_lead_that_somebody_changes_while_it_goes_on_goes_on_all_the_same(api, world):
    person(country="SE")
    lead_id = waiting_for(api, world, asks("contact.country", "DK"))
    change(world, country="DK")

    with before_the_next_write(lambda: api.change("PATCH", f"/leads/{lead_id}", api.get(f"/leads/{lead_id}"), OTHERS)):
        resuming.hear({"fact": "contact.changed", "id": "c", "contact": "c", "changed": ["country"]}, world.now)

    assert standing(lead_id) == ("talks", None)
    assert len([move for move in reading.history(lead_id) if "stage" in move.changes]) == 1


def test_a_lead_of_a_version_that_is_not_live_any_more_goes_on_as_well(api, world):
    person(country="SE")
    lead_id = waiting_for(api, world, asks("contact.country", "DK"))
    process_id = reading.find(lead_id).process_id
    publish(api, "Ours", process("new", "talks"), process_id)

    change(world, country="DK")
    world.settle()

    assert standing(lead_id) == ("talks", None)


@pytest.mark.rule("BPF-3", "BPF-4")
@pytest.mark.parametrize(
    ("stages", "stands"), [("new talks", "talks"), ("new other", "new"), ("talks new", "new"), ("newer talks", "newer")]
)
def test_a_lead_that_goes_over_to_a_newer_version_goes_on_where_that_has_its_stages_and_asks_nothing(
    api, world, stages, stands
):
    person(country="SE")
    lead_id = waiting_for(api, world, asks("contact.country", "DK"))
    lead = api.get(f"/leads/{lead_id}")
    publish(api, "Ours", process(*stages.split()), lead["process_id"])

    api.change("POST", f"/leads/{lead_id}/switch-process", lead, {"process_id": lead["process_id"]})

    assert standing(lead_id) == (stands, None)


def test_a_lead_waits_on_in_a_newer_version_of_its_process_for_what_that_asks(api, world):
    person(country="SE")
    lead_id = waiting_for(api, world, asks("contact.country", "DK"))
    lead = api.get(f"/leads/{lead_id}")
    newer = stage("new", exit_condition=asks("contact.city", "Odense"))
    publish(api, "Ours", process(newer, "talks"), lead["process_id"])
    api.change("POST", f"/leads/{lead_id}/switch-process", lead, {"process_id": lead["process_id"]})
    assert standing(lead_id) == ("new", "talks")

    change(world, city="Odense")
    world.settle()

    assert standing(lead_id) == ("talks", None)


def test_where_no_lead_waits_for_others_a_contacts_change_costs_nothing(api, world, remembering):
    person(country="SE")
    publish(api, "Ours", process(stage("new", exit_condition=asks("contact.country", "DK")), "talks", moves=MOVES))
    fact = {"fact": "contact.changed", "id": "c", "contact": "c", "changed": ["country"]}
    resuming.hear(fact, world.now)

    with metered() as usage:
        for _ in range(20):
            resuming.hear(fact, world.now)

    assert usage.round_trips == 0
    assert list(Awaited.query("AWAITED")) == []


def test_where_one_waits_only_what_it_can_wait_for_is_looked_at(api, world, remembering):
    person(country="SE")
    waiting_for(api, world, asks("contact.country", "DK"))
    awaited.forget()
    assert len(awaited.conditions()) == 1

    with metered() as usage:
        for fact in (
            {"fact": "contact.changed", "contact": "c", "changed": ["city"]},
            {"fact": "interaction.recorded", "contact": "c", "type": "EmailOpened"},
            {"fact": "account.changed", "id": "a", "changed": ["industry"]},
        ):
            resuming.hear(fact, world.now)

    assert usage.round_trips == 0


def test_whoever_begins_to_wait_is_looked_at_once_more_when_everybody_knows_that(api, world):
    person(country="SE")
    lead_id = waiting_for(api, world, asks("contact.country", "DK"))
    world._take_records()

    resuming.hear({"fact": "lead.changed", "id": lead_id, "contact": "c", "changed": ["waiting_stage"]}, world.now)
    [again] = [json.loads(each.body) for each in world.queues["rescore"] if "lead.waiting" in each.body]

    change(world, country="DK")
    resuming.hear(again, world.now)
    assert standing(lead_id) == ("talks", None)
