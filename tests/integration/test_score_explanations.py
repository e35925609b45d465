"""Why a score is what it is: now from the facts, of the past from its history, over HTTP."""

from datetime import timedelta

import pytest
import time_machine
from chalice.test import Client

from app import app
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.scoring import bulk
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import ScoreChange
from tests.support.api import Caller
from tests.support.scoring import DAY, NOW, click, clicked, lead, lives_in, person, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")
TODAY = NOW + 9 * DAY  # what is there, is there since NOW
BEFORE = TODAY - DAY


@pytest.fixture
def api():
    with Client(app) as client, time_machine.travel(TODAY, tick=False):
        yield Caller(client)


def text(instant):
    return instant.isoformat().replace("+00:00", "Z")


def explain(api, model, at=None):
    return api.get(f"/leads/l/scores/{model}/explain" + (f"?at={text(at)}" if at else ""))


def difference(api, model, **moments):
    asked = "&".join(f"{name}={text(moment)}" for name, moment in moments.items())
    return api.get(f"/leads/l/scores/{model}/difference?{asked}")


def move_to(city, now):
    contacts.amend("c", {"city": city}, version=contacts.find("c").version, now=now)


@pytest.fixture
def model():
    """Days ago two clicks that count five days each, and a city; since yesterday it is another, and a click is gone."""
    person(city="Odense")
    lead()
    model = publish(clicked(30, within="P5D"), lives_in("Odense", 20), lives_in("Aarhus", 7))
    click("1", TODAY - 7 * DAY)
    click("2", TODAY - 3 * DAY)
    rescore(TODAY - 3 * DAY)
    rescore(TODAY - 2 * DAY)
    move_to("Aarhus", BEFORE)
    rescore(BEFORE)
    return model


@pytest.mark.rule("SCO-26")
def test_now_every_rule_is_explained_with_what_it_saw_counted_and_lacks(api, model):
    found = explain(api, model)

    assert (found["basis"], found["score"], found["stored_score"], found["model_version"]) == ("computed", 37, 37, 1)
    by_rule = {rule["rule_id"]: rule for rule in found["rules"]}
    each, odense, aarhus = (by_rule[rule] for rule in ("clicked-each", "Odense", "Aarhus"))
    assert (each["holds"], each["points"], each["occurrences"]) == (True, 30, 1)
    assert each["expires_at"] == text(TODAY + 2 * DAY)
    assert each["parts"][0]["why"].endswith("1 more lie before the range.")
    assert (odense["holds"], odense["points"], odense["offers"]) == (False, 0, 20)
    assert odense["parts"][0]["why"] == "It is “Aarhus”."
    assert odense["text"] == "Gives 20 points when contact city is “Odense”."
    assert (aarhus["holds"], aarhus["points"]) == (True, 7)


def test_the_past_is_what_was_stored_whatever_the_contact_has_become(api, model):
    found = explain(api, model, TODAY - 3 * DAY + timedelta(hours=1))

    assert (found["basis"], found["score"], found["model_version"]) == ("stored", 80, 1)
    by_rule = {rule["rule_id"]: rule for rule in found["rules"]}
    assert by_rule["Odense"]["saw"] == [["contact.city", "Odense"]]
    assert (by_rule["clicked-each"]["occurrences"], by_rule["Aarhus"]["holds"]) == (2, False)
    assert "facts of today are not asked" in found["note"]
    assert "version 1, which was live" in found["note"]


def test_moments_without_a_score_say_why_there_was_none(api, model):
    early = explain(api, model, TODAY - 20 * DAY)
    unscored = explain(api, model, TODAY - 5 * DAY)

    assert (early["score"], early["rules"]) == (None, [])
    assert "The lead was not there yet" in early["note"]
    assert (unscored["score"], unscored["note"]) == (None, "No score of this model had been stored by then.")


def test_a_moment_shows_the_change_of_that_very_instant(api, model):
    assert explain(api, model, BEFORE)["score"] == 37
    assert explain(api, model, BEFORE - timedelta(microseconds=1))["score"] == 50


def test_why_a_score_fell_is_said_rule_by_rule(api, model):
    found = difference(api, model, since=TODAY - 3 * DAY)

    assert (found["before"], found["after"], found["until"]) == (80, 37, text(TODAY))
    changes = {rule["rule_id"]: rule["after"] - rule["before"] for rule in found["rules"]}
    assert changes == {"clicked-each": -30, "Odense": -20, "Aarhus": 7}
    assert sum(changes.values()) == found["after"] - found["before"]
    why = {rule["rule_id"]: rule["why"] for rule in found["rules"]}
    assert why["clicked-each"] == "It counted 2 interactions, and then one interaction."
    assert why["Odense"] == "It does not hold any more; it had held, having seen contact.city “Odense”."
    assert difference(api, model, since=TODAY - DAY)["rules"] == []


