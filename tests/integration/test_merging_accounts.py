"""Accounts that are one company are merged, and parted again (decision 46)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from chalice.test import Client

from app import app
from chalicelib.conditions import sources
from chalicelib.contacts import account_merging, accounts
from chalicelib.contacts import service as contacts
from chalicelib.contacts.joining import Wish
from chalicelib.contacts.models import Account, Merge
from chalicelib.errors import Conflict, DomainError
from chalicelib.lists import Asked
from chalicelib.scoring import reading, service
from chalicelib.segments import service as segments
from tests.support import journeys, scoring
from tests.support.api import Caller
from tests.support.between import before_call

INDUSTRY = [{"field": "industry", "operator": "equals", "values": ["Boats"]}]
BOATS = {
    "id": "boats",
    "name": "Builds boats",
    "points": 11,
    "conditions": [{"entity": "account", "where": INDUSTRY}],
}


@pytest.fixture
def companies(world):
    accounts.create("kajak", {"name": "Kajak ApS", "industry": "Boats", "owner_id": "o"}, world.now, by="user:u")
    twin = {"name": "Kajak A/S", "industry": "Tents", "annual_revenue": Decimal("12.50"), "city": "Vejle"}
    accounts.create("twin", twin, world.now, by="user:u")
    journeys.contact("ada", account_id="kajak")
    journeys.contact("bo", account_id="twin")
    return world


def merge(world, into="kajak", other="twin", choices=None):
    wish = Wish(f"{into}-{other}", choices or {}, by="user:u", why="one company")
    return account_merging.merge(into, other, wish, accounts.find(into).version, world.now)


def undo(world, into="kajak", other="twin"):
    return account_merging.undo(into, f"{into}-{other}", "user:u", world.now)


def rows():
    moving = {"version", "updated_at"}
    return {
        item.pk: {name: value for name, value in item.serialize().items() if name not in moving}
        for item in Account.scan(consistent_read=True)
        if isinstance(item, Account)
    }


@pytest.mark.rule("ACC-1")
def test_members_and_leads_of_both_are_those_of_the_one_and_undoing_puts_everything_back(companies):
    scoring.lead("l-ada", "ada", account_id="kajak")
    scoring.lead("l-bo", "bo", account_id="twin")
    before = rows()

    with Client(app) as client:
        api = Caller(client)
        shown = api.get("/accounts/kajak")
        wish = {"other_id": "twin", "why": "one company", "choices": {"name": "other"}}
        preview = api.post("/accounts/kajak/merges/preview", {"other_id": "twin", "choices": {"name": "other"}})
        made = api.post("/accounts/kajak/merges", wish, If_Match=f'"{shown["version"]}"')

        assert made["taken"] == {"name": "Kajak A/S", "annual_revenue": "12.5", "city": "Vejle"}
        assert {each["name"]: each["after"] for each in preview["fields"]}["city"] == "Vejle"
        for asked in ("kajak", "twin"):
            assert {each["contact_id"] for each in api.get(f"/accounts/{asked}/members")["items"]} == {"ada", "bo"}
            assert {each["id"] for each in api.get(f"/contacts?account_id={asked}")["items"]} == {"ada", "bo"}
            assert {each["id"] for each in api.get(f"/leads?account_id={asked}")["items"]} == {"l-ada", "l-bo"}
        assert [each["id"] for each in api.get("/accounts?name_prefix=Kajak")["items"]] == ["kajak"]
        assert api.get("/accounts/twin")["merged_into"] == "kajak"
        assert api.get("/accounts/kajak")["annual_revenue"] == "12.5"
        assert len(api.get("/accounts/kajak/merges")["items"]) == 1

        undone = api.call("DELETE", f"/accounts/kajak/merges/{made['id']}")[1]
        assert undone["undone_at"]
        assert api.call("DELETE", f"/accounts/kajak/merges/{made['id']}")[1] == undone
    assert rows() == before


def test_the_members_of_all_that_an_account_is_are_listed_page_by_page(companies):
    with Client(app) as client:
        api = Caller(client)
        version = api.get("/accounts/kajak")["version"]
        api.post("/accounts/kajak/merges", {"other_id": "twin", "why": "one"}, If_Match=f'"{version}"')
        first = api.get("/accounts/twin/members?limit=1")
        second = api.get(f"/accounts/twin/members?limit=1&cursor={first['next_cursor']}")

    assert [[each["contact_id"] for each in page["items"]] for page in (first, second)] == [["ada"], ["bo"]]
    assert second["next_cursor"] is None


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("meanwhile", ["parted", "merged"])
def test_no_member_is_lost_or_told_twice_between_pages_when_accounts_are_merged_or_parted(companies, meanwhile):
    for other in ("aage", "kajen"):
        accounts.create(other, {"name": other}, companies.now, by="user:u")
        journeys.contact(f"of-{other}", account_id=other)
    merge(companies, "twin", "kajak")
    merge(companies, "twin", "kajen")

    told, cursor = [], None
    while "ada" not in told:
        found = accounts.page_of_all_members("twin", Asked(1, cursor))
        told, cursor = [*told, *(each.contact_id for each in found.items)], found.next_cursor
    if meanwhile == "parted":
        undo(companies, "twin", "kajak")
    else:
        merge(companies, "aage", "twin")
    told += [each.contact_id for each in accounts.page_of_all_members("twin", Asked(25, cursor)).items]

    assert sorted(told) == ["ada", "bo", "of-kajen"]


@pytest.mark.rule("RSC-10")
def test_scores_and_segments_follow_the_account_at_once(companies):
    scoring.publish(BOATS)
    query = {"field": "account.industry", "operator": "equals", "values": ["Boats"]}
    journeys.publish("segment", "s", {"type": "dynamic", "query": query}, companies.now)
    scoring.lead("l-bo", "bo")
    scoring.lead("l-twin", "bo", account_id="twin")
    companies.settle()
    assert points() == [0, 0]

    merge(companies)
    companies.settle(duplicate=True, shuffle=1)
    assert points() == [11, 11]
    assert segments.is_member("bo", "s")
    assert not service.recount("bo", companies.now)

    undo(companies)
    companies.settle(duplicate=True, shuffle=2)
    assert points() == [0, 0]
    assert not segments.is_member("bo", "s")


def points():
    return [score.score for each in ("l-bo", "l-twin") for score in reading.scores_of(each)]


def test_merges_of_accounts_are_flat_and_undone_in_any_order(companies):
    for each in ("b", "c"):
        accounts.create(each, {"name": each, "city": each}, companies.now, by="user:u")
    before = rows()
    merge(companies, "twin", "b", {"city": "other"})
    merge(companies, "kajak", "twin")
    companies.advance(timedelta(days=1))
    merge(companies, "kajak", "c", {"city": "other"})
    assert accounts.ids_of("b") == ("kajak", "b", "c", "twin")

    with pytest.raises(Conflict):
        undo(companies, "twin", "b")
    undo(companies, "kajak", "twin")
    assert accounts.find("kajak").city == "c"
    undo(companies, "twin", "b")
    undo(companies, "kajak", "c")

    assert rows() == before


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_merge_of_accounts_that_is_undone_twice_at_one_moment_is_undone_once(companies, number):
    before = rows()
    merge(companies)

    with before_call(number, lambda: undo(companies)):
        assert undo(companies).taken == {}

    assert rows() == before


@pytest.mark.parametrize(
    ("into", "other", "choices", "field"),
    [
        ("kajak", "kajak", {}, "other_id"),
        ("kajak", "nobody", {}, "other_id"),
        ("kajak", "twin", {"joins": "other"}, "choices.joins"),
        ("twin", "merged", {}, "merged_into"),
        ("merged", "twin", {}, "merged_into"),
    ],
)
def test_accounts_that_cannot_be_merged_are_refused_with_the_field(companies, into, other, choices, field):
    accounts.create("merged", {"name": "m"}, companies.now, by="user:u")
    merge(companies, "kajak", "merged")
    before = rows()

    with pytest.raises(DomainError) as refused:
        merge(companies, into, other, choices)

    assert [each.field for each in refused.value.problems] == [field]
    assert rows() == before


def test_a_merged_account_is_neither_changed_nor_deleted_and_goes_with_the_one_that_counts(companies):
    merge(companies)
    twin = accounts.find("twin")
    with pytest.raises(Conflict):
        accounts.amend("twin", {"city": "Vejle"}, twin.version, companies.now)
    with pytest.raises(Conflict):
        accounts.remove("twin", twin.version, companies.now)
    with pytest.raises(Conflict, match="Contacts belong"):
        accounts.remove("kajak", accounts.find("kajak").version, companies.now)

    for each in ("ada", "bo"):
        contacts.amend(each, {"account_id": None}, contacts.find(each).version, companies.now)
    accounts.remove("kajak", accounts.find("kajak").version, companies.now)

    assert rows() == {}
    companies.settle()
    assert not [item for item in Merge.scan(consistent_read=True) if isinstance(item, Merge)]
    assert sources.gather("bo", ["account"], {}, companies.now).records("account") == []
