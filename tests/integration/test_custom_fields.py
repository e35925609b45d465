"""Custom fields over HTTP: made while everything runs, filled at every door, merged and told like any other field."""

from decimal import Decimal

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import account_merging, accounts, merging, service
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import MOST
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit
from chalicelib.errors import Conflict, Stale
from chalicelib.leads import merging as lead_merging
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.plans import create_from_tile
from tests.integration.test_inbound import scanned, take
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.custom import NOW, change, make

pytestmark = pytest.mark.usefixtures("cloud")

TIER = {
    "record_type": "contact",
    "key": "tier",
    "type": "choice",
    "labels": {"en": "Tier", "da": "Niveau"},
    "options": [{"value": "gold", "labels": {"en": "Gold"}}, {"value": "silver", "labels": {"en": "Silver"}}],
}
EVERY = {
    "text": "Ærø",
    "whole_number": 12,
    "decimal": 12.25,
    "money": 0.1,
    "date": "2027-01-01",
    "instant": "2027-01-01T08:00:00.000000Z",
    "two_options": False,
    "choice": "gold",
    "multiple_choice": ["gold", "silver"],
    "email": "ada@example.dk",
    "phone": "+4512345678",
    "url": "https://example.dk",
}
"""A value of each type, as it comes back."""


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


# The fields ----------------------------------------------------------------------------------------------------------


def test_a_field_is_made_changed_retired_and_taken_into_use_again(api):
    made = api.post("/fields", TIER, Idempotency_Key="one")
    again = api.post("/fields", TIER, Idempotency_Key="one")

    assert (made["id"], made["name"], made["retired"]) == ("contact.tier", "custom.tier", False)
    assert again == made
    assert api.call("POST", "/fields", TIER)[0] == 409
    changed = api.change("PATCH", "/fields/contact.tier", made, {"labels": {"en": "Level"}, "retired": True})
    assert (changed["labels"], changed["retired"], changed["type"]) == ({"en": "Level"}, True, "choice")
    assert api.call("PATCH", "/fields/contact.tier", {"retired": False}, If_Match='"1"')[0] == 412
    back = api.change("PATCH", "/fields/contact.tier", changed, {"retired": False})
    assert api.get("/fields/contact.tier") == back
    assert api.call("GET", "/fields/contact.nothing")[0] == 404


def test_what_is_settled_stays_and_options_are_not_taken_away(api):
    made = api.post("/fields", TIER)

    for change_ in ({"type": "text"}, {"key": "level"}, {"record_type": "lead"}):
        assert api.call("PATCH", "/fields/contact.tier", change_, If_Match='"1"')[0] == 400
    gone = {"options": TIER["options"][:1]}
    assert api.call("PATCH", "/fields/contact.tier", gone, If_Match='"1"')[0] == 409
    assert api.get("/fields/contact.tier") == made


def test_a_record_type_has_a_bounded_number_of_fields():
    for number in range(MOST):
        make(f"f{number}")

    with pytest.raises(Conflict):
        make("one_more")
    make("one_more", of="lead")


def test_of_two_who_make_one_key_at_once_one_does():
    with before_the_next_write(lambda: make("tier")), pytest.raises(Stale):
        custom_fields.create(custom_fields.CustomField("contact", "tier", "url", {"en": "T"}), "other", "user:v", NOW)

    assert custom_fields.find("contact.tier").type == "text"


# Filled by hand ------------------------------------------------------------------------------------------------------

PATHS = {"contact": "/contacts", "account": "/accounts", "lead": "/leads"}
LEAST = {"contact": {"last_name": "Juhl"}, "account": {"name": "Acme"}, "lead": {"last_name": "Juhl"}}


@pytest.mark.parametrize("of", PATHS)
def test_every_record_holds_values_of_every_type_and_gives_them_back(api, of):
    for type_ in EVERY:
        make(type_, type_, of)

    made = api.post(PATHS[of], {**LEAST[of], "custom": EVERY})
    shown = api.get(f"{PATHS[of]}/{made['id']}")
    changed = api.change("PATCH", f"{PATHS[of]}/{made['id']}", shown, {"custom": {"choice": "silver", "text": None}})

    assert shown["custom"] == EVERY
    others = {name: value for name, value in EVERY.items() if name != "text"}
    assert changed["custom"] == {**others, "choice": "silver"}


