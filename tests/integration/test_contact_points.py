"""Compliance profiles, and what addresses and numbers allow, over HTTP: whoever has them, whatever becomes of those."""

import json
import urllib.request
from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.clock import as_text
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import records, service
from chalicelib.consent.points.models import PointConsent, PointRefusals
from chalicelib.consent.points.rules import State
from chalicelib.contacts import service as contacts
from chalicelib.leads import service as leads
from chalicelib.messages import suppression
from chalicelib.messages.suppression import Wanted
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge, undo

ADA, NUMBER = "ada@contoso.example", "+4512345678"
FAIRS = {"id": "fairs", "name": "Fairs", "topics": [{"id": "boats", "name": "Boats"}]}
ASKED = "asked by phone"


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def fairs(api):
    return api.post("/compliance-profiles", {"name": "Fairs", "purposes": [FAIRS], "company_address": "1 Main Street"})


def say(api, address=ADA, reason=None, profile_id="default", **choices):
    body = {"address": address, "profile_id": profile_id, "choices": choices, "reason": reason}
    return api.post("/contact-points", body)


def shown(api, address=ADA, **more):
    return api.post("/contact-points/search", {"address": address, **more})


def states(api, address=ADA):
    consents = shown(api, address)["consents"]
    return {each["profile_id"]: {name: said["state"] for name, said in each["choices"].items()} for each in consents}


# Profiles ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("RCN-2", "RCN-4")
def test_a_profile_is_there_from_the_beginning_and_can_be_changed(api):
    [ours] = api.get("/compliance-profiles")["items"]
    purposes = [{**each, "email": "restrictive"} for each in ours["purposes"]]

    changed = api.change(
        "PATCH", "/compliance-profiles/default", ours, {"company_address": "1 Main Street", "purposes": purposes}
    )

    assert (ours["id"], ours["version"], ours["type"]) == ("default", 0, "preference-centre")
    assert [each["email"] for each in ours["purposes"]] == ["non-restrictive", "disabled", "restrictive"]
    assert api.get("/compliance-profiles")["items"] == [changed]
    assert {each["email"] for each in changed["purposes"]} == {"restrictive"}
    assert (changed["company_address"], changed["version"]) == ("1 Main Street", 1)


@pytest.mark.rule("RCN-2")
def test_profiles_of_ones_own_have_purposes_and_topics_of_ones_own(api, fairs):
    other = api.post(
        "/compliance-profiles", {"name": "Boats", "type": "external-link", "external_url": "https://x.dk/"}
    )

    assert [each["id"] for each in api.get("/compliance-profiles")["items"]] == ["default", other["id"], fairs["id"]]
    assert [each["id"] for each in fairs["purposes"]] == ["commercial", "transactional", "tracking", "fairs"]
    assert fairs["purposes"][3]["topics"] == [{"id": "boats", "active": True, "name": "Boats",
                                               "description": "", "translations": {}}]  # fmt: skip
    audited = api.get(f"/audit?record=compliance-profile%23{fairs['id']}")["items"]
    assert [each["action"] for each in audited] == ["created"]


@pytest.mark.rule("RCN-2")
def test_a_profile_has_a_quiet_time_which_can_be_taken_away(api):
    night = {"time_zone": "Europe/Copenhagen", "begins": "20:00:00", "ends": "08:00:00"}

    made = api.post("/compliance-profiles", {"name": "By day", "quiet_time": night})
    kept = api.change("PATCH", f"/compliance-profiles/{made['id']}", made, {"name": "By day only"})
    changed = api.change("PATCH", f"/compliance-profiles/{made['id']}", kept, {"quiet_time": None})

    assert kept["quiet_time"] == {**night, "weekdays": [1, 2, 3, 4, 5, 6, 7], "transactional": False}
    assert (changed["name"], changed["quiet_time"]) == ("By day only", None)


