"""Accounts over HTTP, and who belongs to them from when to when."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import accounts, service
from chalicelib.contacts.facts import facts_of
from chalicelib.contacts.models import Account
from chalicelib.errors import Conflict, Unprocessable
from chalicelib.streams import StreamRecord
from tests.support.api import Caller
from tests.support.between import before_the_next_write

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


@pytest.mark.rule("ACC-1", "ACC-7")
def test_an_account_is_a_company_with_its_firmographics(api):
    facts = {"city": "Aarhus", "country": "DK", "industry": "leisure", "employees": 12, "category": "gold"}
    facts["annual_revenue"] = "1200000.5"

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


def test_the_cursor_of_one_accounts_members_is_none_of_anothers(api):
    first, second = (api.post("/accounts", {"name": name}) for name in ("Kajak ApS", "Telt ApS"))
    for number, account in enumerate([first, first, second]):
        service.create(f"c{number}", {"last_name": "Juhl", "account_id": account["id"]}, NOW, by="user:u")
    cursor = api.get(f"/accounts/{first['id']}/members?limit=1")["next_cursor"]

    status, problem, _ = api.call("GET", f"/accounts/{second['id']}/members?limit=1&cursor={cursor}")

    assert (status, "another list" in problem["detail"]) == (400, True)


def test_accounts_are_listed_by_one_thing_at_a_time(api):
    api.post("/accounts", {"name": "Kajak ApS", "owner_id": "o"})

    status, problem, _ = api.call("GET", "/accounts?owner_id=o&name_prefix=Telt")

    assert (status, "one at a time" in problem["detail"]) == (400, True)


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


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("joining", ["created", "changed"])
def test_an_account_that_somebody_joins_while_it_is_deleted_stays(joining):
    accounts.create("a", {"name": "Kajak ApS"}, NOW, by="user:u")
    service.create("c", {"last_name": "Juhl"}, NOW, by="user:u")

    def join():
        if joining == "created":
            service.create("d", {"last_name": "Juhl", "account_id": "a"}, NOW, by="user:u")
        else:
            service.amend("c", {"account_id": "a"}, 1, NOW)

    with before_the_next_write(join), pytest.raises(Conflict):
        accounts.remove("a", 1, NOW)

    assert accounts.find("a").version == 1


@pytest.mark.rule("ACC-2")
def test_an_account_that_is_deleted_while_somebody_joins_refuses_to_be_joined():
    accounts.create("a", {"name": "Kajak ApS"}, NOW, by="user:u")

    with before_the_next_write(lambda: accounts.remove("a", 1, NOW)), pytest.raises(Unprocessable) as refused:
        service.create("c", {"last_name": "Juhl", "account_id": "a"}, NOW, by="user:u")

    assert [problem.field for problem in refused.value.problems] == ["account_id"]
    assert service.find_many(["c"]) == []


def test_who_joins_does_not_change_the_account_that_others_have_read(api):
    account = api.post("/accounts", {"name": "Kajak ApS"})
    before = Account.find(*Account.at(account["id"])).attribute_values

    api.post("/contacts", {"last_name": "Juhl", "account_id": account["id"]})
    after = Account.find(*Account.at(account["id"])).attribute_values
    changed = api.change("PATCH", f"/accounts/{account['id']}", account, {"city": "Aarhus"})

    told = facts_of(StreamRecord({**before, "kind": "account"}, {**after, "kind": "account"}, NOW, expired=False))
    assert (changed["version"], list(told)) == (2, [])


def join(number):
    try:
        service.create(f"c{number}", {"last_name": "Juhl", "account_id": f"a{number}"}, NOW, by="user:u")
    except Unprocessable:
        return "refused"
    return "joined"


def delete(number):
    try:
        accounts.remove(f"a{number}", 1, NOW)
    except Conflict:
        return "kept"
    return "gone"


@pytest.mark.rule("ACC-2")
def test_accounts_that_are_joined_and_deleted_at_once_are_never_somebodys_and_gone():
    for number in range(20):
        accounts.create(f"a{number}", {"name": "Kajak ApS"}, NOW, by="user:u")

    with ThreadPoolExecutor(8) as pool:
        raced = [(pool.submit(delete, number), pool.submit(join, number)) for number in range(20)]
        ended = [(gone.result(), joined.result()) for gone, joined in raced]

    assert set(ended) <= {("gone", "refused"), ("kept", "joined")}
    there = [accounts.find_if_any(f"a{number}") is not None for number in range(20)]
    assert there == [gone == "kept" for gone, _ in ended]
    belonging = {contact.account_id for contact in service.find_many(f"c{number}" for number in range(20))}
    assert belonging == {f"a{number}" for number in range(20) if there[number]}


@pytest.mark.parametrize("website", ["http://[x", "https://ex℀mple.dk"])
def test_what_somebody_takes_for_an_address_is_kept_though_no_host_has_it(api, website):
    made = [api.post(path, {**body, "website": website}) for path, body in WITH_A_WEBSITE.items()]

    assert [each["website"] for each in made] == [website] * 2
    assert api.call("POST", "/accounts", {"name": "Kajak", "employees": 10**39})[0] == 400


WITH_A_WEBSITE = {"/accounts": {"name": "Kajak ApS"}, "/leads": {"last_name": "Juhl"}}
