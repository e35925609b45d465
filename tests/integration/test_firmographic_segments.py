"""Segments of companies: they begin at accounts, may ask of contacts as well, and hold contacts."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.definitions import jobs
from chalicelib.segments import asking, service
from tests.support.api import Caller

LEISURE = {"field": "account.industry", "operator": "equals", "values": ["leisure"]}
BUYER = {"field": "contact.job_title", "operator": "equals", "values": ["Buyer"]}


@pytest.fixture
def api(world):
    for account_id, industry in (("kajak", "leisure"), ("kano", "leisure"), ("bank", "finance")):
        accounts.create(account_id, {"name": account_id.title(), "industry": industry}, world.now, by="user:u")
        for title in ("Buyer", "Owner"):
            values = {"last_name": title, "job_title": title, "account_id": account_id}
            contacts.create(f"{account_id}-{title}", values, world.now, by="user:u")
    accounts.create("empty", {"name": "Empty", "industry": "leisure"}, world.now, by="user:u")
    contacts.create("nobody", {"last_name": "Juhl", "job_title": "Buyer"}, world.now, by="user:u")
    with Client(app) as client:
        yield Caller(client)


def segment(api, **document):
    made = api.post("/segments", {"name": "S", "document": document})
    api.change("POST", f"/segments/{made['id']}/publish", made)
    return made["id"]


def members(api, segment_id):
    return sorted(each["contact_id"] for each in api.get(f"/segments/{segment_id}/members")["items"])


@pytest.mark.rule("ABM-5", "ACC-3", "CORE-4")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (LEISURE, ["kajak-Buyer", "kajak-Owner", "kano-Buyer", "kano-Owner"]),
        ({"all": [LEISURE, BUYER]}, ["kajak-Buyer", "kano-Buyer"]),
    ],
)
def test_a_segment_of_companies_holds_their_contacts(world, api, query, expected):
    segment_id = segment(api, type="dynamic", query=query)

    for contact_id in (*expected, "bank-Buyer", "bank-Owner", "nobody", "empty", "kajak-Owner", "kano-Owner"):
        service.evaluate_contact({"fact": "rebuild", "contact": contact_id}, world.now)

    assert members(api, segment_id) == expected


@pytest.mark.rule("ABM-5")
def test_a_static_segment_is_filled_by_the_names_of_companies_any_of_which_suffices(world, api):
    segment_id = segment(api, type="static")
    by_name = {"field": "account.name", "operator": "in", "values": ["Kajak", "BANK"]}
    job = api.call("POST", f"/segments/{segment_id}/members/by-query", {"change": "add", "query": by_name})[1]

    everybody = [f"{account}-{title}" for account in ("kajak", "kano", "bank") for title in ("Buyer", "Owner")]
    asking.act(jobs.get(job["id"]).arguments, [*everybody, "nobody"], world.now)

    assert members(api, segment_id) == ["bank-Buyer", "bank-Owner", "kajak-Buyer", "kajak-Owner"]
