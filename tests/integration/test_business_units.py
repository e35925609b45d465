"""Business units: where a strategy asks for them, each unit has its own contacts and leads (MAT-11)."""

import json

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import pending
from chalicelib.contacts import service as contacts
from chalicelib.leads import reading as leads
from infra.local.demo.company import newsletter_form
from tests.support.api import Caller

ADA = {"first_name": "Ada", "last_name": "Berg", "email": "ada@example.com"}
ATTRIBUTES = {"contact": ["email", "business_unit"], "lead": ["email", "page_id", "business_unit"]}
SHIPPED = {"contact": "email", "lead": "email-page"}


@pytest.fixture
def client(world):
    with Client(app) as client:
        yield client


@pytest.fixture
def api(client):
    return Caller(client)


def of_unit(api, unit):
    """Publish a form of a business unit, matching by what is the default now."""
    made = api.post("/forms", {"name": "n", "document": {**newsletter_form(), "business_unit": unit}})
    api.change("POST", f"/forms/{made['id']}/publish", made)
    return made["id"]


@pytest.fixture
def submit(client):
    def submit(form_id, **values):
        body = json.dumps({"values": {**ADA, **values}}).encode()
        sent = {"Content-Type": "application/json"}
        answer = client.http.request("POST", f"/forms/{form_id}/submissions", headers=sent, body=body)
        return pending.find(json.loads(answer.body)["submission_id"])

    return submit


@pytest.fixture
def scoped(api, world):
    """Take strategies by unit into use, beside what is there already, and make them the defaults."""

    def scoped():
        made = {}
        for target, attributes in ATTRIBUTES.items():
            new = {"target": target, "name": "In its unit", "attributes": attributes}
            listed = api.post("/matching-strategies", new)["items"]
            [made[target]] = [each["id"] for each in listed if each["name"] == "In its unit"]
        world.settle()  # existing records claim
        for target, strategy_id in made.items():
            api.post(f"/matching-strategies/{strategy_id}/make-default?target={target}")

    return scoped


def unscoped(api):
    for target, strategy_id in SHIPPED.items():
        api.post(f"/matching-strategies/{strategy_id}/make-default?target={target}")


def unit_of(submission):
    found = contacts.find(submission.contact_id), leads.find(submission.lead_id)
    assert found[0].business_unit == found[1].business_unit
    return found[0].business_unit


@pytest.mark.rule("MAT-11")
def test_with_scoping_identical_contacts_and_leads_exist_in_two_units_and_each_form_matches_its_own(
    api, submit, scoped
):
    scoped()
    north, south, of_none = of_unit(api, "north"), of_unit(api, "south"), of_unit(api, None)

    first = [submit(each) for each in (north, south, of_none)]
    again = [submit(each, last_name="Married") for each in (north, south, of_none)]

    assert [unit_of(each) for each in first] == ["north", "south", None]
    assert len({each.contact_id for each in first}) == len({each.lead_id for each in first}) == 3
    assert [each.contact_id for each in again] == [each.contact_id for each in first]
    assert [each.lead_id for each in again] == [each.lead_id for each in first]
    assert {each.contact_result for each in again} == {"updated"}


@pytest.mark.rule("MAT-11")
def test_without_scoping_units_share_their_contacts_which_stay_where_they_began(api, submit):
    north, south = of_unit(api, "north"), of_unit(api, "south")

    first, second = submit(north), submit(south, last_name="Married")

    assert (second.contact_id, second.lead_id) == (first.contact_id, first.lead_id)
    assert unit_of(second) == "north"
    assert contacts.find(first.contact_id).last_name == "Married"


@pytest.mark.rule("MAT-11")
def test_who_was_there_before_scoping_belongs_to_no_unit_until_somebody_says_so(api, submit, scoped):
    before = submit(of_unit(api, None))
    scoped()
    north, of_none = of_unit(api, "north"), of_unit(api, None)

    assert submit(of_none).contact_id == before.contact_id
    for path in (f"/contacts/{before.contact_id}", f"/leads/{before.lead_id}"):
        api.change("PATCH", path, api.get(path), {"business_unit": "north"})
    moved, stranger = submit(north), submit(of_none)

    assert (moved.contact_id, moved.lead_id) == (before.contact_id, before.lead_id)
    assert stranger.contact_id != before.contact_id


@pytest.mark.rule("MAT-11")
def test_when_scoping_ends_those_of_both_units_stay_and_the_one_who_was_first_is_matched(api, submit, scoped):
    scoped()
    first, second = submit(of_unit(api, "north")), submit(of_unit(api, "south"))

    unscoped(api)
    after = submit(of_unit(api, "south"))

    assert (after.contact_id, after.lead_id) == (first.contact_id, first.lead_id)
    assert unit_of(second) == "south"


@pytest.mark.rule("MAT-11")
def test_by_hand_an_address_may_be_in_two_units_and_only_once_in_each(api, scoped):
    scoped()
    given = {"last_name": "Berg", "email": "ada@example.com"}
    first = api.post("/contacts", {**given, "business_unit": "north"})
    second = api.post("/contacts", {**given, "business_unit": "south"})

    twice, _, _ = api.call("POST", "/contacts", {**given, "business_unit": "north"})
    moved, problem, _ = api.call(
        "PATCH", f"/contacts/{second['id']}", {"business_unit": "north"}, If_Match=f'"{second["version"]}"'
    )

    assert (twice, moved) == (409, 409)
    assert [each["message"] for each in problem["errors"]] == [first["id"]]
    assert {each.contact_id for each in contacts.by_email("ada@example.com")} == {first["id"], second["id"]}


@pytest.mark.rule("MAT-11", "MTL-3")
def test_an_orphan_gets_a_contact_of_its_own_unit(api, scoped):
    scoped()
    given = {"last_name": "Berg", "email": "ada@example.com"}
    north = api.post("/contacts", {**given, "business_unit": "north"})
    leads_made = [api.post("/leads", {**given, "business_unit": unit}) for unit in ("north", "south")]

    for each in leads_made:
        api.change("POST", f"/leads/{each['id']}/contact", each)

    ours, theirs = (api.get(f"/leads/{each['id']}")["contact_id"] for each in leads_made)
    assert ours == north["id"]
    assert theirs != north["id"]
    assert api.get(f"/contacts/{theirs}")["business_unit"] == "south"


@pytest.mark.parametrize("attributes", [["business_unit"], ["business_unit", "page_id"]])
def test_a_strategy_that_tells_nobody_apart_is_refused(api, attributes):
    """Whoever has neither would be one and the same record."""
    new = {"target": "lead", "name": "Too wide", "attributes": attributes}

    status, problem, _ = api.call("POST", "/matching-strategies", new)

    assert (status, [each["field"] for each in problem["errors"]]) == (400, ["attributes"])


@pytest.mark.rule("MAT-11")
def test_a_form_may_match_contacts_within_the_unit_and_leads_everywhere(api, submit, scoped):
    scoped()
    api.post("/matching-strategies/email-page/make-default?target=lead")

    first, second = submit(of_unit(api, "north")), submit(of_unit(api, "south"))

    assert first.contact_id != second.contact_id
    assert first.lead_id == second.lead_id
