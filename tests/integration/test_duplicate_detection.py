"""Whoever makes or changes a contact by hand is told who it may be already, and may go on all the same."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import service, strategies, suggesting
from chalicelib.contacts.detecting import Wish
from chalicelib.contacts.models import Contact, Heir
from chalicelib.errors import Conflict
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def person(identity, **values):
    return service.create(identity, {"last_name": "Nygård", **values}, NOW, by="user:u")


def make(api, **body):
    return api.call("POST", "/contacts", {"last_name": "Nygård", **body})


def change(api, identity, **body):
    return api.call("PATCH", f"/contacts/{identity}", body, If_Match=f'"{service.find(identity).version}"')


def contacts():
    return {each.contact_id for each in Contact.scan(consistent_read=True) if isinstance(each, Contact)}


@pytest.mark.rule("CON-20")
def test_who_is_made_is_held_against_who_has_the_same_key_and_who_is_only_alike():
    strategies.create("phone", "contact", "Telephone", ["phone"], NOW)
    strategies.built("contact", "phone")
    person("address", last_name="Q", email="ada@contoso.dk")
    person("phoned", last_name="Zorro", phone="+4511111111")
    person("misspelt", last_name="Nygaard", first_name="Ada", email="a.n@contoso.dk", company_name="Contoso")
    person("stranger", last_name="Holm", email="bo@contoso.dk")
    values = {"last_name": "Nygård", "first_name": "Ada", "email": "ada@contoso.dk", "phone": "+4511111111"}

    with pytest.raises(Conflict) as refused:
        service.create("ada", {**values, "company_name": "Contoso"}, NOW, by="u", wish=Wish(alike=True))

    told = {each["contact_id"]: each for each in refused.value.more["duplicates"]}
    assert told.keys() == {"address", "phoned", "misspelt"}
    assert [told[each]["strategy_id"] for each in ("address", "phoned", "misspelt")] == ["email", "phone", None]
    assert "Their names are nearly the same." in told["misspelt"]["reasons"]
    assert all(50 <= each["score"] <= 100 for each in told.values())
    assert contacts() == {"address", "phoned", "misspelt", "stranger"}


@pytest.mark.rule("CON-20")
def test_whoever_has_seen_them_goes_on_and_both_are_suggested_afterwards(api):
    first = api.post("/contacts", {"last_name": "Berg", "email": "ada@contoso.dk"})
    status, problem, _ = make(api, email="ADA@contoso.dk")
    seen = [each["contact_id"] for each in problem["duplicates"]]

    gone_on, made, _ = make(api, email="ADA@contoso.dk", not_the_same_as=seen)

    assert (status, seen, gone_on) == (409, [first["id"]], 201)
    assert problem["errors"] == [{"field": "contact_id", "message": first["id"]}]
    assert [each.id for each in suggesting.of_contact(made["id"])] == [first["id"]]
    assert {each.contact_id for each in service.by_email("ada@contoso.dk")} == {first["id"], made["id"]}


@pytest.mark.rule("CON-20")
def test_without_the_wish_only_the_default_strategys_key_is_looked_at(api):
    person("ada", first_name="Ada", email="ada@contoso.dk", phone="+4512345678")

    status, _, _ = make(api, first_name="Ada", email="ada@home.dk", phone="+4512345678")
    warned, problem, _ = make(api, first_name="Ada", phone="+4512345678", look_for="alike")

    assert (status, warned) == (201, 409)
    assert "ada" in {each["contact_id"] for each in problem["duplicates"]}
    assert "may be the same person" in problem["detail"]


@pytest.mark.rule("CON-20")
def test_a_change_is_held_only_against_those_whom_it_makes_likelier(api):
    person("ada", first_name="Ada", email="ada@contoso.dk", phone="+4512345678")
    person("twin", first_name="Ada", email="ada@home.dk", phone="+4512345678")
    person("late", first_name="Bo", last_name="Holm", phone="+4587654321")

    elsewhere, _, _ = change(api, "ada", city="Vejle", look_for="alike")
    further, _, _ = change(api, "ada", job_title="Buyer", birth_date="1990-01-02", look_for="alike")
    alike, problem, _ = change(api, "late", first_name="Ada", last_name="Nygård", phone="+4512345678", look_for="alike")

    assert (elsewhere, further, alike) == (200, 200, 409)
    assert {each["contact_id"] for each in problem["duplicates"]} == {"ada", "twin"}
    assert service.find("late").last_name == "Holm"


@pytest.mark.rule("CON-20")
def test_a_change_to_the_address_of_another_goes_on_where_that_one_was_seen(api):
    person("ada", email="ada@contoso.dk")
    person("bo", email="bo@contoso.dk")

    refused, _, _ = change(api, "bo", email="ada@contoso.dk", not_the_same_as=["nobody"])
    changed, _, _ = change(api, "bo", email="ada@contoso.dk", not_the_same_as=["ada"])

    assert (refused, changed) == (409, 200)
    assert [row.record_id for row in Heir.scan(consistent_read=True) if isinstance(row, Heir)] == ["bo"]


@pytest.mark.rule("CON-20")
def test_who_takes_the_key_at_the_last_moment_has_not_been_seen_and_is_named():
    person("ada", email="ada@contoso.dk")
    seen = Wish(others=frozenset({"ada"}))

    def another():
        service.amend("ada", {"email": None}, 1, NOW)
        person("late", email="ada@contoso.dk")

    with before_the_next_write(another), pytest.raises(Conflict) as refused:
        service.create("new", {"last_name": "Nygård", "email": "ada@contoso.dk"}, NOW, by="u", wish=seen)

    assert [each["contact_id"] for each in refused.value.more["duplicates"]] == ["late"]
    assert contacts() == {"ada", "late"}


@pytest.mark.rule("CON-20")
def test_of_eight_made_at_once_with_one_address_one_is_made_and_the_others_are_told_of_it():
    def made(name):
        try:
            return service.create(name, {"last_name": "Nygård", "email": "a@contoso.dk"}, NOW, by="u").contact_id
        except Conflict as refused:
            return [each["contact_id"] for each in refused.more.get("duplicates", [])]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(made, "abcdefgh"))

    [winner] = [each for each in found if isinstance(each, str)]
    assert [each for each in found if each != winner] == [[winner]] * 7
    assert contacts() == {winner}


def test_the_same_request_again_returns_what_it_made_whoever_came_since(api):
    body = {"last_name": "Nygård", "first_name": "Ada", "email": "ada@contoso.dk", "look_for": "alike"}
    first = api.post("/contacts", body, Idempotency_Key="once")
    api.change("PATCH", f"/contacts/{first['id']}", first, {"email": "new@contoso.dk"})
    person("since", email="ada@contoso.dk")

    again = api.post("/contacts", body, Idempotency_Key="once")

    assert (again["id"], again["email"]) == (first["id"], "new@contoso.dk")


@pytest.mark.rule("CON-20")
def test_who_was_merged_is_named_as_the_contact_that_counts_and_never_as_oneself():
    person("main", first_name="Ada", email="ada@contoso.dk", phone="+4512345678")
    person("old", first_name="Ada", email="ada@home.dk", phone="+4512345678")
    merge("main", "old", NOW)
    wish = Wish(alike=True)

    service.amend("main", {"first_name": "Aida"}, service.find("main").version, NOW, wish)
    with pytest.raises(Conflict) as refused:
        service.create("new", {"last_name": "Nygård", "email": "ada@home.dk"}, NOW, by="u", wish=wish)

    assert [each["contact_id"] for each in refused.value.more["duplicates"]] == ["main"]


@pytest.mark.rule("CON-20")
def test_looking_for_who_is_alike_costs_the_same_however_many_there_are():
    for number in range(80):
        person(f"c{number:02}", first_name="Ada", email=f"ada{number}@contoso.dk", phone="+4512345678")

    values = {"last_name": "Nygård", "first_name": "Ada", "email": "ada@contoso.dk", "phone": "+4512345678"}

    with metered() as usage, pytest.raises(Conflict) as refused:
        service.create("new", values, NOW, by="u", wish=Wish(alike=True))

    assert usage.round_trips <= 30
    assert 50 <= len(refused.value.more["duplicates"]) <= 80