@pytest.mark.parametrize("of", PATHS)
def test_what_is_not_as_its_field_says_is_refused_and_named(api, of):
    make("tier", "choice", of)
    make("seats", "whole_number", of)
    make("old", of=of)
    change(f"{of}.old", retired=True)

    for key, value in {"tier": "bronze", "seats": "many", "old": "x", "nothing": 1}.items():
        status, answer, _ = api.call("POST", PATHS[of], {**LEAST[of], "custom": {key: value}})
        assert (status in {400, 422}, answer["errors"][0]["field"]) == (True, f"custom.{key}")


@pytest.mark.parametrize("of", PATHS)
def test_what_is_required_is_there_from_the_beginning_and_is_not_emptied(api, of):
    before = api.post(PATHS[of], LEAST[of])
    make("tier", "choice", of, required=True)

    status, answer, _ = api.call("POST", PATHS[of], LEAST[of])
    made = api.post(PATHS[of], {**LEAST[of], "custom": {"tier": "gold"}})

    assert (status, answer["errors"][0]["field"]) == (422, "custom.tier")
    emptied = api.call("PATCH", f"{PATHS[of]}/{made['id']}", {"custom": {"tier": None}}, If_Match='"1"')
    assert (emptied[0], emptied[1]["errors"][0]["field"]) == (400, "custom.tier")
    api.change("PATCH", f"{PATHS[of]}/{before['id']}", before, {"description": "It was there before."})


def test_values_of_a_retired_field_are_kept_and_can_be_taken_away(api):
    make("tier", "choice")
    made = api.post("/contacts", {"last_name": "Juhl", "custom": {"tier": "gold"}})
    change("contact.tier", retired=True)

    shown = api.get(f"/contacts/{made['id']}")
    renamed = api.change("PATCH", f"/contacts/{made['id']}", shown, {"last_name": "Juul"})
    emptied = api.change("PATCH", f"/contacts/{made['id']}", renamed, {"custom": {"tier": None}})

    assert (shown["custom"], renamed["custom"], emptied["custom"]) == ({"tier": "gold"}, {"tier": "gold"}, {})


def test_a_process_that_remembers_an_older_list_of_fields_refuses_nothing_for_that(monkeypatch, api):
    from msgspec.structs import replace

    monkeypatch.setattr(custom_fields, "settings", replace(custom_fields.settings, live_cache_seconds="300"))
    make("tier", "choice")
    remembered = custom_fields.remembered()
    make("seats", "whole_number")
    custom_fields._cache[:] = [(float("inf"), remembered)]  # as another process still has it

    made = api.post("/contacts", {"last_name": "Juhl", "custom": {"seats": 3}})

    assert made["custom"] == {"seats": 3}


# Told, merged and parted ---------------------------------------------------------------------------------------------


def values(**more):
    return {"last_name": "Juhl", "custom": more}


def test_a_merge_takes_custom_fields_as_chosen_and_undoing_puts_them_back(api):
    for key, type_ in {
        "tier": "choice",
        "weight": "decimal",
        "seats": "whole_number",
        "topics": "multiple_choice",
    }.items():
        make(key, type_)
    service.create("ada", values(tier="gold", weight="0.1"), NOW, by="user:u")
    service.create("twin", values(tier="silver", weight="0.3", seats=3, topics=["gold"]), NOW, by="user:u")

    wish = {"other_id": "twin", "choices": {"custom.weight": "other", "custom.topics": "this"}}
    fields = api.post("/contacts/ada/merges/preview", wish)["fields"]
    merging.merge("ada", "twin", Wish("m", wish["choices"], "user:u", "one"), service.find("ada").version, NOW)

    merged = service.find("ada").custom
    assert merged == {"tier": "gold", "weight": Decimal("0.3"), "seats": 3}
    assert {each["name"]: each["after"] for each in fields if each["name"].startswith("custom.")} == {
        "custom.tier": "gold",
        "custom.weight": "0.3",
        "custom.seats": 3,
        "custom.topics": None,
    }
    service.amend("ada", {"custom": {"seats": 5}}, service.find("ada").version, NOW)
    merging.undo("ada", "m", "user:u", NOW)
    assert service.find("ada").custom == {"tier": "gold", "weight": Decimal("0.1"), "seats": 5}
    assert service.find("twin").custom["weight"] == Decimal("0.3")