def test_a_request_with_a_key_makes_one_profile_and_the_slower_of_two_changes_is_refused(api):
    first, second = (api.post("/compliance-profiles", {"name": "News"}, Idempotency_Key="k") for _ in range(2))
    api.change("PATCH", f"/compliance-profiles/{first['id']}", first, {"name": "One"})

    status, _, _ = api.call("PATCH", f"/compliance-profiles/{first['id']}", {"name": "Two"}, If_Match='"1"')

    assert (status, first["id"]) == (412, second["id"])
    assert [each["name"] for each in api.get("/compliance-profiles")["items"]] == ["Default", "One"]


def test_two_profiles_made_at_the_same_moment_are_both_listed_and_there_are_never_too_many(api, world, monkeypatch):
    other = lambda: records.create("other", {"name": "B"}, "user:u", world.now)  # noqa: E731

    with before_the_next_write(other):
        api.post("/compliance-profiles", {"name": "A"})
    monkeypatch.setattr(records, "MOST", 2)

    assert [each["name"] for each in api.get("/compliance-profiles")["items"]] == ["Default", "A", "B"]
    assert api.call("POST", "/compliance-profiles", {"name": "C"})[0] == 409


@pytest.mark.rule("RCN-7")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"purposes": [FAIRS]}, "purposes"),
        ({"company_address": None}, "company_address"),
        ({"type": "external-link"}, "external_url"),
    ],
)
def test_what_people_were_offered_stays_and_a_page_of_ones_own_has_an_address(api, fairs, change, field):
    status, problem, _ = api.call("PATCH", f"/compliance-profiles/{fairs['id']}", change, If_Match='"1"')

    assert status == 422
    assert {each["field"] for each in problem["errors"]} == {field}
    assert api.get(f"/compliance-profiles/{fairs['id']}") == fairs


@pytest.mark.rule("RCN-2")
def test_what_messages_for_a_purpose_are_by_law_stays(api, fairs):
    purposes = [*fairs["purposes"][:3], {**FAIRS, "legal_designation": "transactional"}]

    status, problem, _ = api.call(
        "PATCH", f"/compliance-profiles/{fairs['id']}", {"purposes": purposes}, If_Match='"1"'
    )

    assert status == 422
    assert "commercial by law" in problem["errors"][0]["message"]


# Contact points ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("RCN-1")
def test_what_an_address_allows_is_kept_by_the_address_with_a_log_of_how_it_came(api, fairs):
    say(api, "Ada <ADA@Contoso.example>", reason=ASKED, commercial="opted-in")
    say(api, commercial="opted-out", tracking="opted-out")
    say(api, reason=ASKED, profile_id=fairs["id"], **{"fairs": "opted-in", "fairs/boats": "opted-in"})

    found = shown(api, "ada@CONTOSO.example", limit=2)
    rest = shown(api, limit=2, cursor=found["next_cursor"])

    assert states(api) == {
        "default": {"commercial": "opted-out", "tracking": "opted-out"},
        fairs["id"]: {"fairs": "opted-in", "fairs/boats": "opted-in"},
    }
    log = [*found["changes"], *rest["changes"]]
    assert [each["after"] for each in log] == [
        {"commercial": "opted-in"},
        {"commercial": "opted-out", "tracking": "opted-out"},
        {"fairs": "opted-in", "fairs/boats": "opted-in"},
    ]
    assert [each["before"] for each in log[:2]] == [{"commercial": None}, {"commercial": "opted-in", "tracking": None}]
    assert {(each["who"], each["method"], each["source"]) for each in log} == {("key:root", "by user", "api")}
    assert [each["reason"] for each in log] == [ASKED, None, ASKED]
    assert (found["channel"], rest["next_cursor"]) == ("email", None)
    assert ADA not in json.dumps(found["consents"])


@pytest.mark.rule("RCN-1")
def test_a_number_is_a_contact_point_too_however_it_is_written(api):
    say(api, "+45 12 34 56 78", commercial="opted-out")

    assert (shown(api, NUMBER)["channel"], states(api, NUMBER)) == (
        "telephone",
        {"default": {"commercial": "opted-out"}},
    )


