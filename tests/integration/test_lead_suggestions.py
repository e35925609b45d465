"""Which open leads may be the same is suggested with a score and reasons, in bounded blocks, and can be dismissed."""

from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import account_merging, accounts
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit
from chalicelib.leads import merging, service, stakeholders, suggesting
from chalicelib.leads import reading as lead_reading
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.models import Dismissed
from tests.support import journeys, scoring
from tests.support import merged as contacts_merged
from tests.support.api import Caller
from tests.support.meter import metered


@pytest.fixture
def api(cloud):
    with Client(app) as client:
        yield Caller(client)


def submit(world, new_id, contact_id=None, page="p", **values):
    """Let a form bring a lead, always a new one."""
    prepared = service.prepare(
        values,
        contact_id=contact_id,
        strategy_id=None,
        always_new=True,
        page_id=page,
        new_id=new_id,
        context=MarketingContext(),
        owner_id=None,
        now=world.now,
    )
    commit(prepared.writes)


def lead(lead_id, contact_id=None, **values):
    scoring.lead(lead_id, contact_id, **values)


def suggested(lead_id):
    return [each.id for each in suggesting.of_lead(lead_id)]


def amend(lead_id, world, **values):
    service.amend(lead_id, values, by="user:u", version=lead_reading.find(lead_id).version, now=world.now)


def merge(into, other, world):
    wish = Wish(f"{into}-{other}", {}, by="user:u", why="the same interest")
    return merging.merge(into, other, wish, lead_reading.find(into).version, world.now)


@pytest.mark.rule("LEAD-1", "MAT-2")
def test_exact_and_loose_suggestions_come_together_each_with_its_reasons(world, api):
    ada = {"first_name": "Ada", "last_name": "Nygård"}
    submit(world, "asked", **ada, email="ada@contoso.dk", phone="+4511111111", company_name="Contoso")
    submit(world, "same-key", email="ada@contoso.dk", topic="Something else")
    submit(
        world, "misspelt", None, None, **ada | {"last_name": "Nygaard"}, email="a@contoso.dk", company_name="contoso"
    )
    submit(world, "phoned", None, None, **ada, mobile_phone="+4511111111")
    submit(world, "stranger", None, None, first_name="Bo", last_name="Holm", email="bo@contoso.dk")

    found = {each["lead_id"]: each for each in api.get("/leads/asked/duplicates")["items"]}

    assert found.keys() == {"same-key", "misspelt", "phoned"}
    assert found["same-key"]["strategy_id"] == "email-page"
    assert "matching strategy" in found["same-key"]["reasons"][0]
    assert "They have the same telephone number." in found["phoned"]["reasons"]
    assert all(50 <= each["score"] <= 100 for each in found.values())
    assert [each["lead_id"] for each in api.get("/leads/same-key/duplicates")["items"]] == ["asked"]


def test_leads_of_one_contact_are_suggested_where_they_are_the_same_interest(world):
    journeys.contact("ada", email="ada@contoso.dk")
    for identity, topic, page in (("one", "Sea kayak", "p"), ("twin", "sea kayak", "q"), ("other", "Winter tent", "r")):
        submit(world, identity, "ada", page, last_name="Nygård", topic=topic)
    lead("staked", last_name="Nygård", topic="Sea kayak")
    stakeholders.add("staked", "ada", "", by="u", now=world.now)

    assert (suggested("one"), suggested("twin"), suggested("other")) == (["twin"], ["one"], [])


def test_leads_of_contacts_that_were_merged_are_those_of_one_contact(world):
    for identity in ("ada", "twin"):
        journeys.contact(identity)
        lead(f"l-{identity}", identity, topic="Sea kayak")
    assert suggested("l-ada") == []

    contacts_merged.merge("ada", "twin", world.now)

    for asked, other in (("l-ada", "l-twin"), ("l-twin", "l-ada")):
        [found] = suggesting.of_lead(asked)
        assert found.id == other
        assert "They belong to the same contact." in found.reasons


