"""A contact's insights: what it did in twelve months, from rows and digests, in bounded reads."""

from datetime import UTC, datetime, timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit
from chalicelib.interactions import digesting, plans, reading
from chalicelib.interactions.plans import NewInteraction
from tests.support.api import Caller
from tests.support.merged import merge
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api(world):
    world.move_to(NOW)
    with Client(app) as client:
        yield Caller(client)


def did(contact, type_, at, event, verdict="human"):
    new = NewInteraction(
        type=type_, at=at, source="test", source_event=event, contact_id=contact, attributes={}, verdict=verdict
    )
    commit(plans.record(new, NOW))


def person(identity):
    contacts.create(identity, {"last_name": "Nygård"}, NOW, by="user:u")


def found_types(found):
    return [each["type"] for each in found["totals"]]


@pytest.mark.rule("CON-9", "INT-5")
def test_insights_add_up_what_a_contact_did_as_any_of_its_identities_in_twelve_months(api):
    for each in ("ada", "twin"):
        person(each)
    did("ada", "EmailOpened", NOW - timedelta(days=1), "1")
    did("twin", "EmailOpened", NOW - timedelta(days=8), "2")
    did("twin", "FormSubmitted", NOW - timedelta(days=8), "3")
    did("ada", "WebsiteVisited", NOW - timedelta(days=400), "4")
    did("ada", "EmailClicked", NOW + timedelta(hours=1), "5")
    merge("ada", "twin", NOW)

    found = api.get("/contacts/twin/insights?time_zone=Europe/Copenhagen")

    assert (found["contact_id"], found["date_from"], found["date_to"]) == ("ada", "2025-11-24", "2026-11-24")
    assert [(each["type"], each["group"], each["count"]) for each in found["totals"]] == [
        ("EmailOpened", "email", 2),
        ("FormSubmitted", "form", 1),
    ]
    assert found["days"] == [
        {"day": "2026-11-16", "counts": {"EmailOpened": 1, "FormSubmitted": 1}},
        {"day": "2026-11-23", "counts": {"EmailOpened": 1}},
    ]
    assert found["open_times"] == [{"weekday": 0, "hour": 10, "opens": 2}]


@pytest.mark.rule("KPI-1")
def test_insights_of_some_days_leave_the_others_out_and_say_what_they_cover(api):
    person("ada")
    did("ada", "EmailOpened", NOW - timedelta(days=1), "1")
    did("ada", "EmailOpened", NOW - timedelta(days=9), "2")

    found = api.get("/contacts/ada/insights?date_from=2026-11-15&date_to=2026-11-16")
    status, problem, _ = api.call("GET", "/contacts/ada/insights?date_from=2020-01-01")

    assert ([each["count"] for each in found["totals"]], found["date_to"]) == ([1], "2026-11-16")
    assert (status, [each["field"] for each in problem["errors"]]) == (400, ["date_from"])


@pytest.mark.rule("CON-9")
def test_a_busy_contacts_insights_come_from_digests_in_a_few_requests(api):
    person("ada")
    for number in range(700):
        did("ada", "EmailClicked", NOW - timedelta(hours=6 * number + 2), str(number))
    did("ada", "ConfirmationResponse", NOW - timedelta(days=2), "c")
    did("ada", "EmailOpened", NOW - timedelta(days=2), "o")
    did("ada", "LinkedInFormSubmission", NOW - timedelta(days=2), "l")
    while digesting.digest("ada", "EmailClicked", NOW):
        pass

    with metered() as usage:
        found = api.get("/contacts/ada/insights")

    assert {each["type"]: each["count"] for each in found["totals"]} == {
        "ConfirmationResponse": 1,
        "EmailClicked": 700,
        "EmailOpened": 1,
        "LinkedInFormSubmission": 1,
    }
    assert sum(day["counts"].get("EmailClicked", 0) for day in found["days"]) == 700
    assert usage.requests["Query"] <= 16
    assert reading.types_of("ada") == [*found_types(found)]


def test_nobodys_insights_are_not_found_and_somebody_who_did_nothing_has_none(api):
    person("ada")

    status, _, _ = api.call("GET", "/contacts/nobody/insights")

    assert status == 404
    assert api.get("/contacts/ada/insights")["totals"] == []
