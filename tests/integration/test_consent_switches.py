"""The switches of consent (15.2): whom a minimum keeps out, and that it keeps out nobody while it is off."""

from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.consent import service as consent
from chalicelib.journeys import entry, service, versions
from chalicelib.scoring import reading
from tests.support import journeys, scoring
from tests.support.api import Caller
from tests.support.consents import minimum_counts
from tests.support.merged import prefer

SETTINGS = "/settings/consent"
JOURNEY = {"audience": {"forms": ["f"]}, "tiles": {"w": journeys.wait("PT1H", "r"), "r": journeys.ring()}}


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


def switch(api, *, on):
    return api.change("PUT", SETTINGS, api.get(SETTINGS), {"minimum_consent": on})


def state(settings):
    return settings["minimum_consent"], settings["log_changes"], settings["version"]


def drafted(api, path, document):
    return api.post(path, {"name": "Asks", "document": document})


def live_journey(world, **more):
    journeys.ready()
    document = journeys.document(JOURNEY["tiles"], audience=JOURNEY["audience"], **more)
    journeys.publish("journey", "j", document, world.now)


def enter(world, contact_id):
    return entry.enter(versions.running("j"), contact_id, entry.Call(entry.FORM), world.now)


@pytest.mark.rule("PRV-3")
def test_both_switches_have_a_state_and_the_log_of_changes_cannot_be_switched_off(api):
    assert state(api.get(SETTINGS)) == (False, True, 0)

    status, problem, _ = api.call("PUT", SETTINGS, {"log_changes": False}, If_Match='"0"')

    assert (status, problem["errors"][0]["field"]) == (400, "log_changes")
    assert "recorded" in problem["errors"][0]["message"]
    assert state(switch(api, on=True)) == (True, True, 1)
    assert api.call("PUT", SETTINGS, {"minimum_consent": False}, If_Match='"0"')[0] == 412


@pytest.mark.rule("PRV-3")
def test_while_minimum_consent_is_off_a_journey_takes_everybody(world):
    live_journey(world, minimum_consent=5)
    journeys.contact("c")

    assert enter(world, "c") is None
    journeys.burst("c.j.1", world.now)
    journeys.burst("c.j.1", world.now + timedelta(hours=2), token="t2")

    assert service.find("c.j.1").standing == "finished"


@pytest.mark.rule("PRV-3", "SCO-31")
def test_turning_the_switch_looks_at_everybody_again(api, world):
    live_journey(world, minimum_consent=4)
    for each, level in (("low", 1), ("high", 5)):
        scoring.person(each)
        scoring.lead(f"l-{each}", each)
        scoring.click(each, contact_id=each)
        prefer(each, world.now, consent_level=level)
    model = scoring.publish(scoring.clicked(30), minimum_consent=4)
    world.settle()
    assert enter(world, "low") == "consent_below_minimum"
    assert scores(model) == {"l-high": 30}

    switch(api, on=False)
    later(world)
    assert scores(model) == {"l-high": 30, "l-low": 30}
    assert service.find("low.j.1").standing == "active"

    switch(api, on=True)
    later(world)
    assert scores(model) == {"l-high": 30}


def later(world):
    world.settle()
    world.advance(timedelta(seconds=11))
    world.poll()


def scores(model):
    return {each.lead_id: each.score for each in reading.scored(["l-low", "l-high"], model)}


@pytest.mark.rule("PRV-3", "PRV-4", "PRV-7")
@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/journeys", {**journeys.document(JOURNEY["tiles"], audience={"forms": []}), "minimum_consent": 4}),
        ("/scoring-models", {"sales_ready_score": 5, "rules": [scoring.clicked(1)], "minimum_consent": 4}),
    ],
)
def test_what_asks_for_a_minimum_does_not_go_live_while_that_has_no_effect(api, path, document):
    made = drafted(api, path, document)

    before = api.post(f"{path}/{made['id']}/check")["problems"]
    switch(api, on=True)
    after = api.post(f"{path}/{made['id']}/check")["problems"]

    assert "/minimum_consent" in [each["field"] for each in before]
    assert "/minimum_consent" not in [each["field"] for each in after]


@pytest.mark.rule("PRV-6")
@pytest.mark.parametrize("name", ["minimum_consent", "minimum_external_consent"])
def test_the_consent_that_a_live_journey_asks_for_changes_only_after_it_was_stopped(api, world, name):
    minimum_counts()
    live_journey(world, **{name: 3})
    live = api.get("/journeys/j")
    saved = api.change("PUT", "/journeys/j", live, {"name": "j", "document": {**live["document"], name: 2}})

    status, problem, _ = api.call("POST", "/journeys/j/publish", If_Match=f'"{saved["version"]}"')
    assert (status, f"/{name}" in [each["field"] for each in problem["errors"]]) == (422, True)
    assert f"/{name}" in [each["field"] for each in api.post("/journeys/j/check")["problems"]]

    api.change("POST", "/journeys/j/stop", saved, {"inside": "stop", "confirmed": True})
    assert f"/{name}" not in [each["field"] for each in api.post("/journeys/j/check")["problems"]]


@pytest.mark.rule("PRV-9")
def test_an_external_system_is_noted_with_its_name_and_raises_nothing_of_our_own(api, world):
    scoring.person("c")
    path = "/contacts/c/external-consent"

    api.post(path, {"level": 5, "system": "central", "reference": "ticket 7"})
    shown = api.post(path, {"level": 2, "system": "central"})

    assert (shown["external_level"], shown["consent_level"]) == (2, 0)
    said = [(each["source"], each["after"]) for each in api.get("/contacts/c/consent-changes")["items"]]
    assert said == [("external:central", {"external_level": 5}), ("external:central", {"external_level": 2})]
    assert api.call("POST", path, {"level": 6, "system": "central"})[0] == 400
    assert api.call("POST", "/contacts/nobody/external-consent", {"level": 1, "system": "central"})[0] == 404
    assert consent.preferences("c").external_level == 2
