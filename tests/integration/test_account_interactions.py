"""What the people behind an account or a lead did, as it is shown."""

from datetime import timedelta

import pytest

from chalicelib.contacts import account_merging, accounts
from chalicelib.contacts import service as contacts
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit
from chalicelib.insights import companies
from chalicelib.interactions.plans import NewInteraction, record
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import service as leads
from tests.support.api import Caller
from tests.support.merged import merge, prefer

HOUR = timedelta(hours=1)


@pytest.fixture
def api(world):
    from chalice.test import Client

    from app import app

    with Client(app) as client:
        yield Caller(client)


def person(world, contact_id, account_id="a"):
    contacts.create(contact_id, {"last_name": "Juhl", "account_id": account_id}, world.now, by="user:u")


def move(world, contact_id, account_id):
    contacts.amend(contact_id, {"account_id": account_id}, contacts.find(contact_id).version, world.now)


def does(world, event, contact_id, type_=InteractionType.FORM_SUBMITTED, at=None, verdict="none", **attributes):
    new = NewInteraction(
        type_, at or world.now, "test", event, contact_id=contact_id, attributes=attributes, verdict=verdict
    )
    commit(record(new, world.now))
    return new.id


def shown(api, path, **query):
    asked = "&".join(f"{name}={value}" for name, value in {"type": "FormSubmitted", **query}.items())
    return api.get(f"{path}/interactions?{asked}")


def ids(page):
    return [each["id"] for each in page["items"]]


@pytest.mark.rule("ACC-4", "ACC-5", "ABM-8", "CORE-7")
def test_an_account_shows_what_its_contacts_did_after_they_were_linked_to_it(world, api):
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")
    person(world, "c", None)
    person(world, "d")
    does(world, "before", "c")
    world.advance(HOUR)
    move(world, "c", "a")
    world.settle()
    world.advance(HOUR)
    first = does(world, "first", "c", form_id="f")
    world.advance(HOUR)
    second = does(world, "second", "d")
    world.settle()

    page = shown(api, "/accounts/a")

    assert ids(page) == [second, first]
    assert [(each["contact_id"], each["account_id"]) for each in page["items"]] == [("d", "a"), ("c", "a")]
    assert page["items"][1]["attributes"] == {"form_id": "f"}


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize("at_once", [True, False])
def test_what_a_contact_does_after_it_left_is_not_shown_whichever_is_told_first(world, api, at_once):
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")
    person(world, "c")
    world.settle()
    world.advance(HOUR)
    inside = does(world, "inside", "c")
    world.settle()
    world.advance(HOUR)
    move(world, "c", None)
    if not at_once:
        world.settle()
    does(world, "after", "c", at=world.now + HOUR)

    world.settle(shuffle=7)

    assert ids(shown(api, "/accounts/a")) == [inside]


@pytest.mark.rule("ACC-5")
def test_interactions_of_lists_are_not_shown_for_accounts_and_it_is_said(world, api):
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")

    status, problem, _ = api.call("GET", "/accounts/a/interactions?type=SegmentSubscribed")

    assert status == 400
    assert [each["field"] for each in problem["errors"]] == ["type"]


@pytest.mark.rule("LEAD-9", "CORE-6", "CORE-7")
def test_a_lead_shows_what_its_parent_contact_did_or_all_contacts_of_its_parent_account(world, api):
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")
    person(world, "c")
    person(world, "d")
    world.settle()
    for lead_id, contact_id, account_id in (("of-c", "c", "a"), ("based", None, "a"), ("orphan", None, None)):
        parents = {"contact_id": contact_id, "account_id": account_id}
        leads.create(lead_id, {"last_name": "Juhl", **parents}, "user:u", world.now)
    of_c, of_d = does(world, "1", "c"), does(world, "2", "d", at=world.now + HOUR)
    world.settle()

    assert ids(shown(api, "/leads/of-c")) == [of_c]
    assert ids(shown(api, "/leads/based")) == [of_d, of_c]
    assert ids(shown(api, "/leads/orphan")) == []


