"""Who may be the same is suggested with a score and reasons, looked for in bounded blocks, and can be dismissed."""

from datetime import UTC, datetime

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import accounts, service, strategies, suggesting
from chalicelib.contacts.models import Dismissed, Duplicate
from tests.support.api import Caller
from tests.support.merged import merge, undo
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def person(identity, **values):
    return service.create(identity, {"last_name": "Nygård", **values}, NOW, by="user:u")


def suggested(identity):
    return [each.id for each in suggesting.of_contact(identity)]


@pytest.mark.rule("CON-20")
def test_exact_and_loose_suggestions_come_together_each_with_its_reasons(api):
    strategies.create("phone", "contact", "Telephone", ["phone"], NOW)
    strategies.built("contact", "phone")
    strategies.make_default("contact", "phone")
    person("ada", first_name="Ada", email="ada@contoso.dk", phone="+4511111111", company_name="contoso")
    person("exact", first_name="Q", last_name="Zorro", email="ada@contoso.dk", phone="+4522222222")
    person("misspelt", first_name="Ada", last_name="Nygaard", email="ada.n@contoso.dk", company_name="Contoso")
    person("phoned", first_name="Ada", email="ada@home.dk", mobile_phone="+4511111111")
    person("stranger", first_name="Bo", last_name="Holm", email="bo@contoso.dk")

    found = {each["contact_id"]: each for each in api.get("/contacts/ada/duplicates")["items"]}

    assert found.keys() == {"exact", "misspelt", "phoned"}
    assert found["exact"]["strategy_id"] == "email"
    assert "matching strategy" in found["exact"]["reasons"][0]
    assert "They have the same telephone number." in found["phoned"]["reasons"]
    assert all(50 <= each["score"] <= 100 for each in found.values())


def test_a_misspelt_name_is_found_at_its_domain_and_at_its_telephone():
    person("ada", first_name="Ada", email="ada@contoso.dk", company_name="Contoso A/S", mobile_phone="+4512345678")
    person("spelt", first_name="Ada", last_name="Nygaard", email="anyg@contoso.dk", company_name="Contoso")
    person("called", first_name="Aida", last_name="Nygard", email="x@home.dk", phone="+4512345678")

    assert set(suggested("ada")) == {"spelt", "called"}
    assert "ada" in suggested("spelt")
    assert "ada" in suggested("called")


def test_without_address_and_telephone_the_name_itself_is_looked_for():
    person("ada", first_name="Ada", company_name="Contoso")
    person("same", first_name="Ada", company_name="Contoso")

    assert suggested("ada") == ["same"]


def test_a_dismissed_suggestion_stays_away_until_something_changes(api):
    person("ada", first_name="Ada", email="ada@contoso.dk", phone="+4512345678")
    person("twin", first_name="Ada", email="ada@home.dk", phone="+4512345678")
    assert (suggested("ada"), suggested("twin")) == (["twin"], ["ada"])

    status, _, _ = api.call("DELETE", "/contacts/ada/duplicates/twin")
    assert status == 204
    assert (suggested("ada"), suggested("twin")) == ([], [])
    service.amend("twin", {"city": "Vejle"}, service.find("twin").version, NOW)
    assert suggested("ada") == []

    service.amend("twin", {"company_name": "Contoso"}, service.find("twin").version, NOW)
    assert (suggested("ada"), suggested("twin")) == (["twin"], ["ada"])


def test_what_a_merge_settles_is_not_suggested_and_the_others_are_suggested_as_who_they_are():
    for each in ("ada", "twin", "third"):
        person(each, first_name="Ada", email=f"ada@{each}.dk", phone="+4512345678")
    merge("ada", "twin", NOW)

    assert suggested("ada") == ["third"]
    assert suggested("twin") == ["third"]
    assert suggested("third") == ["ada"]


@pytest.mark.rule("CON-20")
def test_who_has_the_same_key_no_longer_is_not_suggested_for_it_any_more():
    phoned("ada", "bo", "cy")
    assert (suggested("ada"), suggested("bo")) == (["bo", "cy"], ["ada"])

    service.amend("bo", {"phone": "+4522222222"}, service.find("bo").version, NOW)
    assert (suggested("ada"), suggested("bo")) == (["cy"], [])

    strategies.remove("contact", "phone")
    assert suggested("ada") == []


