"""Custom fields in segments, scoring models, journeys and processes: asked like any other, at no further request."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import accounts, service
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import ASKED_AS, CustomType
from chalicelib.definitions import service as definitions
from chalicelib.errors import Stale
from chalicelib.scoring.models import ScoringItem
from chalicelib.segments import service as segments
from tests.support import scoring
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.custom import NOW, change, make
from tests.support.meter import metered


def asks(field, *values, type_="choice", operator="equals"):
    return {"field": field, "operator": operator, "values": list(values), "type": type_}


GOLD = asks("contact.custom.tier", "gold")
IN_OSLO = {"field": "contact.city", "operator": "equals", "values": ["Oslo"]}


def rule(entity, where, identity="r", points=20):
    return {"id": identity, "name": identity, "points": points, "conditions": [{"entity": entity, "where": [where]}]}


@pytest.fixture
def api(cloud):
    with Client(app) as client:
        yield Caller(client)


def published(api, path, document, name="x"):
    made = api.post(path, {"name": name, "document": document})
    return api.change("POST", f"{path}/{made['id']}/publish", made)


def segment(api, query=GOLD, name="gold"):
    return published(api, "/segments", {"type": "dynamic", "query": query}, name)["id"]


def is_member(contact_id, segment_id):
    return segments.is_member(contact_id, segment_id)


def person(identity="c", **custom):
    return service.create(identity, {"last_name": "Juhl", "custom": custom}, NOW, by="u")


def amend(identity="c", **custom):
    return service.amend(identity, {"custom": custom}, service.find(identity).version, NOW)


# What happens --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("SEG-10")
def test_who_has_the_value_joins_a_segment_and_leaves_it_with_the_value(world, api):
    make("tier", "choice")
    make("seats", "whole_number")
    gold = segment(api)
    person(tier="gold")
    person("d", tier="silver")
    world.settle()
    assert (is_member("c", gold), is_member("d", gold)) == (True, False)

    amend(tier="silver")
    amend("d", tier="gold")
    world.settle()

    assert (is_member("c", gold), is_member("d", gold)) == (False, True)


def scores():
    return {item.sk: item.score for item in ScoringItem.scan() if item.sk.startswith("SCORE#")}


@pytest.mark.rule("SCO-16")
def test_a_scoring_rule_asks_of_custom_fields_wherever_its_path_leads(world):
    for of in ("contact", "account", "lead"):
        make("tier", "choice", of)
    accounts.create("a", {"name": "Acme", "custom": {"tier": "gold"}}, NOW, by="u")
    service.create("c", {"last_name": "Juhl", "account_id": "a", "custom": {"tier": "silver"}}, NOW, by="u")
    scoring.lead(custom={"tier": "gold"})
    tier = asks("custom.tier", "gold")
    scoring.publish(
        *(rule(path, tier, str(at), 10**at) for at, path in enumerate(["lead", "contact", "contact.account"]))
    )
    world.settle()
    assert list(scores().values()) == [101]

    amend(tier="gold")
    world.settle()
    assert list(scores().values()) == [111]
    accounts.amend("a", {"custom": {"tier": None}}, accounts.find("a").version, NOW)
    world.settle()

    assert list(scores().values()) == [11]


def test_an_account_model_sees_the_custom_fields_of_its_people(world):
    make("tier", "choice")
    accounts.create("a", {"name": "Acme"}, NOW, by="u")
    service.create("c", {"last_name": "Juhl", "account_id": "a", "custom": {"tier": "gold"}}, NOW, by="u")
    scoring.lead(contact_id=None, account_id="a")
    scoring.publish(rule("contact", asks("custom.tier", "gold")), target="account")

    world.settle()

    assert list(scores().values()) == [20]


@pytest.mark.usefixtures("cloud")
def test_asking_of_custom_fields_takes_no_further_request():
    make("tier", "choice")
    person(tier="gold")
    scoring.lead()

    def asked_with(where):
        scoring.publish(rule("contact", where), model_id="m")
        scoring.rescore()  # compiles it
        with metered() as usage:
            scoring.rescore()
        return usage.requests

    standard = asked_with({"field": "city", "operator": "equals", "values": ["Oslo"]})
    assert asked_with(asks("custom.tier", "gold")) == standard


@pytest.mark.usefixtures("cloud")
def test_a_segment_on_custom_fields_is_evaluated_with_no_further_request(api):
    make("tier", "choice")
    person(tier="gold")
    fact = {"fact": "contact.changed", "contact": "c", "changed": ["city", "custom.tier"]}

    def asked():
        with metered() as usage:
            segments.evaluate_contact(fact, NOW)
        return usage.requests

    made = segment(api, IN_OSLO, "by city")
    asked()
    standard = asked()
    custom = definitions.get("segment", made)
    document = {**custom.document, "query": {**custom.document["query"], **GOLD}}
    definitions.save_draft("segment", made, "by city", document, version=custom.version, by="u", now=NOW)
    api.change("POST", f"/segments/{made}/publish", api.get(f"/segments/{made}"))
    asked()
    assert is_member("c", made)
    assert asked() == standard


# What is refused -----------------------------------------------------------------------------------------------------

DOCUMENTS = {
    "segments": lambda tier: {"type": "dynamic", "query": tier},
    "scoring-models": lambda tier: {
        "sales_ready_score": 100,
        "rules": [rule("contact", {**tier, "field": "custom.tier"})],
    },
    "business-processes": lambda tier: {
        "stages": [{"id": "a", "name": "A"}, {"id": "b", "name": "B", "entry_condition": tier}]
    },
    "journeys": lambda tier: {
        "audience": {"segments": {"items": [{"segment": SEGMENT[0]}]}},
        "first": "b",
        "owner": "u",
        "tiles": {
            "b": {"kind": "branch", "branches": [{"name": "gold", "condition": tier, "next": "t"}]},
            "t": {"kind": "task", "subject": "Call"},
        },
    },
}
SEGMENT = [""]


@pytest.mark.rule("SEG-11")
@pytest.mark.parametrize("path", DOCUMENTS)
def test_what_is_live_holds_the_fields_that_it_asks_about(api, path):
    SEGMENT[0] = segment(api, IN_OSLO, "Oslo")
    document = DOCUMENTS[path](GOLD)
    made = api.post(f"/{path}", {"name": "n", "document": document})
    unknown = api.call("POST", f"/{path}/{made['id']}/publish", If_Match='"1"')
    assert (unknown[0], "custom.tier" in str(unknown[1]["errors"])) == (422, True)

    make("tier", "choice")
    live = api.change("POST", f"/{path}/{made['id']}/publish", made)
    refused = api.call("PATCH", "/fields/contact.tier", {"retired": True}, If_Match='"1"')
    assert (refused[0], made["id"] in str(refused[1]["errors"])) == (409, True)

    stopped = api.change("POST", f"/{path}/{made['id']}/stop", live)
    change("contact.tier", retired=True)
    retired = api.call("POST", f"/{path}/{made['id']}/publish", If_Match=f'"{stopped["version"]}"')
    assert (retired[0], retired[1]["errors"][-1]["field"]) == (422, "custom-field:contact.tier")


def test_a_version_that_was_published_goes_on_whatever_becomes_of_its_field(api):
    """A walk through an older version of a journey goes on; it says itself of which type the field is."""
    make("tier", "choice")
    gold = segment(api)
    person(tier="gold")
    row = custom_fields.find("contact.tier")
    row.delete()

    segments.evaluate_contact({"fact": "contact.created", "contact": "c", "changed": []}, NOW)

    assert is_member("c", gold)
    assert service.find("c").custom == {"tier": "gold"}


def test_members_by_query_are_asked_of_custom_fields(world, api):
    make("tier", "choice")
    person(tier="gold")
    person("d", tier="silver")
    static = published(api, "/segments", {"type": "static"}, "static")["id"]

    wrong = api.call(
        "POST", f"/segments/{static}/members/by-query", {"change": "add", "query": asks("contact.custom.x", 1)}
    )
    status, _, _ = api.call("POST", f"/segments/{static}/members/by-query", {"change": "add", "query": GOLD})
    world.settle()

    assert (wrong[0], status) == (422, 202)
    assert (is_member("c", static), is_member("d", static)) == (True, False)


def test_a_field_that_is_retired_while_something_that_names_it_goes_live_is_not(api):
    make("tier", "choice")
    draft = api.post("/segments", {"name": "gold", "document": {"type": "dynamic", "query": GOLD}})
    publish = f"/segments/{draft['id']}/publish"

    with before_the_next_write(lambda: api.change("POST", publish, draft)), pytest.raises(Stale):
        change("contact.tier", retired=True)

    assert custom_fields.find("contact.tier").retired is False


def test_what_names_a_field_that_is_retired_at_this_moment_does_not_go_live(api):
    make("tier", "choice")
    draft = api.post("/segments", {"name": "gold", "document": {"type": "dynamic", "query": GOLD}})

    with before_the_next_write(lambda: change("contact.tier", retired=True)):
        refused = api.call("POST", f"/segments/{draft['id']}/publish", If_Match='"1"')

    assert (refused[0], [each["field"] for each in refused[1]["errors"]]) == (422, ["custom-field:contact.tier"])


def test_a_stage_may_ask_for_custom_fields_of_its_leads_and_holds_them(api):
    make("seats", "whole_number", "lead")
    stages = [
        {"id": "new", "name": "New", "required": ["custom.seats"], "fields": ["custom.seats"]},
        {"id": "b", "name": "B"},
    ]
    wrong = api.post(
        "/business-processes", {"name": "w", "document": {"stages": [{**stages[0], "required": ["custom.x"]}]}}
    )
    process = published(api, "/business-processes", {"stages": stages})
    api.change("PUT", "/settings/leads", api.get("/settings/leads"), {"process_id": process["id"]})
    lead = api.post("/leads", {"last_name": "Juhl"})

    move = f"/leads/{lead['id']}/move"
    lacking = api.call("POST", move, {"stage": "b"}, If_Match='"1"')
    filled = api.change("PATCH", f"/leads/{lead['id']}", lead, {"custom": {"seats": 0}})
    moved = api.change("POST", move, filled, {"stage": "b"})

    assert (lacking[0], [each["field"] for each in lacking[1]["errors"]]) == (422, ["custom.seats"])
    assert moved["stage"] == "b"
    assert api.call("PATCH", "/fields/lead.seats", {"retired": True}, If_Match='"1"')[0] == 409
    told = api.post(f"/business-processes/{wrong['id']}/check")["problems"]
    assert [each["field"] for each in told] == ["/stages/0/required/0", "custom-field:lead.x"]


VALUES = {
    "text": "Ærø",
    "whole_number": 12,
    "decimal": "12.25",
    "money": 7,
    "date": "2026-11-20",
    "instant": "2026-11-20T08:00:00Z",
    "two_options": True,
    "choice": "gold",
    "multiple_choice": ["gold", "silver"],
    "email": "ada@example.dk",
    "phone": "+4512345678",
    "url": "https://example.dk",
}


@pytest.mark.rule("SCO-16", "RSC-10")
def test_a_score_tells_which_values_of_custom_fields_of_every_type_it_saw(api):
    for type_ in VALUES:
        make(type_, type_)
    service.create("c", {"last_name": "Juhl", "custom": VALUES}, NOW, by="u")
    scoring.lead()
    rules = [
        rule(
            "contact",
            asks(f"custom.{type_}", type_=ASKED_AS.get(CustomType(type_), "text"), operator="is_present"),
            type_,
        )
        for type_ in VALUES
    ]
    model = scoring.publish(*rules)

    scoring.rescore()

    [score] = api.get("/leads/l/scores")["items"]
    assert score["score"] == 20 * len(VALUES)
    explained = api.get(f"/leads/l/scores/{model}/explain")
    assert all(f"custom.{type_}" in str(explained) for type_ in VALUES)
