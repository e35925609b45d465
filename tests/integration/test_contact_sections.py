"""The sections of a contact: where it came from, and what it allows to be done with its data."""

from datetime import UTC, datetime

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import service
from chalicelib.contacts.context import MarketingContext
from chalicelib.definitions import service as definitions
from tests.support.api import Caller
from tests.support.merged import merge

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PROTECTION = "/contacts/ada/data-protection"


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def person(identity, at=NOW, context=None, **values):
    return service.create(identity, {"last_name": "Nygård", **values}, at, by="user:u", context=context)


@pytest.mark.rule("CON-3")
def test_the_marketing_source_names_what_brought_each_contact_that_somebody_is(api):
    definitions.create("form", "f", "Newsletter form", {}, "u", NOW)
    person("ada", context=MarketingContext(form_id="f", page_id="gone", submission_id="s", at=NOW))
    person("twin", NOW.replace(day=1), originating_lead_id="lead")
    merge("ada", "twin", NOW)

    first, second = api.get("/contacts/ada/marketing-source")["items"]

    assert (first["contact_id"], first["initiatives"], first["originating_lead_id"]) == ("twin", [], "lead")
    assert second["initiatives"] == [
        {"kind": "form", "id": "f", "name": "Newsletter form"},
        {"kind": "page", "id": "gone", "name": None},
    ]
    assert (second["submission_id"], second["created_by"], second["at"]) == ("s", "user:u", "2026-11-24T09:00:00Z")


@pytest.mark.rule("CON-6", "PRV-1", "PRV-2")
def test_data_protection_shows_the_level_and_all_that_it_permits(api):
    person("ada")
    before = api.get(PROTECTION)

    refused, _, _ = api.call("PATCH", PROTECTION, {"consent_level": 3}, If_Match='"0"')
    after = api.change("PATCH", PROTECTION, before, {"consent_level": 3, "reason": "asked by phone"})

    assert (before["level_name"], len(before["permits"]), before["last_change"]) == ("none", 1, None)
    assert (refused, after["level_name"], len(after["permits"])) == (400, "subscriptions", 4)
    assert after["permits"][:1] == before["permits"]
    assert (after["last_change"]["after"], after["last_change"]["reason"]) == ({"consent_level": 3}, "asked by phone")
    assert api.get("/contacts/ada/preferences")["version"] == after["version"]


@pytest.mark.rule("CON-6", "PRV-10")
def test_data_protection_names_a_childs_guardian_whoever_it_is_by_now(api):
    for each in ("ada", "mother", "same"):
        person(each, first_name=each.title())
    api.change("PATCH", PROTECTION, {"version": 0}, {"is_child": True, "guardian_id": "mother"})
    merge("same", "mother", NOW)

    shown = api.get(PROTECTION)

    assert (shown["is_child"], shown["guardian_id"], shown["guardian_name"]) == (True, "mother", "Same Nygård")


@pytest.mark.rule("CON-6")
def test_the_last_change_is_of_data_protection_whatever_else_was_changed_since(api):
    person("ada")
    changed = api.change("PATCH", PROTECTION, {"version": 0}, {"is_child": True})
    api.change("PATCH", "/contacts/ada/preferences", changed, {"bulk_email": False})

    assert api.get(PROTECTION)["last_change"]["after"] == {"is_child": True}


@pytest.mark.parametrize("section", ["marketing-source", "data-protection"])
def test_nobody_has_no_sections(api, section):
    assert api.call("GET", f"/contacts/nobody/{section}")[0] == 404
