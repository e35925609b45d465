"""Custom fields as match keys: whoever has the same value of one is one, for contacts and for leads."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import merging, service, strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.custom.definition import EXACT, CustomType
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit
from chalicelib.errors import Conflict, Invalid
from chalicelib.leads import service as leads
from chalicelib.wiring.works import WORKS
from tests.support.api import Caller
from tests.support.custom import NOW, change, make

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def strategy(target="contact", *attributes):
    strategies.create("s", target, "Number", attributes or ["custom.number"], NOW)
    strategies.built(target, "s")


def submit(new_id, **values):
    wanted = {"strategy_id": "s", "new_id": new_id, "context": MarketingContext(), "now": NOW}
    prepared = service.prepare({"last_name": "Juhl", **values}, **wanted)
    commit(prepared.writes)
    return prepared.record.contact_id


def person(identity, number):
    return service.create(identity, {"last_name": "Juhl", "custom": {"number": number}}, NOW, by="u")


@pytest.mark.rule("MAT-5")
def test_contacts_of_one_value_are_one_and_a_value_that_is_given_up_is_free():
    make("number")
    strategy()

    first = submit("a", **{"custom.number": "N-12"})
    assert submit("b", **{"custom.number": " n-12 "}) == first
    service.amend(first, {"custom": {"number": None}}, service.find(first).version, NOW)
    assert submit("c", **{"custom.number": "N-12"}) == "c"


@pytest.mark.rule("MAT-5")
def test_who_was_there_before_is_found_once_the_strategy_is_built_and_by_hand_it_is_no_conflict():
    make("number", "whole_number")
    person("old", 12)
    strategies.create("s", "contact", "Number", ["custom.number"], NOW)
    arguments = {"target": "contact", "strategy": "s"}
    for number in range(16):
        ids, _ = WORKS["strategy-backfill"].pages(arguments, number, None)
        if ids:
            WORKS["strategy-backfill"].act(arguments, ids, NOW)
    strategies.built("contact", "s")

    assert submit("new", **{"custom.number": 12}) == "old"
    person("twin", 12)
    assert [each.other_id for each in service.duplicates("twin")] == ["old"]
    merging.merge("old", "twin", Wish("m", {}, "u", "one"), service.find("old").version, NOW)
    merging.undo("old", "m", "u", NOW)
    assert submit("new", **{"custom.number": 12}) == "old"


@pytest.mark.rule("MAT-5")
def test_leads_are_matched_by_their_custom_fields():
    make("number", of="lead")
    strategy("lead")

    def submitted(new_id):
        wanted = {"contact_id": None, "strategy_id": "s", "always_new": False, "page_id": None, "owner_id": None}
        values = {"last_name": "Juhl", "custom.number": "12"}
        prepared = leads.prepare(values, **wanted, new_id=new_id, context=MarketingContext(), now=NOW)
        commit(prepared.writes)
        return prepared.record.lead_id

    assert (submitted("a"), submitted("b")) == ("a", "a")


@pytest.mark.parametrize("type_", list(CustomType))
def test_only_fields_whose_values_are_the_same_or_are_not_can_be_matched_by(type_):
    make("number", type_)

    if type_ in EXACT:
        strategy()
    else:
        with pytest.raises(Invalid):
            strategy()


def test_a_strategy_holds_its_field_until_it_is_removed():
    make("number")
    strategy()

    with pytest.raises(Conflict) as refused:
        change("contact.number", retired=True)
    strategies.remove("contact", "s")
    change("contact.number", retired=True)

    assert [problem.field for problem in refused.value.problems] == ["matching-strategy:contact:s"]
    with pytest.raises(Invalid):
        strategy()


@pytest.mark.rule("MAT-6")
def test_a_form_that_matches_by_a_custom_field_needs_a_field_for_it(api):
    make("number")
    strategy()
    email = {"name": "email", "label": "Email", "type": "email", "contact_field": "email"}
    number = {"name": "number", "label": "Number", "contact_field": "custom.number"}

    def checked(*fields):
        elements = [*({"kind": "field", "name": each["name"]} for each in fields), {"kind": "submit"}]
        document = {"fields": fields, "elements": elements, "update": "contacts", "contact_strategy_id": "s"}
        made = api.post("/forms", {"name": "n", "document": document})
        return [each["message"] for each in api.post(f"/forms/{made['id']}/check")["problems"]]

    assert checked(email) == ["The matching strategy “Number” needs a field for custom.number."]
    assert checked(email, number) == []