def test_who_has_the_same_key_since_a_merge_is_suggested_by_its_strategy():
    strategies.create("pair", "contact", "Name and city", ["first_name", "postal_code"], NOW)
    strategies.built("contact", "pair")
    person("ada", last_name="Juhl", first_name="Ada")
    person("twin", last_name="Juul", postal_code="5000")
    person("third", last_name="Zorro", first_name="Ada", postal_code="5000")

    merge("ada", "twin", NOW)

    [found] = suggesting.of_contact("ada")
    assert (found.id, found.strategy_id) == ("third", "pair")
    assert found.reasons[0] == "They are the same by the matching strategy “Name and city”."


def test_of_hundreds_with_the_same_key_no_more_are_read_than_are_suggested():
    phoned("ada", *(f"c{number:03}" for number in range(51)))
    with metered() as some:
        assert len(suggesting.of_contact("ada")) == 50

    phoned(*(f"c{number:03}" for number in range(51, 71)))
    with metered() as many:
        suggesting.of_contact("ada")

    assert many.read_units == some.read_units


def phoned(*identities):
    """Make contacts who have nothing in common but a telephone number, by which they are matched."""
    if not strategies.is_live("contact", "phone"):
        strategies.create("phone", "contact", "Telephone", ["phone"], NOW)
        strategies.built("contact", "phone")
    for identity in identities:
        person(identity, last_name=f"{identity * 3}", first_name=f"{identity}", phone="+4511111111")


def test_who_is_deleted_is_suggested_to_nobody_and_leaves_nothing_dismissed(world):
    for each in ("ada", "twin"):
        service.create(each, {"last_name": "Juhl", "first_name": "Ada", "phone": "+4512345678"}, world.now, by="user:u")
    suggesting.dismiss_contact("ada", "twin", "u", world.now)

    service.remove("ada", 1, world.now)
    world.settle()

    assert suggested("twin") == []
    assert [item for item in Dismissed.scan(consistent_read=True) if isinstance(item, Dismissed)] == []


@pytest.mark.rule("CON-18")
def test_undoing_a_merge_suggests_nobody_again_who_was_deleted_meanwhile(world):
    phoned("first", "ada", "twin")
    for other in ("first", "twin"):
        merge("ada", other, world.now)
    undo("ada", "first", world.now)
    assert suggested("ada") == ["first"]
    service.remove("first", service.find("first").version, world.now)
    world.settle()

    undo("ada", "twin", world.now)

    assert [item for item in Duplicate.scan(consistent_read=True) if isinstance(item, Duplicate)] == []


@pytest.mark.parametrize(("one", "other", "status"), [("ada", "ada", 400), ("ada", "nobody", 404), ("no", "ada", 404)])
def test_only_two_that_are_there_are_told_apart(api, one, other, status):
    person("ada")
    accounts.create("ada", {"name": "Ada"}, NOW, by="user:u")

    for kind in ("contacts", "accounts"):
        assert api.call("DELETE", f"/{kind}/{one}/duplicates/{other}")[0] == status


def test_accounts_are_suggested_by_name_and_by_website_and_can_be_dismissed(api):
    accounts.create("kajak", {"name": "Kajak ApS", "website": "https://www.kajak.dk"}, NOW, by="user:u")
    accounts.create("named", {"name": "Kajak Aps."}, NOW, by="user:u")
    accounts.create("at-home", {"name": "ApS Kajakken", "website": "kajak.dk", "postal_code": "1"}, NOW, by="user:u")
    accounts.create("telt", {"name": "Telt ApS", "website": "telt.dk"}, NOW, by="user:u")

    found = {each["account_id"]: each for each in api.get("/accounts/kajak/duplicates")["items"]}
    assert found.keys() == {"named", "at-home"}
    assert "They have the same website." in found["at-home"]["reasons"]

    assert api.call("DELETE", "/accounts/kajak/duplicates/named")[0] == 204
    assert [each["account_id"] for each in api.get("/accounts/kajak/duplicates")["items"]] == ["at-home"]
    accounts.amend("named", {"website": "kajak.dk"}, 1, NOW)
    assert len(api.get("/accounts/kajak/duplicates")["items"]) == 2


def test_looking_in_a_block_of_a_thousand_costs_what_looking_in_a_block_of_fifty_does():
    for number in range(60):
        person(f"c{number}", first_name=f"A{number:03}", email=f"a{number}@gmail.com")
    person("ada", first_name="A030x", email="ada@gmail.com")

    with metered() as small:
        suggesting.of_contact("ada")
    for number in range(60, 200):
        person(f"c{number}", first_name=f"A{number:03}", email=f"a{number}@gmail.com")
    with metered() as large:
        suggesting.of_contact("ada")

    assert large.requests.total() <= small.requests.total() <= 26