def test_rules_that_make_up_for_each_other_are_history_too(api):
    person(city="Odense")
    lead()
    model = publish(lives_in("Odense", 20), lives_in("Aarhus", 20))
    rescore(TODAY - 2 * DAY)
    move_to("Aarhus", BEFORE)
    rescore(BEFORE)

    found = difference(api, model, since=TODAY - 2 * DAY)

    assert (found["before"], found["after"]) == (20, 20)
    assert {rule["rule_id"]: rule["after"] for rule in found["rules"]} == {"Odense": 0, "Aarhus": 20}


def test_a_rescoring_that_changes_no_points_leaves_no_history(model):
    before = list(ScoreChange.query("LEAD#l", ScoreChange.sk.startswith("HISTORY#")))

    publish(clicked(30, within="P5D"), lives_in("Odense", 20), lives_in("Aarhus", 7), model_id=model)
    rescore(TODAY)

    assert len(list(ScoreChange.query("LEAD#l", ScoreChange.sk.startswith("HISTORY#")))) == len(before) == 3


def test_a_newer_version_that_left_the_points_as_they_were_is_told(api, model):
    publish(clicked(30, within="P5D"), lives_in("Odense", 20), lives_in("Aarhus", 7), model_id=model)
    rescore(TODAY)

    found = explain(api, model, TODAY)

    assert found["model_version"] == 1
    assert "version 2 was live" in found["note"]
    assert explain(api, model)["model_version"] == 2


def test_a_score_that_was_taken_away_says_so(api, model):
    definition = definitions.get(KIND, model)
    definitions.stop(KIND, model, version=definition.version, by="user:u", now=TODAY)
    bulk.drop_scores({"id": model, "version": 2}, ["l"], TODAY)

    assert explain(api, model)["note"].endswith("The model was stopped.")
    assert explain(api, model)["basis"] == "stored"
    assert difference(api, model, since=BEFORE)["note"] == "The score was taken away: The model was stopped."


def test_a_lead_that_may_not_be_scored_is_told_why(api):
    person()
    lead("l", contact_id=None)
    lead("m")
    model = publish(clicked(30), minimum_consent=4)

    assert "no parent contact" in explain(api, model)["note"]
    assert "consent level 4" in api.get(f"/leads/m/scores/{model}/explain")["note"]


@pytest.mark.parametrize("at", ["2026-12-03T09:00:01Z", "2026-11-20", "2026-11-20T08:00:00", "yesterday", ""])
def test_a_moment_that_has_not_come_or_is_none_is_refused(api, model, at):
    status, problem, _ = api.call("GET", f"/leads/l/scores/{model}/explain?at={at}")

    assert status == 400
    assert problem["errors"][0]["field"] == "at"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
def test_moments_at_the_ends_of_the_calendar_are_refused(api, model, at):
    assert api.call("GET", f"/leads/l/scores/{model}/explain?at={at}")[0] == 400


def test_moments_the_wrong_way_round_and_unknown_records_are_refused(api, model):
    wrong = f"/leads/l/scores/{model}/difference?since={text(BEFORE)}&until={text(BEFORE - DAY)}"

    assert api.call("GET", wrong)[0] == 400
    assert api.call("GET", f"/leads/l/scores/{model}/difference")[0] == 400
    assert api.call("GET", f"/leads/l/scores/{model}/difference?since={text(TODAY + DAY)}")[0] == 400
    assert api.call("GET", f"/leads/nobody/scores/{model}/explain")[0] == 404
    assert api.call("GET", "/leads/l/scores/nothing/explain")[0] == 404
    assert api.call("GET", "/scoring-models/nothing/text")[0] == 404
    assert api.call("GET", f"/scoring-models/{model}/text?version=9")[0] == 404


@pytest.mark.rule("SCO-15")
def test_a_model_can_be_read_as_text_and_its_rules_copied_into_another(api, model):
    found = api.get(f"/scoring-models/{model}/text?version=1")

    assert found["model"] == ["From 100 points on a lead is ready for sales."]
    assert [rule["text"] for rule in found["rules"]][1] == "Gives 20 points when contact city is “Odense”."
    rules = api.get(f"/scoring-models/{model}")["document"]["rules"]
    copy = api.post("/scoring-models", {"name": "Copy", "document": {"sales_ready_score": 5, "rules": rules[1:]}})
    assert api.get(f"/scoring-models/{copy['id']}/text")["rules"] == found["rules"][1:]
    assert api.post(f"/scoring-models/{copy['id']}/check")["problems"] == []
