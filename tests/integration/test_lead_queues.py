"""The queues of leads: what waits for sales, what for teleprospectors, whose it is; each by its index."""

import pytest
from chalice.test import Client

from app import app
from tests.support.api import Caller
from tests.support.meter import metered
from tests.support.processes import process, publish, stage
from tests.support.scoring import click, clicked, person, rescore
from tests.support.scoring import publish as publish_model

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def made(api, name, *flags, **values):
    lead = api.post("/leads", {"last_name": name, **values})
    for flag in flags:
        lead = api.change("POST", f"/leads/{lead['id']}/mark", lead, {"flag": flag})
    return lead


def listed(api, path):
    return [lead["last_name"] for lead in api.get(f"/lead-queues/{path}")["items"]]


@pytest.mark.rule("LEAD-10")
def test_sales_see_only_what_is_ready_for_sales_those_first_that_wait_the_longest(api):
    made(api, "new")
    made(api, "called", "teleprospect_ready")
    first = made(api, "first, moved back", "sales_ready")
    made(api, "second", "sales_ready", "sales_accepted")
    moved = made(api, "moved by hand")
    api.change("POST", f"/leads/{moved['id']}/move", moved, {"stage": "sales_acceptance"})
    closed = made(api, "closed", "sales_ready")
    api.change("POST", f"/leads/{closed['id']}/close", closed, {"state": "disqualified"})
    back = made(api, "given back", "sales_ready")
    api.change("POST", f"/leads/{back['id']}/return-to-marketing", back)
    api.change("POST", f"/leads/{first['id']}/move", first, {"stage": "inquiry"})

    assert listed(api, "sales") == ["first, moved back", "second"]


@pytest.mark.rule("LEAD-10", "BPF-4")
def test_teleprospectors_see_only_their_stages_each_on_its_own(api):
    made(api, "new")
    made(api, "to accept", "teleprospect_ready")
    made(api, "accepted", "teleprospect_ready", "teleprospect_accepted")
    ready = made(api, "ready for sales", "teleprospect_ready", "sales_ready")
    api.change("POST", f"/leads/{ready['id']}/move", ready, {"stage": "teleprospecting_acceptance"})

    assert listed(api, "teleprospecting?stage=teleprospecting_acceptance") == ["to accept"]
    assert listed(api, "teleprospecting?stage=teleprospecting_qualification") == ["accepted"]
    assert listed(api, "teleprospecting?stage=inquiry") == []


@pytest.mark.rule("LEAD-10")
def test_a_lead_is_in_the_queue_of_whom_it_is_assigned_to_and_its_history_tells(api):
    lead = made(api, "Juhl", "sales_ready", owner_id="anna")
    assert listed(api, "sales?owner_id=anna") == ["Juhl"]

    lead = api.change("POST", f"/leads/{lead['id']}/assign", lead, {"owner_id": "bo", "why": "his region"})
    assert (listed(api, "sales?owner_id=anna"), listed(api, "sales?owner_id=bo")) == ([], ["Juhl"])
    lead = api.change("POST", f"/leads/{lead['id']}/assign", lead, {"owner_id": None})

    assert (listed(api, "sales?owner_id=bo"), listed(api, "sales?unassigned=true")) == ([], ["Juhl"])
    assert listed(api, "teleprospecting?unassigned=true") == []
    told = api.get(f"/leads/{lead['id']}/history")["items"]
    assert [(each["why"], each["changes"]["owner_id"]) for each in told[1:]] == [
        ("his region", ["anna", "bo"]),
        ("", ["bo", None]),
    ]
    same = api.change("POST", f"/leads/{lead['id']}/assign", lead, {"owner_id": None})
    assert same["version"] == lead["version"]


def test_a_score_at_its_threshold_brings_a_lead_into_the_queue_of_sales(api):
    person()
    made(api, "Juhl", contact_id="c")
    publish_model(clicked(), threshold=30)
    click("1")

    rescore()

    assert listed(api, "sales") == ["Juhl"]


def test_a_process_of_ones_own_says_which_stages_are_teleprospectors(api):
    ours = publish(api, "Ours", process(stage("ring", queue="teleprospecting"), "rest"))
    api.change("PUT", "/settings/leads", api.get("/settings/leads"), {"process_id": ours})

    lead = made(api, "Juhl")

    assert listed(api, "teleprospecting?stage=ring") == ["Juhl"]
    api.change("POST", f"/leads/{lead['id']}/complete-stage", lead)
    assert listed(api, "teleprospecting?stage=ring") == []


def test_a_queue_comes_in_pages(api):
    for number in range(5):
        made(api, str(number), "sales_ready")

    first = api.get("/lead-queues/sales?limit=3")
    rest = api.get(f"/lead-queues/sales?limit=3&cursor={first['next_cursor']}")

    assert [each["last_name"] for each in first["items"] + rest["items"]] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    "path", ["teleprospecting", "sales?owner_id=o&unassigned=true", "teleprospecting?stage=a&owner_id=o"]
)
def test_a_queue_that_has_no_index_says_which_it_has(api, path):
    status, problem, _ = api.call("GET", f"/lead-queues/{path}")

    assert (status, "owner_id" in problem["detail"]) == (400, True)


def test_leads_that_wait_for_nobody_cost_no_entry_in_the_queues(api):
    lead = made(api, "Juhl", contact_id=None)

    with metered() as usage:
        api.change("PATCH", f"/leads/{lead['id']}", lead, {"city": "Odense"})

    assert usage.written["leads"] <= 2
