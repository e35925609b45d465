"""What everything rests on: records that marketing and sales share, interactions that are there from the start."""

from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import pending
from infra.local.demo.company import newsletter_form
from tests.support import campaign
from tests.support.api import Caller

CITY = "Vejlefjordby"


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


def submitted(api, **values):
    """Let a form bring values, and return whom it took for the sender."""
    document = {**newsletter_form(), "update": "contacts"}
    form = api.post("/forms", {"name": "News", "document": document})
    api.change("POST", f"/forms/{form['id']}/publish", form)
    answer = api.post(f"/forms/{form['id']}/submissions", {"values": values})
    return pending.find(answer["submission_id"]).contact_id


@pytest.mark.rule("CORE-1")
def test_marketing_and_sales_work_on_one_and_the_same_record_and_keep_no_copy_of_it(api, world, office):
    campaign.publish(world, {"subject": "News for {{ contact.first_name }} in {{ contact.city }}"})
    made = api.post("/contacts", {"last_name": "Nygård", "email": "ada@contoso.example", "city": "Odense"})
    lead = api.post("/leads", {"last_name": "Nygård", "topic": "Boats", "contact_id": made["id"]})

    taken_for = submitted(api, email="ada@contoso.example", first_name="Ada", last_name="Nygård", city=CITY)
    campaign.enter(world, made["id"])
    world.settle()
    api.change("PATCH", f"/contacts/{made['id']}", api.get(f"/contacts/{made['id']}"), {"job_title": "Countess"})
    qualified = api.change("POST", f"/leads/{lead['id']}/qualify", api.get(f"/leads/{lead['id']}"))
    world.settle()

    shown = api.get(f"/contacts/{made['id']}")
    assert (taken_for, shown["city"], shown["job_title"]) == (made["id"], CITY, "Countess")
    assert [letter.subject for letter in office.letters()] == [f"News for Ada in {CITY}"]
    assert qualified["opportunity"]["contact_id"] == made["id"]
    holding = {table.removeprefix("itinera-test-") for (table, _, _), row in world.rows().items() if CITY in str(row)}
    assert holding == {"contacts"}


@pytest.mark.rule("CORE-9", "INT-6", "LEAD-9")
def test_what_people_do_is_recorded_and_shown_from_the_start_without_anything_set_up(api, world):
    account = api.post("/accounts", {"name": "Contoso"})
    contact = api.post("/contacts", {"last_name": "Nygård", "account_id": account["id"]})
    lead = api.post("/leads", {"last_name": "Nygård", "topic": "Boats", "contact_id": contact["id"]})
    world.settle()
    world.advance(timedelta(minutes=1))
    visit = {"contact_id": contact["id"], "type": "WebsiteVisited", "at": world.now.isoformat()}

    api.post("/interactions", visit)
    at_once = api.get(f"/contacts/{contact['id']}/insights")
    world.settle()

    assert [(each["type"], each["count"]) for each in at_once["totals"]] == [("WebsiteVisited", 1)]
    assert [each["kind"] for each in api.get(f"/contacts/{contact['id']}/timeline?limit=1")["items"]] == ["interaction"]
    assert len(api.get(f"/leads/{lead['id']}/interactions?type=WebsiteVisited")["items"]) == 1
    assert len(api.get(f"/accounts/{account['id']}/interactions?type=WebsiteVisited")["items"]) == 1


@pytest.mark.rule("CORE-11")
def test_records_that_others_use_in_their_own_way_are_left_as_they_are(api, world):
    campaign.publish(world)
    company = api.post("/accounts", {"name": "Contoso", "category": "Supplier"})
    orphan = api.post("/leads", {"last_name": "Nygård", "topic": "Boats", "email": "ada@contoso.example"})
    of_company = api.post("/leads", {"last_name": "Berg", "topic": "Sails", "account_id": company["id"]})
    sale = api.post("/opportunities", {"name": "Sails", "account_id": company["id"]})
    world.settle()

    read = [api.get(f"/leads/{each['id']}") for each in (orphan, of_company)]
    moved = api.change("PATCH", f"/leads/{orphan['id']}", read[0], {"topic": "Kayaks"})
    closed = api.change("POST", f"/leads/{of_company['id']}/disqualify", read[1])
    world.settle()

    assert api.get("/contacts")["items"] == []
    assert [each["id"] for each in read] == [orphan["id"], of_company["id"]]
    assert (moved["contact_id"], moved["topic"], closed["state"]) == (None, "Kayaks", "disqualified")
    assert api.get(f"/opportunities/{sale['id']}") == sale
    assert api.get(f"/accounts/{company['id']}") == company
    assert api.get(f"/leads/{orphan['id']}/scores")["items"] == []
