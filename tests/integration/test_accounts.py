"""Accounts over HTTP, and who belongs to them from when to when."""

import pytest
from chalice.test import Client

from app import app
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


@pytest.mark.rule("ACC-1", "ACC-7")
def test_an_account_is_a_company_with_its_firmographics(api):
    facts = {"city": "Aarhus", "country": "DK", "industry": "leisure", "employees": 12, "category": "gold"}

    made = api.post("/accounts", {"name": " Kajak ApS ", **facts})

    shown = api.get(f"/accounts/{made['id']}")
    assert shown["name"] == "Kajak ApS"
    assert {name: shown[name] for name in facts} == facts


@pytest.mark.rule("ACC-7")
@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": " "}])
def test_an_account_needs_a_name(api, body):
    status, problem, _ = api.call("POST", "/accounts", body)

    assert status == 400
    assert [error["field"] for error in problem["errors"]] == ["name"]


@pytest.mark.rule("ACC-6")
@pytest.mark.parametrize("field", ["consent_level", "bulk_email", "tracking"])
def test_an_account_stores_no_consent(api, field):
    status, problem, _ = api.call("POST", "/accounts", {"name": "Kajak ApS", field: 1})

    assert status == 400
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.rule("ACC-2", "ACC-5")
def test_an_account_is_its_contacts_each_from_when_to_when_it_belonged(api):
    first, second = (api.post("/accounts", {"name": name}) for name in ("First", "Second"))
    made = api.post("/contacts", {"last_name": "Juhl", "account_id": first["id"]})

    moved = api.change("PATCH", f"/contacts/{made['id']}", made, {"account_id": second["id"]})

    [left] = api.get(f"/accounts/{first['id']}/members")["items"]
    [joined] = api.get(f"/accounts/{second['id']}/members")["items"]
    assert (left["contact_id"], left["since"], left["until"]) == (made["id"], made["created_at"], moved["updated_at"])
    assert (joined["contact_id"], joined["since"], joined.get("until")) == (made["id"], moved["updated_at"], None)


@pytest.mark.rule("ACC-2")
def test_an_account_with_contacts_cannot_be_deleted_and_an_empty_one_can(api):
    account = api.post("/accounts", {"name": "Kajak ApS"})
    made = api.post("/contacts", {"last_name": "Juhl", "account_id": account["id"]})

    refused, _, _ = api.call("DELETE", f"/accounts/{account['id']}", If_Match='"1"')
    api.change("DELETE", f"/contacts/{made['id']}", made)
    api.change("DELETE", f"/accounts/{account['id']}", account)

    assert refused == 409
    assert api.call("GET", f"/accounts/{account['id']}")[0] == 404


def test_a_contact_cannot_belong_to_an_account_that_is_not_there(api):
    status, _, _ = api.call("POST", "/contacts", {"last_name": "Juhl", "account_id": "nowhere"})

    assert status == 422