@pytest.mark.rule("RCN-1")
@pytest.mark.parametrize("state", ["opted-in", None])
def test_a_user_who_allows_more_says_how_the_person_asked_for_it(api, state):
    say(api, commercial="opted-out")

    status, problem, _ = api.call("POST", "/contact-points", {"address": ADA, "choices": {"commercial": state}})

    assert (status, problem["errors"][0]["field"]) == (400, "reason")
    assert states(api)["default"] == {"commercial": "opted-out"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"choices": {"fairs": "opted-in"}}, 400, "choices.fairs"),
        ({"choices": {"commercial/boats": "opted-in"}}, 400, "choices.commercial/boats"),
        ({"choices": {"commercial": "opted-in"}, "address": "12"}, 400, "address"),
        ({"choices": {"commercial": "opted-in"}, "address": "x@"}, 400, "address"),
        ({"choices": {"commercial": "opted-in"}, "profile_id": "none"}, 404, None),
    ],
)
def test_what_cannot_be_is_refused_with_words(api, body, status, field):
    answered, problem, _ = api.call("POST", "/contact-points", {"address": ADA, "reason": ASKED, **body})

    assert answered == status
    assert field in {each["field"] for each in problem.get("errors", [])} or field is None


def test_the_cursor_of_one_address_shows_nothing_of_another(api):
    for state in ("opted-out", None):
        say(api, reason=ASKED, commercial=state)
    cursor = shown(api, limit=1)["next_cursor"]

    status, _, _ = api.call("POST", "/contact-points/search", {"address": "bo@contoso.example", "cursor": cursor})

    assert status == 400


def test_two_who_change_it_at_the_same_moment_are_both_heard(api, world):
    point = service.point_of(ADA)
    by = Evidence(who="recipient", source="test", method="test")

    with before_the_next_write(lambda: service.refuse(point, "default", "tracking", by, "c", world.now)):
        say(api, commercial="opted-out")

    assert states(api)["default"] == {"commercial": "opted-out", "tracking": "opted-out"}
    assert len(shown(api)["changes"]) == 2


@pytest.mark.rule("RCN-1")
def test_it_is_the_same_for_contacts_leads_and_anybody_and_no_merge_changes_it(api, world):
    before = say(api, reason=ASKED, commercial="opted-in", tracking="opted-out")
    for each in ("ada", "twin"):
        contacts.create(each, {"last_name": "Juhl", "email": f"{each}@contoso.example"}, world.now, by="user:u")
    leads.create("l", {"last_name": "Juhl", "email": ADA, "topic": "Boats"}, "user:u", world.now)

    merge("twin", "ada", world.now)
    undo("twin", "ada", world.now)
    contacts.remove("ada", contacts.find("ada").version, world.now)
    world.settle()

    assert shown(api)["consents"] == [before]
    assert len(shown(api)["changes"]) == 1


# What people may demand ----------------------------------------------------------------------------------------------


def demand(api, type_):
    request = api.post("/privacy-requests", {"type": type_, "identifier": ADA})
    path, version = f"/privacy-requests/{request['id']}/carry-out", f'"{request["version"]}"'
    assert api.call("POST", path, If_Match=version)[0] == 202
    return lambda: api.get(f"/privacy-requests/{request['id']}")


def later(world):
    world.settle()
    for hours in (25.5, 1, 1):
        world.advance(timedelta(hours=hours))
        world.poll()


@pytest.fixture
def known(api, world):
    contacts.create("ada", {"last_name": "Juhl", "email": ADA, "mobile_phone": NUMBER}, world.now, by="user:u")
    say(api, reason=ASKED, commercial="opted-in", tracking="opted-out")
    say(api, NUMBER, reason="asked by Ada", commercial="opted-in")


@pytest.mark.rule("PRV-16", "RCN-1")
def test_an_export_holds_what_the_addresses_and_numbers_of_somebody_allow(api, world, known):
    done = demand(api, "export")
    world.settle()

    [data] = [each for each in done()["files"] if each["name"] == "data.json"]
    content = json.loads(urllib.request.urlopen(data["url"]).read())
    sections = {each["kind"]: each["rows"] for each in content["sections"]}
    assert sorted(each["channel"] for each in sections["PointConsent"]) == ["email", "telephone"]
    assert sorted(each["reason"] for each in sections["PointChange"]) == ["asked by Ada", ASKED]