def test_pages_go_on_over_the_months_and_a_foreign_cursor_is_refused(world, api):
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")
    person(world, "c")
    world.settle()
    made = [does(world, str(number), "c", at=world.now + number * timedelta(days=9)) for number in range(10)]
    does(world, "visit", "c", InteractionType.FORM_VISITED)
    world.settle()

    found, cursor = [], ""
    while cursor is not None:
        page = shown(api, "/accounts/a", limit=3, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= 3
        found += ids(page)
        cursor = page.get("next_cursor")

    assert found == made[::-1]
    foreign = shown(api, "/accounts/a", limit=3)["next_cursor"]
    status, problem, _ = api.call("GET", f"/accounts/a/interactions?type=FormVisited&cursor={foreign}")
    assert (status, problem["detail"][:38]) == (400, "This cursor belongs to another list. L")


@pytest.mark.rule("ACC-2")
def test_who_belongs_to_an_account_comes_in_pages(world, api):
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")
    for number in range(5):
        person(world, f"c{number}")

    first = api.get("/accounts/a/members?limit=3")
    second = api.get(f"/accounts/a/members?limit=3&cursor={first['next_cursor']}")

    assert [each["contact_id"] for each in (*first["items"], *second["items"])] == [f"c{at}" for at in range(5)]
    assert second.get("next_cursor") is None


# Added up ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("ACC-4", "ACC-5", "ABM-8")
def test_an_accounts_insights_add_up_what_its_people_did_after_they_were_linked_to_it_by_type_and_by_day(world, api):
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")
    person(world, "c", None)
    person(world, "d")
    world.settle()
    does(world, "before", "c")
    world.advance(HOUR)
    move(world, "c", "a")
    world.settle()
    world.advance(HOUR)
    first = world.now
    does(world, "first", "c")
    does(world, "list", "d", InteractionType.EMAIL_SUBSCRIPTION_SUBMIT)
    does(world, "opened", "d", InteractionType.EMAIL_OPENED, verdict="human")
    world.advance(timedelta(days=2))
    does(world, "second", "d")
    world.settle()
    move(world, "d", None)
    does(world, "after", "d", at=world.now + HOUR)
    world.settle()

    found = api.get("/accounts/a/insights")
    second_day = api.get(f"/accounts/a/insights?date_from={world.now.date()}")

    assert [(each["type"], each["count"]) for each in found["totals"]] == [("EmailOpened", 1), ("FormSubmitted", 2)]
    assert found["days"] == [
        {"day": str(first.date()), "counts": {"EmailOpened": 1, "FormSubmitted": 1}},
        {"day": str(world.now.date()), "counts": {"FormSubmitted": 1}},
    ]
    assert found["open_times"] == [{"weekday": first.weekday(), "hour": first.hour, "opens": 1}]
    assert [(each["type"], each["count"]) for each in second_day["totals"]] == [("FormSubmitted", 1)]


@pytest.mark.rule("ACC-4")
def test_merged_accounts_and_merged_people_count_once_and_children_never(world, api):
    for each in ("a", "b"):
        accounts.create(each, {"name": "Kajak ApS"}, world.now, by="user:u")
    for each, account in (("c", "a"), ("twin", "b"), ("kid", "a")):
        person(world, each, account)
    world.settle()
    world.advance(HOUR)
    for each in ("c", "twin", "kid"):
        does(world, f"of {each}", each)
    prefer("kid", world.now, is_child=True)
    world.settle()
    merge("c", "twin", world.now)
    account_merging.merge("a", "b", Wish("m", {}, by="u", why="same"), accounts.find("a").version, world.now)
    world.settle()

    found = api.get("/accounts/b/insights")

    assert found["account_id"] == "a"
    assert [(each["type"], each["count"]) for each in found["totals"]] == [("FormSubmitted", 2)]


@pytest.mark.rule("ACC-4")
def test_more_than_can_be_added_up_is_refused_with_what_helps_and_nobody_is_not_found(world, api, monkeypatch):
    accounts.create("a", {"name": "Kajak ApS"}, world.now, by="user:u")
    person(world, "c")
    world.settle()
    for day in range(3):
        world.advance(timedelta(days=1))
        does(world, f"{day}", "c")
    world.settle()
    monkeypatch.setattr(companies, "MOST", 2)

    refused, problem, _ = api.call("GET", "/accounts/a/insights")
    one_day = api.get(f"/accounts/a/insights?date_from={world.now.date()}")

    assert (refused, problem["errors"][0]["field"]) == (422, "date_from")
    assert [each["count"] for each in one_day["totals"]] == [1]
    assert api.call("GET", "/accounts/nobody/insights")[0] == 404
    assert api.call("GET", "/accounts/a/insights?date_from=2001-01-01")[0] == 400
