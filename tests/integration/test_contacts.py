"""Contacts over HTTP: made, changed, found, deleted."""

from urllib.parse import quote

import pytest
from chalice.test import Client

from app import app
from chalicelib.clock import now
from chalicelib.contacts import service, strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.models import ContactsItem, Duplicate
from chalicelib.dynamodb import commit
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def post(api, **values):
    return api.post("/contacts", {"last_name": "Juhl", **values})


def by_phone(api):
    """Let forms match by telephone, so that what they bring may be the address of somebody else."""
    strategies.create("phone", "contact", "Phone", ["phone"], now())
    strategies.built("contact", "phone")


def submit(contact, **values):
    """Let a form bring values for a contact that its telephone tells."""
    submitted = {"phone": contact["phone"], **values}
    prepared = service.prepare(submitted, strategy_id="phone", new_id="new", context=MarketingContext(), now=now())
    assert (prepared.created, prepared.record.contact_id) == (False, contact["id"])
    commit(prepared.writes)


def came_by_form(**values):
    """Let a form make a contact of whom it knows no name."""
    commit(service.prepare(values, strategy_id=None, new_id="nameless", context=MarketingContext(), now=now()).writes)


def suggested(api, contact):
    return [each["contact_id"] for each in api.get(f"/contacts/{contact['id']}/duplicates")["items"]]


@pytest.mark.rule("CON-1")
def test_a_contact_is_one_person_and_is_shown_as_it_was_made(api):
    made = post(api, first_name=" Ada ", email="Ada <Ada@Example.dk>", phone="+45 12 34 56 78")

    shown = api.get(f"/contacts/{made['id']}")

    assert shown == made
    assert (shown["first_name"], shown["email"], shown["phone"]) == ("Ada", "Ada@example.dk", "+4512345678")


@pytest.mark.rule("GEN-1")
def test_a_contact_made_by_hand_has_no_lead_whatever_reacts_to_it(api, world):
    made = post(api, first_name="Ada", email="ada@example.dk")
    world.settle()

    changed = api.change("PATCH", f"/contacts/{made['id']}", made, {"company_name": "Kajak ApS"})
    world.settle()

    assert changed["company_name"] == "Kajak ApS"
    assert api.get(f"/leads?contact_id={made['id']}")["items"] == []
    assert api.get("/leads")["items"] == []


@pytest.mark.rule("CON-18")
@pytest.mark.parametrize("body", [{}, {"last_name": ""}, {"last_name": "\u2003"}, {"last_name": None}])
def test_a_contact_needs_a_last_name(api, body):
    status, problem, _ = api.call("POST", "/contacts", {"first_name": "Ada", **body})

    assert status == 400
    assert [error["field"] for error in problem["errors"]] == ["last_name"]


@pytest.mark.rule("CON-18")
def test_a_last_name_cannot_be_cleared(api):
    made = post(api)

    status, _, _ = api.call("PATCH", f"/contacts/{made['id']}", {"last_name": " "}, If_Match='"1"')

    assert (status, api.get(f"/contacts/{made['id']}")["last_name"]) == (400, "Juhl")


@pytest.mark.rule("CON-18")
def test_a_contact_that_came_without_a_last_name_can_be_changed_without_one(api):
    came_by_form(email="ada@example.dk")

    changed = api.change("PATCH", "/contacts/nameless", {"version": 1}, {"city": "Aarhus"})
    named = api.change("PATCH", "/contacts/nameless", changed, {"last_name": "Juhl"})
    status, _, _ = api.call("PATCH", "/contacts/nameless", {"last_name": None}, If_Match=f'"{named["version"]}"')

    assert (changed["city"], changed["last_name"], named["last_name"], status) == ("Aarhus", None, "Juhl", 400)


@pytest.mark.rule("CON-3")
def test_a_contact_says_which_initiatives_brought_it(api):
    context = MarketingContext(journey_id="j", email_id="e", form_id="f", page_id="p", submission_id="s", at=now())
    service.create("c", {"last_name": "Juhl"}, now(), by="user:u", context=context)

    shown = api.get("/contacts/c")

    named = ("journey", "email", "form", "page", "submission")
    assert [shown[f"source_{name}_id"] for name in named] == ["j", "e", "f", "p", "s"]


@pytest.mark.rule("CON-3")
def test_what_brought_a_contact_cannot_be_changed_by_hand(api):
    made = post(api)

    status, _, _ = api.call("PATCH", f"/contacts/{made['id']}", {"source_form_id": "f"}, If_Match='"1"')

    assert status == 400


@pytest.mark.rule("CON-20")
def test_a_second_contact_of_an_address_is_refused_and_the_first_one_named(api):
    first = post(api, email="ada@example.dk")

    status, problem, _ = api.call("POST", "/contacts", {"last_name": "J", "email": "ADA@example.dk"})

    assert status == 409
    assert first["id"] in str(problem["errors"])


@pytest.mark.rule("CON-20")
def test_a_contact_cannot_be_given_the_address_of_another_which_is_named(api):
    first, second = post(api, email="ada@example.dk"), post(api, email="bo@example.dk")

    status, problem, _ = api.call(
        "PATCH", f"/contacts/{second['id']}", {"email": "ADA@example.dk", "city": "Aarhus"}, If_Match='"1"'
    )

    assert (status, problem["errors"]) == (409, [{"field": "contact_id", "message": first["id"]}])
    assert api.get(f"/contacts/{second['id']}") == second