@pytest.mark.rule("PRV-16", "RCN-1")
def test_an_erasure_leaves_what_was_refused_and_nothing_that_says_by_whom(api, world, known):
    hashed = suppression.hash_of(ADA)
    suppression.suppress(Wanted(hashed, suppression.BULK, suppression.UNSUBSCRIBED), world.now)
    done = demand(api, "erase")
    later(world)

    left = [json.dumps(raw) for (_, pk, _), raw in world.rows().items() if pk.startswith("ADDRESS#")]

    assert done()["progress"] == "completed"
    assert {"PointRefusals", "Suppressed"} <= done()["receipt"]["kept"].keys()
    assert states(api) == {"default": {"tracking": "opted-out"}}
    assert (shown(api)["changes"], states(api, NUMBER)) == ([], {})
    assert len(left) == 2
    assert not any(word in each for each in left for word in ("opted-in", "key:root", "asked", "contact:"))
    assert [each.scope for each in suppression.find(hashed)] == [suppression.BULK]


@pytest.mark.rule("PRV-16", "RCN-1")
def test_what_an_address_agrees_to_after_asking_to_be_forgotten_stays_with_its_log_and_tells_nothing_of_before(
    api, world, fairs, known
):
    say(api, reason=ASKED, profile_id=fairs["id"], **{"fairs": "opted-in", "fairs/boats": "opted-in"})
    world.advance(timedelta(minutes=1))
    done = demand(api, "erase")
    world.advance(timedelta(seconds=1))  # before the job has come by
    say(api, commercial="opted-out")
    by_form = Evidence(who="contact:ada", source="form:f", method="checkbox", wording="Yes", reason="sent a form")
    ada, wanted = service.point_of(ADA), {"tracking": State.OPTED_IN}
    service.change_by_user(ada, fairs["id"], wanted, by_form, "s", world.now)
    say(api, profile_id=fairs["id"], fairs="opted-out")
    world.settle()
    after_the_first_run = states(api)
    say(api, reason="anew", transactional="opted-in")
    say(api, transactional="opted-out")
    say(api, NUMBER, reason="anew", tracking="opted-in")
    later(world)

    assert done()["receipt"]["runs"] == 2  # what stays keeps no erasure from ending
    assert after_the_first_run["default"] == {"commercial": "opted-out", "tracking": "opted-out"}
    assert after_the_first_run[fairs["id"]] == {"fairs": "opted-out", "tracking": "opted-in"}
    kept = {"commercial": "opted-out", "tracking": "opted-out", "transactional": "opted-out"}
    assert states(api) == {"default": kept, fairs["id"]: {"fairs": "opted-out", "tracking": "opted-in"}}
    assert states(api, NUMBER) == {"default": {"tracking": "opted-in"}}
    assert [(each["before"], each["after"]) for each in shown(api)["changes"]] == [
        ({"commercial": None}, {"commercial": "opted-out"}),  # and not that it had agreed to it
        ({"tracking": None}, {"tracking": "opted-in"}),
        ({"fairs": None}, {"fairs": "opted-out"}),
        ({"transactional": None}, {"transactional": "opted-in"}),
        ({"transactional": "opted-in"}, {"transactional": "opted-out"}),
    ]
    records = {each.profile_id: each.record for each in service.every(ada)}
    log = service.log(ada, service.Asked()).items
    assert records == {each.profile_id: f"{as_text(each.changed_at)}#{each.change_id}" for each in log}
    assert [(each.who, each.wording) for each in log][1] == ("contact:erased", "Yes")


def test_who_comes_back_after_an_erasure_goes_on_from_what_was_refused(api, world):
    row = {"profile_id": "default", "channel": "email", "changed_at": world.now, "version": 3}
    choices = {"tracking": {"state": State.OPTED_OUT, "since": "2026-01-01T00:00:00.000000Z"}}
    PointRefusals(*PointConsent.at(suppression.hash_of(ADA), "default"), choices=choices, **row).save()

    say(api, reason=ASKED, commercial="opted-in")

    assert states(api)["default"] == {"commercial": "opted-in", "tracking": "opted-out"}
    assert shown(api)["consents"][0]["version"] == 4