def test_a_field_that_neither_record_has_cannot_be_chosen(api):
    make("tier", "choice")
    for each in ("ada", "twin"):
        service.create(each, values(), NOW, by="user:u")

    wish = {"other_id": "twin", "choices": {"custom.tier": "other"}}
    status, answer, _ = api.call("POST", "/contacts/ada/merges/preview", wish)

    assert (status, answer["errors"][0]["field"]) == (400, "choices.custom.tier")


def test_accounts_and_leads_merge_and_part_with_their_custom_fields():
    for of in ("account", "lead"):
        make("weight", "decimal", of)
        make("tier", "choice", of)
    for each, own in {"a": {"weight": "0.1"}, "b": {"weight": "0.3", "tier": "gold"}}.items():
        accounts.create(each, {"name": each, "custom": own}, NOW, by="user:u")
        leads.create(each, {"last_name": "Juhl", "custom": own}, "user:u", NOW)

    for merges, record in ((account_merging, accounts), (lead_merging, lead_reading)):
        wish = Wish("m", {"custom.weight": "other"}, "user:u", "one")
        merges.merge("a", "b", wish, record.find("a").version, NOW)
        assert record.find("a").custom == {"weight": Decimal("0.3"), "tier": "gold"}
        merges.undo("a", "m", "user:u", NOW)
        assert record.find("a").custom == {"weight": Decimal("0.1")}


@pytest.mark.parametrize(
    ("noun", "more"),
    [("contact", {"last_name": "Juhl"}), ("account", {"name": "Acme"}), ("lead", {"last_name": "Juhl"})],
)
def test_a_merge_does_not_empty_what_a_record_must_have(api, noun, more):
    make("tier", "choice", noun)
    main, other = (api.post(f"/{noun}s", {**more, **own}) for own in ({"custom": {"tier": "gold"}}, {}))
    change(f"{noun}.tier", required=True)
    path, wish = f"/{noun}s/{main['id']}/merges", {"other_id": other["id"], "why": "the same"}

    emptying = {**wish, "choices": {"custom.tier": "other"}}
    refused, problem, _ = api.call("POST", path, emptying, If_Match=f'"{main["version"]}"')
    merged, _, _ = api.call("POST", path, wish, If_Match=f'"{main["version"]}"')

    assert (refused, problem["errors"][0]["field"]) == (400, "choices.custom.tier")
    assert merged in {200, 201}
    assert api.get(f"/{noun}s/{main['id']}")["custom"] == {"tier": "gold"}


# Who brings records -------------------------------------------------------------------------------------------------


@pytest.mark.rule("LNK-8", "JRN-60", "LEAD-3")
def test_what_a_machine_brings_is_taken_without_what_is_required_and_says_what_it_lacks_until_it_is_filled_in(api):
    orphan = api.post("/leads", {"last_name": "Holm", "topic": "Boat", "email": "holm@example.com"})
    for noun in ("contact", "lead"):
        make("tier", "choice", noun, required=True)

    of_program = take(scanned())
    contact = service.find(str(of_program.contact_id))
    commit(create_from_tile("of-tile", contact, "Boat", "Berg", MarketingContext(at=NOW), "olga", NOW))
    api.call("POST", f"/leads/{orphan['id']}/contact", If_Match=f'"{orphan["version"]}"')
    of_orphan = api.get(f"/leads/{orphan['id']}")

    shown = [api.get(f"/leads/{each}") for each in (of_program.lead_id, "of-tile", orphan["id"])]
    people = [api.get(f"/contacts/{each}") for each in (contact.contact_id, of_orphan["contact_id"])]
    assert [each["lacking"] for each in (*shown, *people)] == [["custom.tier"]] * 5
    assert [each["lacking"] for each in api.get("/leads")["items"]] == [["custom.tier"]] * 3

    filled = api.change("PATCH", "/leads/of-tile", shown[1], {"custom": {"tier": "gold"}})
    assert (filled["lacking"], filled["custom"]) == ([], {"tier": "gold"})
    assert api.call("POST", "/leads", {"last_name": "Juhl", "topic": "By hand"})[0] == 422
