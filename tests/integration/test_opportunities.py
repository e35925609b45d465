"""Leads that become opportunities or nothing, and the opportunities' own life; each through its real edge."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib import lists
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.errors import Conflict, Stale
from chalicelib.leads import deletion, opportunities, qualifying, service
from chalicelib.leads import reading as lead_reading
from chalicelib.leads.opportunity import OpportunityState
from chalicelib.scoring import reading
from chalicelib.scoring.accounts.rescoring import WORK
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge
from tests.support.meter import metered
from tests.support.scoring import NOW, lead, person, publish


@pytest.fixture
def api(cloud):
    with Client(app) as client:
        person()
        yield Caller(client)


def made(api, **values):
    return api.post("/leads", {"last_name": "Juhl", "topic": "Kayaks", "contact_id": "c", "owner_id": "o", **values})


def qualified(api, lead, **body):
    return api.change("POST", f"/leads/{lead['id']}/qualify", lead, body)


# Out of leads --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LEAD-7")
def test_a_salesperson_makes_an_opportunity_of_a_lead_which_is_closed_by_that(api):
    lead = made(api, email="a@b.dk")

    done = qualified(api, lead, estimated_value="1200.5", currency="DKK", close_date="2026-12-24", why="they want it")

    closed, opportunity = done["lead"], done["opportunity"]
    assert (closed["state"], closed["status_reason"]) == ("qualified", "qualified")
    assert closed["opportunity_id"] == opportunity["id"]
    assert (opportunity["name"], opportunity["state"], opportunity["lead_id"]) == ("Kayaks", "open", lead["id"])
    assert (opportunity["contact_id"], opportunity["owner_id"]) == ("c", "o")
    assert (opportunity["estimated_value"], opportunity["currency"]) == ("1200.5", "DKK")
    assert api.get(f"/opportunities/{opportunity['id']}") == opportunity
    [told] = api.get(f"/leads/{lead['id']}/history")["items"]
    assert (told["why"], told["changes"]["opportunity_id"]) == ("they want it", [None, opportunity["id"]])
    assert api.post("/leads", {"last_name": "Juhl", "email": "a@b.dk"})["state"] == "open"  # its details are free


def test_the_same_request_again_makes_no_second_opportunity(api):
    lead = made(api)
    asked = {"If_Match": '"1"', "Idempotency_Key": "k"}

    answers = [api.call("POST", f"/leads/{lead['id']}/qualify", {}, **asked) for _ in range(2)]

    assert [status for status, *_ in answers] == [201, 201]
    assert answers[0][1] == answers[1][1]
    assert len(api.get("/opportunities")["items"]) == 1


def test_a_lead_of_nobody_cannot_be_qualified(api):
    lead = made(api, contact_id=None)

    status, problem, _ = api.call("POST", f"/leads/{lead['id']}/qualify", {}, If_Match='"1"')

    assert (status, problem["errors"][0]["field"]) == (422, "contact_id")
    assert api.get(f"/leads/{lead['id']}") == lead


def test_a_lead_whose_account_is_deleted_at_that_moment_is_not_qualified_for_it(api):
    account = api.post("/accounts", {"name": "Kajak ApS"})
    lead = made(api, account_id=account["id"])

    with before_the_next_write(lambda: api.change("DELETE", f"/accounts/{account['id']}", account)):
        status, problem, _ = api.call("POST", f"/leads/{lead['id']}/qualify", {}, If_Match='"1"')

    assert (status, problem["errors"][0]["field"]) == (422, "account_id")
    assert (api.get(f"/leads/{lead['id']}")["state"], api.get("/opportunities")["items"]) == ("open", [])


@pytest.mark.rule("LEAD-7")
@pytest.mark.parametrize("reason", ["lost", "cannot_contact", "no_longer_interested", "canceled"])
def test_a_lead_that_comes_to_nothing_is_disqualified_with_its_reason(api, reason):
    lead = made(api)

    closed = api.change("POST", f"/leads/{lead['id']}/disqualify", lead, {"status_reason": reason, "why": "x"})

    assert (closed["state"], closed["status_reason"]) == ("disqualified", reason)
    version = f'"{closed["version"]}"'
    assert api.call("POST", f"/leads/{lead['id']}/qualify", {}, If_Match=version)[0] == 409
    wrong = api.call("POST", f"/leads/{lead['id']}/disqualify", {"status_reason": "new"}, If_Match=version)
    assert (wrong[0], wrong[1]["errors"][0]["field"]) == (400, "status_reason")


@pytest.mark.rule("MTL-3")
def test_a_contact_made_for_marketing_only_is_one_of_sales_once_its_lead_is_qualified(api):
    contacts.create("m", {"last_name": "Berg", "marketing_only": True}, NOW, by="user:u")
    other = made(api, contact_id="m")
    api.change("POST", f"/leads/{other['id']}/disqualify", other)
    assert contacts.find("m").marketing_only

    qualified(api, made(api, contact_id="m"))

    contact = contacts.find("m")
    assert (contact.marketing_only, contact.version) == (False, 2)


@pytest.mark.rule("MTL-3")
@pytest.mark.parametrize("whose", ["c", "m"])
def test_merged_contacts_are_of_sales_whichever_of_them_the_lead_names(api, whose):
    api.change("PATCH", "/contacts/c", api.get("/contacts/c"), {"marketing_only": True})
    contacts.create("m", {"last_name": "Berg", "marketing_only": True}, NOW, by="user:u")
    lead = made(api, contact_id=whose)
    merge("c", "m", NOW)

    qualified(api, lead)

    assert [contacts.find(each).marketing_only for each in ("c", "m")] == [False, False]


def test_a_contact_that_changes_at_that_moment_is_cleared_all_the_same(api):
    contacts.create("m", {"last_name": "Berg", "marketing_only": True}, NOW, by="user:u")
    lead = made(api, contact_id="m")

    with before_the_next_write(lambda: contacts.amend("m", {"city": "Odense"}, 1, NOW)):
        qualified(api, lead)

    assert (contacts.find("m").city, contacts.find("m").marketing_only) == ("Odense", False)


def test_of_many_that_qualify_one_lead_at_once_one_makes_the_opportunity(api):
    lead = made(api)

    def one(number):
        try:
            qualifying.qualify(lead["id"], f"o{number}", {}, by="user:u", why="", version=1, now=NOW)
        except (Stale, Conflict):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made_it = list(pool.map(one, range(8)))

    assert made_it.count(True) == 1
    assert len(api.get("/opportunities")["items"]) == 1
    assert len(api.get(f"/leads/{lead['id']}/history")["items"]) == 1


# Opened again --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LEAD-7")
def test_a_lead_that_is_opened_again_loses_its_open_opportunity_and_may_go_back_to_marketing(api):
    done = qualified(api, made(api))

    lead = api.change("POST", f"/leads/{done['lead']['id']}/reopen", done["lead"], {"why": "too early"})
    lead = api.change("POST", f"/leads/{lead['id']}/mark", lead, {"flag": "sales_ready"})
    lead = api.change("POST", f"/leads/{lead['id']}/return-to-marketing", lead, {"why": "nurture"})

    opportunity = api.get(f"/opportunities/{done['opportunity']['id']}")
    assert (opportunity["state"], opportunity["why"]) == ("lost", "the lead was opened again")
    assert (lead["state"], lead["recycled"], lead["stage"]) == ("open", True, "automated_marketing_qualification")
    whys = [each["why"] for each in api.get(f"/leads/{lead['id']}/history")["items"]]
    assert whys == ["", "too early", "", "nurture"]
    assert qualified(api, lead)["opportunity"]["id"] != opportunity["id"]


def test_a_lead_whose_opportunity_is_won_stays_closed_and_names_it(api):
    done = qualified(api, made(api))
    api.change("POST", f"/opportunities/{done['opportunity']['id']}/win", done["opportunity"])

    status, problem, _ = api.call("POST", f"/leads/{done['lead']['id']}/reopen", {}, If_Match='"2"')

    assert (status, problem["errors"][0]["message"]) == (409, done["opportunity"]["id"])


def test_an_opportunity_that_is_won_while_its_lead_is_opened_again_stays_won(api):
    done = qualified(api, made(api))
    path = f"/opportunities/{done['opportunity']['id']}"

    with before_the_next_write(lambda: api.change("POST", f"{path}/win", done["opportunity"])):
        status, *_ = api.call("POST", f"/leads/{done['lead']['id']}/reopen", {}, If_Match='"2"')

    assert (status, api.get(path)["state"]) == (409, "won")


@pytest.mark.rule("LEAD-7")
def test_a_lost_opportunity_of_a_lead_that_was_opened_again_stays_lost_whatever_became_of_the_lead(api):
    first = qualified(api, made(api))
    open_lead = api.change("POST", f"/leads/{first['lead']['id']}/reopen", first["lead"])
    opened = reopened(api, first["opportunity"])
    second = qualified(api, open_lead)
    lost = api.change("POST", f"/opportunities/{second['opportunity']['id']}/lose", second["opportunity"])

    assert opened == (409, [{"field": "lead_id", "message": open_lead["id"]}])
    assert reopened(api, first["opportunity"]) == opened
    assert reopened(api, lost) == (200, None)


def reopened(api, opportunity):
    version = api.get(f"/opportunities/{opportunity['id']}")["version"]
    status, told, _ = api.call("POST", f"/opportunities/{opportunity['id']}/reopen", If_Match=f'"{version}"')
    return status, told.get("errors")


@pytest.mark.parametrize("who", ["lead", "opportunity"])
def test_a_lead_and_its_lost_opportunity_that_are_opened_at_once_are_not_both_open(api, who):
    done = qualified(api, made(api))
    api.change("POST", f"/opportunities/{done['opportunity']['id']}/lose", done["opportunity"])
    acts = {
        "lead": lambda: api.call("POST", f"/leads/{done['lead']['id']}/reopen", If_Match='"2"'),
        "opportunity": lambda: reopened(api, done["opportunity"]),
    }

    with before_the_next_write(acts.pop(who)):
        next(iter(acts.values()))()

    lead = api.get(f"/leads/{done['lead']['id']}")
    states = (lead["state"], api.get(f"/opportunities/{done['opportunity']['id']}")["state"])
    assert states == ("open", "lost")


@pytest.mark.parametrize("act", ["reopen", "remove"])
def test_who_races_for_a_claim_with_another_lead_is_not_turned_away(api, act):
    """Another lead takes, or waits for, the same details between reading and writing."""
    owner = made(api, email="a@b.dk")
    if act == "reopen":
        owner = api.change("POST", f"/leads/{owner['id']}/disqualify", owner)
    others = []

    def come():
        if act == "reopen":
            others.append(api.post("/leads", {"last_name": "B", "email": "a@b.dk"}))
        else:
            others.append(_heir())

    with before_the_next_write(come):
        if act == "reopen":
            service.reopen(owner["id"], by="user:u", why="", version=owner["version"], now=NOW)
        else:
            service.remove(owner["id"], owner["version"], NOW)

    assert api.call("POST", "/leads", {"last_name": "C", "email": "a@b.dk"})[0] == 409


def _heir():
    from tests.integration.test_leads import submit

    return submit("heir", page=None, always_new=True)


# By hand -------------------------------------------------------------------------------------------------------------


def test_an_opportunity_is_made_by_hand_changed_won_and_opened_again(api):
    account = api.post("/accounts", {"name": "Kajak ApS"})
    made_now = api.post("/opportunities", {"name": "Ten kayaks", "account_id": account["id"]})
    path = f"/opportunities/{made_now['id']}"

    changed = api.change("PATCH", path, made_now, {"estimated_value": "10", "currency": "EUR"})
    won = api.change("POST", f"{path}/win", changed, {"why": "best price"})

    assert (won["state"], won["why"], bool(won["closed_at"])) == ("won", "best price", True)
    version = f'"{won["version"]}"'
    assert api.call("PATCH", path, {"name": "x"}, If_Match=version)[0] == 409
    assert api.call("POST", f"{path}/lose", {}, If_Match=version)[0] == 409
    opened = api.change("POST", f"{path}/reopen", won)
    assert (opened["state"], opened["closed_at"], opened["why"]) == ("open", None, None)
    assert api.call("POST", f"{path}/reopen", {}, If_Match=f'"{opened["version"]}"')[0] == 409
    api.change("DELETE", path, opened)
    assert api.call("GET", path)[0] == 404


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": "x", "contact_id": "nobody"}, 422, "contact_id"),
        ({"name": "x", "account_id": "nothing"}, 422, "account_id"),
        ({"name": "x", "contact_id": "c", "estimated_value": "1"}, 400, "currency"),
        ({"name": "x", "contact_id": "c", "currency": "kr"}, 400, "currency"),
        ({"name": "x", "contact_id": "c", "close_date": "2026-13-01"}, 400, "close_date"),
        ({"name": " ", "contact_id": "c"}, 400, "name"),
    ],
)
def test_what_an_opportunity_cannot_be_is_told(api, body, status, field):
    told, problem, _ = api.call("POST", "/opportunities", body)

    assert (told, problem["errors"][0]["field"]) == (status, field)


def test_opportunities_are_listed_by_owner_contact_and_account_and_are_no_leads(api):
    account = api.post("/accounts", {"name": "Kajak ApS"})
    for number in range(3):
        body = {"name": str(number), "contact_id": "c", "account_id": account["id"], "owner_id": "o"}
        api.post("/opportunities", body)
    lead = made(api)

    for query in ("owner_id=o", "contact_id=c", f"account_id={account['id']}"):
        assert [each["name"] for each in api.get(f"/opportunities?{query}")["items"]] == ["2", "1", "0"]
    assert [each["id"] for each in api.get("/leads?owner_id=o")["items"]] == [lead["id"]]
    assert [each.lead_id for each in lead_reading.of_contact("c")] == [lead["id"]]
    first = api.get("/opportunities?limit=2")
    assert len(api.get(f"/opportunities?limit=2&cursor={first['next_cursor']}")["items"]) == 1
    status, problem, _ = api.call("GET", "/opportunities?owner_id=o&contact_id=c")
    assert (status, "owner_id, contact_id, account_id" in problem["detail"]) == (400, True)


@pytest.mark.rule("CORE-10")
def test_an_owners_few_opportunities_are_found_among_many_leads_by_pages_that_look_at_some_of_them(api, monkeypatch):
    monkeypatch.setattr(lists, "MOST_OTHERS", 20)
    for number in range(50):
        service.create(f"l{number}", {"last_name": "Berg", "owner_id": "o"}, "user:u", NOW)
    for name, at in (("first", NOW - timedelta(hours=1)), ("last", NOW + timedelta(hours=1))):
        opportunities.create(name, {"name": name, "owner_id": "o"}, "user:u", at)

    pages, cursor = [], ""
    while cursor is not None:
        with metered() as usage:
            page = api.get(f"/opportunities?owner_id=o&limit=1{cursor and f'&cursor={cursor}'}")
        assert usage.requests["Query"] <= 1 + 20 / 4 + 1
        pages, cursor = [*pages, [each["id"] for each in page["items"]]], page["next_cursor"]

    assert pages == [["last"], [], ["first"]]


def test_opportunities_of_merged_contacts_and_accounts_are_listed_with_the_one_that_counts(api):
    contacts.create("m", {"last_name": "Berg"}, NOW, by="user:u")
    ours, theirs = (api.post("/accounts", {"name": name}) for name in ("Kajak ApS", "Kayaks Ltd"))
    sale = api.post("/opportunities", {"name": "Kayaks", "contact_id": "m", "account_id": theirs["id"]})

    merge("c", "m", NOW)
    api.change("POST", f"/accounts/{ours['id']}/merges", ours, {"other_id": theirs["id"], "why": "one company"})

    for query in ("contact_id=c", f"account_id={ours['id']}"):
        assert [each["id"] for each in api.get(f"/opportunities?{query}")["items"]] == [sale["id"]]


# Asked about ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CORE-5")
def test_segments_follow_what_becomes_of_a_contacts_opportunities(world):
    with Client(app) as client:
        api = Caller(client)
        person()
        won = {"field": "opportunity.state", "operator": "equals", "values": ["won"]}
        big = {"field": "opportunity.estimated_value", "operator": "at_least", "values": [100]}
        segment = api.post("/segments", {"name": "Customers", "document": {"query": {"all": [won, big]}}})
        api.change("POST", f"/segments/{segment['id']}/publish", segment)
        world.settle()
        small = api.post("/opportunities", _worth("10"))
        large = api.post("/opportunities", _worth("1000"))

        api.change("POST", f"/opportunities/{small['id']}/win", small)
        world.settle()
        before = api.get(f"/segments/{segment['id']}/members")["items"]
        won = api.change("POST", f"/opportunities/{large['id']}/win", large)
        world.settle()
        after = api.get(f"/segments/{segment['id']}/members")["items"]
        api.change("DELETE", f"/opportunities/{large['id']}", won)
        world.settle()

        assert (before, [each["contact_id"] for each in after]) == ([], ["c"])
        assert api.get(f"/segments/{segment['id']}/members")["items"] == []


def _worth(value):
    return {"name": "Kayaks", "contact_id": "c", "estimated_value": value, "currency": "DKK"}


def test_the_opportunities_of_a_deleted_contact_stay_without_it(api):
    opportunity = api.post("/opportunities", _worth("10"))

    deletion.sweep("c", NOW)

    assert opportunities.find(opportunity["id"]).contact_id is None


@pytest.mark.rule("SCO-19")
def test_a_score_follows_what_becomes_of_the_contacts_opportunities(world):
    asked = [
        {"entity": "lead.contact.opportunities", "where": [{"field": "state", "operator": "equals", "values": ["won"]}]}
    ]
    person()
    lead()
    model = publish({"id": "customer", "points": 40, "conditions": asked})
    sale = opportunities.create("sale", {"name": "Kayaks", "contact_id": "c"}, "user:u", world.now)
    world.settle()
    before = {score.model_id: score.score for score in reading.scores_of("l")}

    opportunities.end("sale", OpportunityState.WON, by="user:u", why="", version=sale.version, now=world.now)
    world.settle()

    assert before == {model: 0}
    assert {score.model_id: score.score for score in reading.scores_of("l")} == {model: 40}


@pytest.mark.rule("SCO-18", "SCO-19")
def test_scores_of_everybody_at_an_account_follow_what_becomes_of_its_opportunities(world):
    """Nobody is named as the contact of the sale; one lead is a colleague's, the other one the account's own."""
    where = [{"field": "state", "operator": "equals", "values": ["won"]}]
    asked = [{"entity": "lead.account.opportunities", "where": where}]
    customer = {"id": "customer", "points": 40, "conditions": asked}
    accounts.create("a", {"name": "Kayaks Ltd"}, NOW, by="user:u")
    person(account_id="a")
    lead("colleague", account_id="a")
    lead("account's", None, account_id="a")
    of_contacts, of_accounts = publish(customer), publish(customer, target="account")
    sale = opportunities.create("sale", {"name": "Kayaks", "account_id": "a"}, "user:u", world.now)
    world.settle()
    world.advance(timedelta(minutes=2))
    world.poll(WORK)
    world.settle()
    before = [score.score for each in ("colleague", "account's") for score in reading.scores_of(each)]
    world.advance(timedelta(minutes=2))

    opportunities.end("sale", OpportunityState.WON, by="user:u", why="", version=sale.version, now=world.now)
    world.settle()

    assert before == [0, 0]
    assert {score.model_id: score.score for score in reading.scores_of("colleague")} == {of_contacts: 40}
    assert {score.model_id: score.score for score in reading.scores_of("account's")} == {of_accounts: 40}
