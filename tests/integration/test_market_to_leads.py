"""Leads without a contact: found, given one by hand, by a job, by themselves; and reached by segments."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from chalice.test import Client

from app import app
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.contacts import strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.models import Contact
from chalicelib.definitions import jobs
from chalicelib.dynamodb import change, commit, update
from chalicelib.errors import Conflict, Stale, Unavailable
from chalicelib.leads import orphans, service
from infra.template import load
from tests.integration.test_scoring_races import before_write
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge
from tests.support.scoring import NOW, person


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


def made(api, name="Juhl", **values):
    return api.post("/leads", {"last_name": name, **values})


def adopted(api, lead):
    return api.change("POST", f"/leads/{lead['id']}/contact", lead)


def turn_on(api):
    api.change("PUT", "/settings/leads", api.get("/settings/leads"), {"contacts_for_orphans": True})


# By hand -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("MTL-2", "LEAD-8")
def test_leads_without_a_parent_are_found_until_they_have_one_or_are_closed(api):
    person()
    account = api.post("/accounts", {"name": "Kajak ApS"})
    orphan, second = made(api, "orphan"), made(api, "second")
    made(api, "contact's", contact_id="c")
    made(api, "account's", account_id=account["id"])
    closed = made(api, "closed")
    api.change("POST", f"/leads/{closed['id']}/disqualify", closed)

    assert [each["last_name"] for each in api.get("/orphan-leads")["items"]] == ["second", "orphan"]
    adopted(api, orphan)
    api.change("PATCH", f"/leads/{second['id']}", second, {"contact_id": "c"})
    assert api.get("/orphan-leads")["items"] == []


@pytest.mark.rule("MTL-2", "MTL-3")
def test_an_orphan_that_nobody_knows_gets_a_contact_for_marketing_only(api):
    lead = made(api, email="a@b.dk", first_name="Anna", city="Odense", topic="Kayaks")

    lead = adopted(api, lead)

    contact = contacts.find(lead["contact_id"])
    assert (contact.marketing_only, contact.originating_lead_id) == (True, lead["id"])
    assert (contact.first_name, contact.last_name, contact.email, contact.city) == ("Anna", "Juhl", "a@b.dk", "Odense")
    assert api.call("POST", "/contacts", {"last_name": "X", "email": "A@b.dk"})[0] == 409
    [told] = api.get(f"/leads/{lead['id']}/history")["items"]
    assert told["changes"] == {"contact_id": [None, contact.contact_id]}
    assert api.call("POST", f"/leads/{lead['id']}/contact", If_Match=f'"{lead["version"]}"')[0] == 409


@pytest.mark.rule("MTL-2")
def test_a_contact_that_is_made_refuses_what_its_lead_says_is_not_wanted(api, world):
    turn_on(api)
    world.settle()
    quiet = made(api, email="a@b.dk", do_not_bulk_email=True)
    silent = made(api, email="c@b.dk", do_not_email=True)
    world.settle()

    quiet, silent = (api.get(f"/leads/{each['id']}")["contact_id"] for each in (quiet, silent))
    told = {each: consent.preferences(each) for each in (quiet, silent)}
    assert (told[quiet].email, told[quiet].bulk_email) == (True, False)
    assert (told[silent].email, told[silent].bulk_email) == (False, True)
    [change] = api.get(f"/contacts/{quiet}/consent-changes")["items"]
    assert (change["who"], change["method"], change["after"]) == ("system", "made of a lead", {"bulk_email": False})
    granted = load().grants
    assert all("ConsentTable" in granted[name]["write"] for name in ("ActOnLeads", "WorkSlice", "APIHandler"))


@pytest.mark.rule("MTL-2")
def test_an_orphan_whose_contact_is_known_gets_that_one_which_stays_as_it_is(api):
    person(email="a@b.dk", city="Aarhus")

    lead = adopted(api, made(api, email="A@B.dk", city="Odense"))

    contact = contacts.find("c")
    assert lead["contact_id"] == "c"
    assert (contact.city, contact.marketing_only, contact.version) == ("Aarhus", None, 1)


@pytest.mark.rule("MTL-2")
def test_an_orphan_known_by_the_address_of_somebody_who_was_merged_gets_whom_that_became(api):
    person(email="a@b.dk")
    contacts.create("old", {"last_name": "Juhl", "email": "old@b.dk"}, NOW, by="user:u")
    merge("c", "old", NOW)

    lead = adopted(api, made(api, email="old@b.dk"))

    assert lead["contact_id"] == "c"
    assert contacts.find("c").email == "a@b.dk"


@pytest.mark.rule("MTL-2")
def test_an_orphan_without_what_strategies_compare_gets_a_contact_of_its_own_once(api):
    lead = adopted(api, made(api))

    parted = api.change("PATCH", f"/leads/{lead['id']}", lead, {"contact_id": None})
    again = adopted(api, parted)

    assert again["contact_id"] == lead["contact_id"]
    assert len(api.get("/contacts")["items"]) == 1


def test_of_many_that_give_one_lead_a_contact_at_once_one_does_and_one_contact_is_made(api):
    lead = made(api, email="a@b.dk")

    def one(_):
        try:
            return orphans.adopt(lead["id"], by="user:u", now=NOW).contact_id
        except (Conflict, Stale):
            return None

    with ThreadPoolExecutor(8) as pool:
        given = [each for each in pool.map(one, range(8)) if each]

    assert len(given) == 1
    assert len(api.get("/contacts")["items"]) == 1
    assert len(api.get(f"/leads/{lead['id']}/history")["items"]) == 1


def test_a_contact_that_comes_with_the_same_address_at_that_moment_becomes_the_parent(api):
    lead = made(api, email="a@b.dk")

    with before_the_next_write(lambda: person(email="a@b.dk")):
        lead = adopted(api, lead)

    assert lead["contact_id"] == "c"
    assert len(api.get("/contacts")["items"]) == 1


# By itself -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("MTL-2", "MTL-5")
def test_orphans_are_given_contacts_by_themselves_where_the_settings_say_so(api, world):
    before = made(api, "before", email="b@b.dk")
    world.settle()
    assert api.get(f"/leads/{before['id']}")["contact_id"] is None  # they say so only once somebody decides it

    turn_on(api)
    world.settle()
    after = made(api, "after", email="a@b.dk")
    world.settle(duplicate=True)

    for lead in (before, after):
        contact = contacts.find(api.get(f"/leads/{lead['id']}")["contact_id"])
        assert (contact.marketing_only, contact.last_name) == (True, lead["last_name"])
    assert len(api.get("/contacts")["items"]) == 2


@pytest.mark.rule("MTL-2", "MTL-5")
def test_a_job_gives_every_orphan_a_contact_and_leaves_the_others_alone(api, world):
    person(email="known@b.dk")
    for number in range(7):
        made(api, str(number), **({"email": f"{number}@b.dk"} if number % 2 else {}))
    known = made(api, "known", email="known@b.dk")
    parented = made(api, "parented", contact_id="c")

    job = api.call("POST", "/orphan-leads/contacts")[1]
    world.settle()

    assert jobs.get(job["id"]).state == jobs.JobState.DONE
    assert api.get("/orphan-leads")["items"] == []
    assert len(api.get("/contacts")["items"]) == 8
    assert api.get(f"/leads/{known['id']}")["contact_id"] == "c"
    assert api.get(f"/leads/{parented['id']}")["version"] == 1
    world.replay()
    assert len(api.get("/contacts")["items"]) == 8


def test_a_lead_that_gets_an_account_meanwhile_is_left_alone(api, world):
    turn_on(api)
    account = api.post("/accounts", {"name": "Kajak ApS"})
    lead = made(api)
    api.change("PATCH", f"/leads/{lead['id']}", lead, {"account_id": account["id"]})

    world.settle()

    assert api.get(f"/leads/{lead['id']}")["contact_id"] is None


@pytest.mark.rule("MTL-2", "MTL-5")
def test_an_orphan_whose_contact_others_keep_changing_comes_again(api):
    turn_on(api)
    person(email="a@b.dk")
    lead = made(api, email="a@b.dk")

    def quicker():
        change(update(contacts.key("c"), Contact.version.add(1), condition=Contact.pk.exists()))

    with before_write(quicker, on=("TransactWriteItems",), times=99), pytest.raises(Unavailable):
        orphans.hear(lead, NOW)
    orphans.hear(lead, NOW)

    assert api.get(f"/leads/{lead['id']}")["contact_id"] == "c"


# Segments and landing pages ------------------------------------------------------------------------------------------


@pytest.mark.rule("MTL-1", "CORE-5", "LEAD-13")
def test_a_segment_reaches_the_contacts_of_leads_also_of_one_that_was_an_orphan(api, world):
    topic = {"field": "lead.topic", "operator": "contains", "values": ["kayak"]}
    city = {"field": "contact.city", "operator": "equals", "values": ["Odense"]}
    segment = api.post("/segments", {"name": "Kayaks", "document": {"query": {"all": [topic, city]}}})
    api.change("POST", f"/segments/{segment['id']}/publish", segment)
    person(city="Odense")
    lead = made(api, topic="Sea kayaks", city="Odense", email="a@b.dk")
    made(api, topic="Tents", contact_id="c")
    world.settle()
    assert api.get(f"/segments/{segment['id']}/members")["items"] == []

    lead = adopted(api, lead)
    world.settle()

    members = [each["contact_id"] for each in api.get(f"/segments/{segment['id']}/members")["items"]]
    assert members == [lead["contact_id"]]


@pytest.mark.rule("MTL-3")
def test_sales_looks_at_everybody_but_those_who_are_for_marketing_only(api, world):
    everybody_else = {"field": "contact.marketing_only", "operator": "equals", "values": [False]}
    segment = api.post("/segments", {"name": "Sales", "document": {"query": {"all": [everybody_else]}}})
    api.change("POST", f"/segments/{segment['id']}/publish", segment)
    person(email="customer@b.dk")
    lead = adopted(api, made(api, email="a@b.dk"))
    world.settle()
    assert shown(api, segment) == {"c"}
    assert api.get("/contacts/c")["marketing_only"] is False

    api.change("POST", f"/leads/{lead['id']}/qualify", lead, {})
    world.settle()

    assert shown(api, segment) == {"c", lead["contact_id"]}


def shown(api, segment):
    return {each["contact_id"] for each in api.get(f"/segments/{segment['id']}/members")["items"]}


@pytest.mark.rule("MTL-4")
def test_a_landing_page_finds_the_lead_that_a_salesperson_made_by_a_strategy_without_the_page(api, world):
    strategies.create("email-only", "lead", "Email", ["email"], world.now)
    world.settle()
    lead = made(api, email="a@b.dk")
    person(email="a@b.dk")

    def submitted(strategy_id):
        return service.prepare(
            {"last_name": "Juhl", "email": "A@b.dk", "topic": "Kayaks"},
            contact_id="c",
            strategy_id=strategy_id,
            always_new=False,
            page_id="p",
            new_id="new",
            context=MarketingContext(page_id="p"),
            owner_id=None,
            now=NOW,
        )

    assert submitted(None).created  # by the default one every page is another lead
    found = submitted("email-only")
    commit(found.writes)

    assert (found.created, found.record.lead_id) == (False, lead["id"])
    assert api.get(f"/leads/{lead['id']}")["contact_id"] == "c"
    assert len(api.get("/leads")["items"]) == 1