@pytest.mark.rule("CON-20")
def test_who_shares_an_address_since_a_form_came_is_suggested_as_a_duplicate_and_can_be_changed(api):
    by_phone(api)
    first, second = post(api, email="ada@example.dk"), post(api, phone="+4512345678")

    submit(second, email="ada@example.dk")
    second = api.get(f"/contacts/{second['id']}")
    api.change("PATCH", f"/contacts/{second['id']}", second, {"email": "Ada@example.dk", "city": "Aarhus"})

    assert suggested(api, first) == [second["id"]]
    assert suggested(api, second) == [first["id"]]
    both = api.post("/contacts/search", {"email": "Ada@example.dk"})["items"]
    assert {each["id"] for each in both} == {first["id"], second["id"]}


@pytest.mark.rule("CON-20")
def test_only_the_first_address_is_looked_at_for_duplicates(api):
    post(api, email="ada@example.dk")

    second = post(api, email_2="ada@example.dk", email_3="ada@example.dk")

    assert api.get(f"/contacts/{second['id']}/duplicates")["items"] == []


def test_the_same_request_again_makes_no_second_contact(api):
    body = {"last_name": "Juhl", "email": "ada@example.dk"}

    first = api.post("/contacts", body, Idempotency_Key="once")
    again = api.post("/contacts", body, Idempotency_Key="once")

    assert again == first


def test_a_change_of_what_has_changed_since_is_refused(api):
    made = post(api)
    api.change("PATCH", f"/contacts/{made['id']}", made, {"city": "Aarhus"})

    status, _, _ = api.call("PATCH", f"/contacts/{made['id']}", {"city": "Odense"}, If_Match='"1"')

    assert (status, api.get(f"/contacts/{made['id']}")["city"]) == (412, "Aarhus")


def test_a_deleted_contact_frees_its_address_for_the_heir_that_was_updated_last(api):
    by_phone(api)
    owner, older, newer = (
        post(api, email="ada@example.dk"),
        post(api, phone="+4511111111"),
        post(api, phone="+4522222222"),
    )
    submit(newer, email="ada@example.dk")
    submit(older, email="ada@example.dk")
    api.change("PATCH", f"/contacts/{newer['id']}", api.get(f"/contacts/{newer['id']}"), {"city": "Aarhus"})

    api.change("DELETE", f"/contacts/{owner['id']}", owner)

    status, problem, _ = api.call("POST", "/contacts", {"last_name": "J", "email": "ada@example.dk"})
    assert status == 409
    assert newer["id"] in str(problem["errors"])
    assert api.call("GET", f"/contacts/{owner['id']}")[0] == 404


@pytest.mark.rule("CON-20")
@pytest.mark.parametrize("gone", ["owner", "heir"])
def test_suggestions_of_a_deleted_contact_go_on_both_sides(api, gone):
    by_phone(api)
    owner, heir = post(api, email="ada@example.dk"), post(api, phone="+4512345678")
    submit(heir, email="ada@example.dk")
    deleted, kept = (owner, heir) if gone == "owner" else (heir, owner)
    assert (suggested(api, owner), suggested(api, heir)) == ([heir["id"]], [owner["id"]])

    api.change("DELETE", f"/contacts/{deleted['id']}", api.get(f"/contacts/{deleted['id']}"))

    assert suggested(api, kept) == []
    assert list(Duplicate.scan(consistent_read=True)) == []


def test_a_contact_with_more_suggestions_than_fit_in_a_transaction_can_be_deleted(api):
    by_phone(api)
    owner = post(api, email="ada@example.dk")
    others = [post(api, phone=f"+45123456{number}") for number in range(10, 65)]
    for other in others:
        submit(other, email="ada@example.dk")

    api.change("DELETE", f"/contacts/{owner['id']}", owner)

    assert list(Duplicate.scan(consistent_read=True)) == []


def test_two_contacts_that_two_strategies_take_for_one_are_suggested_once(api):
    by_phone(api)
    strategies.create("town", "contact", "Name and town", ["last_name", "postal_code"], now())
    strategies.built("contact", "town")
    first = post(api, phone="+4512345678", postal_code="8000")

    second = post(api, phone="+4512345678", postal_code="8000")

    assert (suggested(api, first), suggested(api, second)) == ([second["id"]], [first["id"]])


LONG = "\U00010400" * 200
"""Two hundred letters of four bytes each."""


def test_names_of_any_length_are_kept_whole_and_their_key_is_cut_to_what_an_index_holds(api):
    made = post(api, first_name=LONG, last_name=LONG)
    account = api.post("/accounts", {"name": "\u0390" * 200})
    came_by_form(email="ada@example.dk", last_name=LONG * 10)

    assert (made["first_name"], made["last_name"]) == (LONG, LONG)
    assert api.get("/contacts/nameless")["last_name"] == LONG * 10
    keys = [each.name_key for each in ContactsItem.scan(consistent_read=True) if each.name_key]
    assert [len(each.encode()) <= 1024 for each in keys] == [True] * 3
    found = api.post("/contacts/search", {"name_prefix": LONG[:100]})["items"]
    assert {each["id"] for each in found} == {made["id"], "nameless"}
    [listed] = api.get(f"/accounts?name_prefix={quote(account['name'][:100])}")["items"]
    assert listed["name"] == account["name"]


@pytest.mark.parametrize(("field", "value"), [("last_name", "x" * 201), ("email", f"{'x' * 400}@example.dk")])
def test_a_value_beyond_its_limit_is_refused_in_a_sentence(api, field, value):
    status, problem, _ = api.call("POST", "/contacts", {"last_name": "Juhl", field: value})

    assert (status, [error["field"] for error in problem["errors"]]) == (400, [field])
    assert problem["errors"][0]["message"].endswith("characters.")
