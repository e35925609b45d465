"""The switch of lead management: off, there are no scoring models and no qualifications, and none slips in (RSC-1)."""

import pytest
from chalice.test import Client
from msgspec.structs import replace

from app import app
from chalicelib.definitions import live as definitions
from chalicelib.scoring import reading
from tests.support.api import Caller
from tests.support.between import before_call, process
from tests.support.scoring import DAY, NOW, click, clicked, lead, person, rescore

pytestmark = pytest.mark.usefixtures("cloud")

SWITCH = "/settings/lead-management"
MODEL = {"sales_ready_score": 100, "rules": [clicked(30)]}


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def switch(api, *, on):
    return api.change("PUT", SWITCH, api.get(SWITCH), {"enabled": on})


def drafted(api, path="/scoring-models", document=MODEL, name="Interest"):
    return api.post(path, {"name": name, "document": document})


def published(api, made, path="/scoring-models"):
    return api.change("POST", f"{path}/{made['id']}/publish", made)


def stopped(api, made, path="/scoring-models"):
    return api.change("POST", f"{path}/{made['id']}/stop", api.get(f"{path}/{made['id']}"))


def qualification(model):
    return {"criteria": [{"model_id": model["id"], "minimum": 30}], "combine": "all"}


def refused(api, method, path, body=None, **headers):
    status, problem, _ = api.call(method, path, body, **headers)
    told = problem["detail"] + "".join(each["message"] for each in problem.get("errors", ()))
    assert "Lead management is switched off" in told
    assert "Switch it on" in told
    return status


@pytest.mark.rule("RSC-1")
def test_lead_management_is_on_until_somebody_switches_it_off(api):
    shipped = api.get(SWITCH)
    off = switch(api, on=False)
    again = switch(api, on=False)
    on = switch(api, on=True)

    assert (shipped["enabled"], shipped["off_since"], shipped["version"]) == (True, None, 0)
    assert (off["enabled"], off["version"]) == (False, 1)
    assert off["off_since"] == again["off_since"] is not None
    assert (on["enabled"], on["off_since"], on["version"]) == (True, None, 3)


@pytest.mark.rule("RSC-1")
def test_off_no_model_and_no_qualification_is_made_changed_published_or_previewed(api):
    model = drafted(api)
    wanted = drafted(api, "/qualifications", qualification(model))
    switch(api, on=False)

    for path, made in (("/scoring-models", model), ("/qualifications", wanted)):
        one, read = f"{path}/{made['id']}", {"If_Match": f'"{made["version"]}"'}
        draft = {"name": "Another", "document": made["document"]}
        assert refused(api, "POST", path, draft) == 409
        assert refused(api, "PUT", one, draft, **read) == 409
        assert refused(api, "POST", f"{one}/publish", **read) == 422
        assert "switched off" in api.post(f"{one}/check")["problems"][0]["message"]
        assert [(each["name"], each["state"]) for each in api.get(path)["items"]] == [(made["name"], "draft")]
    assert refused(api, "POST", f"/scoring-models/{model['id']}/previews", {"one_in": 1}) == 409


@pytest.mark.rule("RSC-1")
def test_switched_on_again_the_drafts_go_live_and_score_as_ever(api):
    person()
    lead()
    click("1")
    model = drafted(api)
    switch(api, on=False)
    switch(api, on=True)

    assert published(api, model)["state"] == "live"

    rescore()
    assert [each.score for each in reading.scores_of("l")] == [30]


@pytest.mark.rule("RSC-1")
def test_it_is_not_switched_off_while_something_is_live_and_what_is_live_is_named(api):
    model = drafted(api, name="Interest in pumps")
    published(api, model)
    wanted = drafted(api, "/qualifications", qualification(model), name="Ready for a call")
    published(api, wanted, "/qualifications")

    status, problem, _ = api.call("PUT", SWITCH, {"enabled": False}, If_Match='"0"')

    assert (status, "Stop them first" in problem["detail"]) == (409, True)
    assert [each["message"] for each in problem["errors"]] == [
        "“Interest in pumps” is live.",
        "“Ready for a call” is live.",
    ]
    assert api.get(SWITCH)["enabled"]

    stopped(api, wanted, "/qualifications")
    stopped(api, model)
    assert not switch(api, on=False)["enabled"]


@pytest.mark.rule("RSC-1")
def test_off_nothing_is_scored_and_what_can_go_may_go(api):
    person()
    lead()
    model, never = drafted(api), drafted(api, name="Never live")
    published(api, model)
    stopped(api, model)
    switch(api, on=False)
    click("1")

    rescore(NOW + DAY)

    assert reading.scores_of("l") == []
    api.change("DELETE", f"/scoring-models/{never['id']}", never)
    assert [each["id"] for each in api.get("/scoring-models")["items"]] == [model["id"]]


def test_what_another_process_published_keeps_it_on_though_this_one_remembers_that_nothing_is_live(api, monkeypatch):
    monkeypatch.setattr(definitions, "settings", replace(definitions.settings, live_cache_seconds="300"))
    assert definitions.all_live("scoring-model") == []
    with process():
        published(api, drafted(api))

    assert api.call("PUT", SWITCH, {"enabled": False}, If_Match='"0"')[0] == 409


def test_who_has_read_an_older_switch_decides_nothing(api):
    switch(api, on=False)
    assert api.call("PUT", SWITCH, {"enabled": True}, If_Match='"0"')[0] == 412
    assert api.call("PUT", SWITCH, {"enabled": True}, If_Match='"7"')[0] == 412
    assert api.call("PUT", SWITCH, {}, If_Match='"1"')[0] == 400
    assert not api.get(SWITCH)["enabled"]


def test_who_switched_it_is_told_by_the_audit(api):
    switch(api, on=False)
    [made] = api.get("/audit?record=lead-management%23settings")["items"]
    assert (made["action"], made["who"], list(made["fields"])) == ("created", "key:root", ["off_since"])


def meeting(api, one, other):
    """Let somebody do the other thing before each call of somebody who does the one; return what both were answered.

    Whatever they are answered: it is never off with a live model.
    """
    answers = set()
    for number in range(1, 40):
        model, shown = drafted(api), api.get(SWITCH)
        ways = {
            "publish": ("POST", f"/scoring-models/{model['id']}/publish", None, model["version"]),
            "switch": ("PUT", SWITCH, {"enabled": False}, shown["version"]),
        }

        def told(who, ways=ways):
            method, path, body, version = ways[who]
            answers.add((who, api.call(method, path, body, If_Match=f'"{version}"')[0]))

        with before_call(number, lambda told=told: told(other)) as calls:
            told(one)

        live = api.get(f"/scoring-models/{model['id']}")["state"] == "live"
        assert api.get(SWITCH)["enabled"] == live
        stopped(api, model) if live else switch(api, on=True)
        if len(calls) < number:
            return answers
    raise AssertionError(f"{one} makes more calls than were looked at")


@pytest.mark.rule("RSC-1")
def test_whatever_the_moment_at_which_a_model_goes_live_it_is_never_off_with_a_live_model(api):
    answers = meeting(api, "switch", "publish")

    assert answers == {("publish", 200), ("publish", 422), ("switch", 200), ("switch", 409)}


@pytest.mark.rule("RSC-1")
def test_whatever_the_moment_at_which_it_is_switched_off_no_model_goes_live_afterwards(api):
    answers = meeting(api, "publish", "switch")

    assert answers == {("publish", 200), ("publish", 409), ("publish", 422), ("switch", 200), ("switch", 409)}
