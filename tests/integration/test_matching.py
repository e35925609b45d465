"""Who a submission is: strategies, matches, and what a match changes."""

from datetime import UTC, datetime, timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import service, strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.dynamodb import commit
from chalicelib.errors import Unprocessable
from tests.support.api import Caller

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def submit(new_id, strategy_id=None, *, blank_clears=False, owner_id=None, **values):
    prepared = service.prepare(
        {"last_name": "Juhl", **values},
        strategy_id=strategy_id,
        new_id=new_id,
        context=MarketingContext(),
        now=NOW,
        blank_clears=blank_clears,
        owner_id=owner_id,
    )
    commit(prepared.writes)
    return prepared


def take_into_use(identity, *attributes):
    strategies.create(identity, "contact", identity, attributes, NOW)
    strategies.built("contact", identity)


@pytest.mark.rule("MAT-1", "MAT-2", "MAT-9")
def test_a_known_address_updates_its_contact_and_an_unknown_one_makes_one():
    first = submit("first", email="ada@example.dk", city="Odense")
    again = submit("second", email="ADA@example.dk", city="Aarhus")
    other = submit("third", email="bo@example.dk")

    assert (first.created, again.created, other.created) == (True, False, True)
    assert (again.record.contact_id, service.find("first").city) == ("first", "Aarhus")


@pytest.mark.rule("MAT-9")
@pytest.mark.parametrize("values", [{}, {"city": "Aarhus"}])
def test_a_match_keeps_the_owner_and_the_address_as_it_was_written_first(values):
    submit("first", email="ada@example.dk", email_2="a.juhl@example.dk", owner_id="sales")

    again = submit("second", email="ADA@example.dk", email_2="A.Juhl@example.dk", owner_id="marketing", **values)

    kept = service.find("first")
    assert (again.created, again.changed, kept.version) == (False, bool(values), 2 if values else 1)
    assert (kept.owner_id, kept.email, kept.email_2) == ("sales", "ada@example.dk", "a.juhl@example.dk")
    assert kept.city == values.get("city")


def test_an_unchanged_match_is_refused_where_its_contact_lets_go_of_the_key_meanwhile():
    submit("first", email="ada@example.dk")
    context = MarketingContext()
    values = {"last_name": "Juhl", "email": "ada@example.dk"}
    prepared = service.prepare(values, strategy_id=None, new_id="second", context=context, now=NOW)

    service.amend("first", {"email": None}, 1, NOW)

    with pytest.raises(service.ConditionFailed):
        commit(prepared.writes)


@pytest.mark.parametrize(("clears", "city"), [(False, "Odense"), (True, None)])
def test_blank_values_leave_a_contact_as_it_is_unless_blank_clears(clears, city):
    submit("first", email="ada@example.dk", city="Odense")

    submit("second", email="ada@example.dk", city=" ", last_name=" ", blank_clears=clears)

    assert (service.find("first").city, service.find("first").last_name) == (city, "Juhl")


@pytest.mark.rule("MAT-3")
@pytest.mark.parametrize(("target", "attributes"), [("contact", ["email"]), ("lead", ["email", "page_id"])])
def test_contacts_match_by_address_and_leads_by_address_and_page_unless_told_otherwise(api, target, attributes):
    [shipped] = api.get(f"/matching-strategies?target={target}")["items"]

    assert (shipped["attributes"], shipped["default"]) == (attributes, True)


@pytest.mark.rule("MAT-4")
def test_another_strategy_is_chosen_by_name_and_there_is_always_a_default(api):
    take_into_use("phone", "phone")
    submit("first", email="ada@example.dk", phone="+4512345678")

    by_phone = submit("second", "phone", email="bo@example.dk", phone="+45 12 34 56 78")
    api.post("/matching-strategies/phone/make-default")
    status, _, _ = api.call("DELETE", "/matching-strategies/phone")

    assert (by_phone.created, by_phone.record.contact_id) == (False, "first")
    assert status == 409
    assert strategies.default("contact").id == "phone"


@pytest.mark.rule("MAT-5")
def test_a_match_needs_every_attribute_to_be_the_same():
    take_into_use("name", "last_name", "postal_code")
    submit("first", "name", postal_code="8000")

    assert submit("second", "name", postal_code="5000").created
    assert submit("third", "name", postal_code="8000").record.contact_id == "first"


@pytest.mark.rule("MAT-6")
@pytest.mark.parametrize("values", [{}, {"email": None}, {"email": " "}])
def test_a_submission_without_what_its_strategy_needs_fails_and_makes_nobody(values):
    with pytest.raises(Unprocessable) as refused:
        submit("first", **values)

    assert [problem.field for problem in refused.value.problems] == ["email"]
    assert service.find_many(["first"]) == []


def test_where_a_backfill_finds_two_of_one_key_the_one_updated_last_owns_it():
    service.create("new", {"last_name": "Juhl", "phone": "+4512345678"}, NOW + timedelta(1), by="user:u")
    service.create("old", {"last_name": "Juhl", "phone": "+4512345678"}, NOW, by="user:u")
    strategies.create("phone", "contact", "Phone", ["phone"], NOW)
    [strategy] = [each for each in strategies.read_all("contact") if each.id == "phone"]

    service.backfill(strategy, ["old", "new"], NOW + timedelta(2))
    strategies.built("contact", "phone")

    assert submit("third", "phone", phone="+4512345678").record.contact_id == "new"
    assert [each.other_id for each in service.duplicates("old")] == ["new"]