def test_account_based_leads_are_looked_for_at_their_account_and_what_it_was_merged_with(world):
    for identity in ("kajak", "twin"):
        accounts.create(identity, {"name": identity}, world.now, by="user:u")
        lead(f"l-{identity}", account_id=identity, topic="Forty kayaks")
    assert suggested("l-kajak") == []

    account_merging.merge("kajak", "twin", Wish("m", {}, by="user:u", why="one"), 1, world.now)

    assert (suggested("l-kajak"), suggested("l-twin")) == (["l-twin"], ["l-kajak"])


@pytest.mark.rule("MTL-2")
def test_an_orphan_is_suggested_for_the_lead_of_a_contact_and_is_told_what_comes_first(world):
    journeys.contact("ada")
    values = {"first_name": "Ada", "last_name": "Nygård", "phone": "+4512345678"}
    lead("known", "ada", **values)
    lead("orphan", **values)

    [found] = suggesting.of_lead("orphan")
    assert found.id == "known"
    assert any("has to be given it first" in each for each in found.reasons)

    amend("orphan", world, contact_id="ada")
    assert merge("known", suggested("known")[0], world).other_id == "orphan"


@pytest.mark.rule("LEAD-1")
def test_closed_and_merged_leads_are_never_suggested_and_undoing_suggests_again(world):
    journeys.contact("ada")
    for identity in ("one", "two", "closed"):
        lead(identity, "ada", phone="+4512345678", topic="Sea kayak")
    service.close("closed", State.DISQUALIFIED, StatusReason.LOST, by="u", why="w", version=1, now=world.now)
    assert (suggested("one"), suggested("two"), suggested("closed")) == (["two"], ["one"], [])
    assert (lead_reading.find("closed").likeness, lead_reading.find("closed").phone_tail) == (None, None)

    merge("one", "two", world)
    assert (suggested("one"), suggested("two")) == ([], [])

    merging.undo("one", "one-two", "user:u", world.now)
    service.reopen("closed", by="u", why="w", version=lead_reading.find("closed").version, now=world.now)
    assert set(suggested("one")) == {"two", "closed"}
    assert lead_reading.find("closed").phone_tail == "12345678"


def test_a_dismissed_suggestion_stays_away_until_something_changes_and_goes_with_its_leads(world, api):
    for identity in ("one", "two"):
        lead(identity, first_name="Ada", email=f"{identity}@home.dk", phone="+4512345678")
    assert (suggested("one"), suggested("two")) == (["two"], ["one"])

    assert api.call("DELETE", "/leads/one/duplicates/two")[0] == 204
    assert (suggested("one"), suggested("two")) == ([], [])
    amend("two", world, city="Vejle")
    assert suggested("one") == []
    amend("two", world, topic="Sea kayak")
    assert (suggested("one"), suggested("two")) == (["two"], ["one"])

    service.remove("one", lead_reading.find("one").version, world.now)
    assert suggested("two") == []
    world.settle()
    assert [item for item in Dismissed.scan(consistent_read=True) if isinstance(item, Dismissed)] == []


@pytest.mark.parametrize(("one", "other", "status"), [("l", "l", 400), ("l", "nobody", 404), ("no", "l", 404)])
def test_only_two_that_are_there_are_told_apart(api, one, other, status):
    lead("l")

    assert api.call("DELETE", f"/leads/{one}/duplicates/{other}")[0] == status


def test_looking_in_a_block_of_hundreds_costs_what_looking_in_a_block_of_sixty_does(world):
    def crowd(numbers):
        for number in numbers:
            lead(f"l{number}", email=f"a{number}@gmail.com", phone="+4512345678")

    crowd(range(60))
    world.advance(timedelta(seconds=1))
    lead("asked", email="ada@gmail.com", phone="+4512345678", first_name="Ada")
    with metered() as small:
        suggesting.of_lead("asked")
    crowd(range(60, 200))
    with metered() as large:
        suggesting.of_lead("asked")

    assert large.requests.total() <= small.requests.total() <= 12
