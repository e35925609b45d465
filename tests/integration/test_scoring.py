"""Scores: computed from facts, explained, marking and moving leads; through routes, queue and jobs."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from chalice.test import Client
from msgspec.structs import replace

from app import app
from chalicelib.clock import as_text
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import commit
from chalicelib.leads import process
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.shipped import Stage
from chalicelib.scoring import bulk, configuration, reading, service
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Evaluation, Score, ScoreChange
from chalicelib.scoring.schemas import NewConfiguration
from tests.support.api import Caller
from tests.support.meter import metered
from tests.support.scoring import DAY, NOW, click, clicked, lead, lives_in, person, publish, rescore

FUNCTIONS = ("rescore_contacts", "recount_scores", "route_leads")
EVENTS = [
    case for function in FUNCTIONS for case in sorted((Path(__file__).parents[2] / "events" / function).glob("*.json"))
]

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def scores(lead_id="l"):
    return {score.model_id: score.score for score in reading.scores_of(lead_id)}


def changes(lead_id="l"):
    return list(ScoreChange.query(f"LEAD#{lead_id}", ScoreChange.sk.startswith("HISTORY#")))


def allow(contact_id="c", **fields):
    before = consent.preferences(contact_id)
    commit(
        consent_plans.change(
            before, fields, Evidence(who="user:u", source="test", method="test"), f"change-{fields}", NOW
        )
    )


def deliver(*facts):
    """Give messages to the deployed function's code at NOW; returns what failed."""
    records = [{"messageId": str(number), "body": json.dumps(fact)} for number, fact in enumerate(facts)]
    with Client(app) as client, time_machine.travel(NOW):
        return client.lambda_.invoke("rescore_contacts", {"Records": records}).payload["batchItemFailures"]


def configure(**values):
    configuration.configure("x", NewConfiguration(name="ours", **values), "user:u", NOW)


# What is scored ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("SCO-1", "SCO-2", "SCO-5", "SCO-30")
def test_every_live_model_scores_every_lead_of_a_contact():
    person(city="Odense")
    lead("l")
    lead("m")
    first = publish(clicked(30), lives_in("Odense", 20))
    second = publish(clicked(7))
    click("1")
    click("2", NOW - DAY)

    rescore()

    assert scores("l") == scores("m") == {first: 80, second: 14}


@pytest.mark.rule("SCO-4", "CORE-8", "SCO-35", "SCO-36")
def test_a_lead_is_scored_as_soon_as_it_has_a_parent_and_not_before():
    person()
    lead("l", contact_id=None)
    model = publish(clicked(30))
    click("1")
    rescore(lead_ids=["l"])
    assert scores() == {}

    made = lead_reading.find("l")
    leads.amend("l", {"contact_id": "c"}, by="user:u", version=made.version, now=NOW)
    assert deliver({"fact": "lead.changed", "id": "l", "contact": "c", "changed": ["contact_id"]}) == []

    assert scores() == {model: 30}


@pytest.mark.rule("CORE-7", "SCO-20")
def test_a_lead_of_another_contact_gets_its_score_from_that_one():
    person("c")
    person("d")
    lead("l", "c")
    model = publish(clicked(30))
    click("1", contact_id="c")
    rescore()
    made = lead_reading.find("l")
    leads.amend("l", {"contact_id": "d"}, by="user:u", version=made.version, now=NOW)

    rescore(contact_id="d", lead_ids=["l"])
    rescore(contact_id="c", lead_ids=["l"])

    assert scores() == {model: 0}
    assert Score.find(*Score.at("l", model)).contact_id == "d"


def test_a_lead_without_its_parent_loses_its_scores_and_keeps_their_history():
    person()
    lead()
    publish(clicked(30))
    click("1")
    rescore()
    made = lead_reading.find("l")

    leads.amend("l", {"contact_id": None}, by="user:u", version=made.version, now=NOW)
    deliver({"fact": "lead.changed", "id": "l", "contact": "c", "changed": ["contact_id"]})

    assert scores() == {}
    assert [(change.score, change.why) for change in changes()] == [
        (30, None),
        (None, "The lead is not the contact's any more."),
    ]


@pytest.mark.rule("SCO-31", "PRV-7")
def test_a_model_scores_only_who_gave_its_consent_and_forgets_who_took_it_back():
    person()
    lead()
    model = publish(clicked(30), minimum_consent=4)
    click("1")
    rescore()
    assert scores() == {}

    allow(consent_level=4)
    deliver({"fact": "preferences.changed", "id": "c", "contact": "c", "changed": ["consent_level"]})
    assert scores() == {model: 30}

    allow(consent_level=3)
    deliver({"fact": "preferences.changed", "id": "c", "contact": "c", "changed": ["consent_level"]})
    assert scores() == {}
    assert [change.score for change in changes()] == [30, None]


@pytest.mark.rule("SCO-33", "PRV-11")
def test_children_are_never_scored_not_even_by_models_that_were_stopped():
    person()
    lead()
    model, stopped = publish(clicked(30)), publish(clicked(5))
    click("1")
    rescore()
    definitions.stop(KIND, stopped, version=definitions.get(KIND, stopped).version, by="user:u", now=NOW)
    assert set(scores()) == {model, stopped}

    allow(is_child=True)
    rescore()

    assert scores() == {}


def test_a_deleted_contact_leaves_its_leads_unscored_and_without_parent():
    person()
    lead()
    publish(clicked(30))
    click("1")
    rescore()

    contacts.remove("c", 1, NOW)
    assert deliver({"fact": "contact.deleted", "id": "c", "contact": "c"}) == []

    assert scores() == {}
    assert lead_reading.find("l").contact_id is None


# Time --------------------------------------------------------------------------------------------------------------


def test_a_score_falls_when_its_time_has_come_and_the_agenda_knows_when():
    person()
    lead()
    model = publish(clicked(30, within="P7D"))
    click("1")
    rescore()
    due = Evaluation.find(*Evaluation.at("c")).due
    assert due == NOW + 7 * DAY

    rescore(due - timedelta(seconds=1), due=True)
    assert scores() == {model: 30}
    rescore(due, due=True)

    assert scores() == {model: 0}
    assert Evaluation.find(*Evaluation.at("c")).due is None


def test_interactions_of_the_future_count_when_their_time_comes():
    person()
    lead()
    model = publish(clicked(30))
    click("1", NOW + DAY)
    rescore()
    assert scores() == {model: 0}

    rescore(NOW + DAY, due=True)

    assert scores() == {model: 30}


# What becomes of leads ---------------------------------------------------------------------------------------------


@pytest.mark.rule("SCO-3", "SCO-23", "BPF-5", "BPF-6", "LEAD-5", "LEAD-6")
def test_any_one_model_that_reaches_its_threshold_makes_the_lead_ready_for_sales():
    person()
    lead()
    publish(clicked(1))
    ready = publish(clicked(50))
    click("1", NOW - 2 * DAY)
    click("2", NOW - DAY)

    rescore()

    made = lead_reading.find("l")
    assert (made.sales_ready, made.stage) == (True, "sales_acceptance")
    assert made.sales_ready_at == NOW - DAY
    [move] = lead_reading.history("l")
    assert (move.by, move.why) == ("scoring", f"scoring model {ready}")


@pytest.mark.rule("BPF-7")
def test_the_first_contribution_starts_the_nurturing_also_a_negative_one():
    person()
    lead()
    publish(clicked(-5))
    rescore()
    assert lead_reading.find("l").stage == "inquiry"

    click("1")
    rescore()

    assert lead_reading.find("l").stage == "automated_marketing_qualification"


def test_what_a_user_moved_back_is_not_moved_again_by_the_same_score():
    person()
    lead()
    publish(clicked(5))
    click("1")
    rescore()
    made = lead_reading.find("l")
    to = Stage.INQUIRY
    leads.step("l", lambda way, at: process.move(way, at, to), by="user:u", why="", version=made.version, now=NOW)

    rescore()

    assert lead_reading.find("l").stage == "inquiry"


@pytest.mark.rule("SCO-24", "RSC-13")
def test_ready_for_sales_survives_a_drop_of_the_score():
    person()
    lead()
    model = publish(clicked(100, within="P1D"))
    click("1")
    rescore()

    rescore(NOW + 2 * DAY)

    assert scores() == {model: 0}
    assert lead_reading.find("l").sales_ready


def test_a_threshold_reached_in_the_past_counts_though_the_facts_came_late():
    person()
    lead()
    model = publish(clicked(100, within="P1D"))
    click("late", NOW - 3 * DAY)

    rescore()

    assert scores() == {model: 0}
    assert lead_reading.find("l").sales_ready_at == NOW - 3 * DAY


@pytest.mark.rule("SCO-3", "SCO-22")
def test_what_reached_an_earlier_versions_threshold_has_not_reached_that_of_the_live_one():
    person()
    lead()
    configuration.configure("off", NewConfiguration(name="off", automatic_sales_ready=False), "user:u", NOW)
    model = publish(clicked(30), threshold=10)
    click("1")
    rescore()
    assert reading.scores_of("l")[0].reached_at == NOW

    publish(clicked(30), threshold=1000, model_id=model)
    configuration.configure("on", NewConfiguration(name="on"), "user:u", NOW + DAY)
    rescore()

    [score] = reading.scores_of("l")
    assert (score.score, score.reached_at) == (30, None)
    assert not lead_reading.find("l").sales_ready


def test_closed_leads_are_scored_but_neither_marked_nor_moved():
    person()
    lead()
    model = publish(clicked(100))
    click("1")
    leads.close("l", State.QUALIFIED, StatusReason.QUALIFIED, by="user:u", why="", version=1, now=NOW)

    rescore()
    assert scores() == {model: 100}
    assert (lead_reading.find("l").sales_ready, lead_reading.find("l").stage) == (False, "inquiry")

    leads.reopen("l", by="user:u", why="", version=2, now=NOW)
    deliver({"fact": "lead.changed", "id": "l", "contact": "c", "changed": ["state", "status_reason"]})
    assert lead_reading.find("l").sales_ready


@pytest.mark.rule("LEAD-7")
def test_a_lead_that_sales_gave_back_becomes_ready_again_by_something_new_only():
    person()
    lead()
    publish(clicked(100))
    click("1", NOW - DAY)
    rescore()
    back = process.return_to_marketing
    leads.step("l", back, by="user:u", why="", version=lead_reading.find("l").version, now=NOW)

    rescore(NOW + DAY)
    assert not lead_reading.find("l").sales_ready

    click("2", NOW + DAY)
    rescore(NOW + 2 * DAY)
    assert lead_reading.find("l").sales_ready_at == NOW + DAY


def test_a_lead_that_sales_gave_back_is_not_ready_by_a_score_that_only_falls():
    person()
    lead()
    model = publish(clicked(100, within="P7D"))
    click("1", NOW - 5 * DAY)
    click("2", NOW - DAY)
    rescore()
    back = process.return_to_marketing
    leads.step("l", back, by="user:u", why="", version=lead_reading.find("l").version, now=NOW)

    rescore(NOW + 3 * DAY)

    assert scores() == {model: 100}
    assert not lead_reading.find("l").sales_ready


@pytest.mark.rule("SCO-25")
def test_without_a_configuration_all_is_yes_and_of_several_the_newest_counts(api):
    assert api.get("/scoring-configuration")["automatic_sales_ready"] is True

    api.post("/scoring-configuration", {"name": "first", "automatic_sales_ready": False})
    api.post("/scoring-configuration", {"name": "second", "automated_marketing_qualification": False})

    found = api.get("/scoring-configuration")
    assert (found["name"], found["automatic_sales_ready"], found["automated_marketing_qualification"]) == (
        "second",
        True,
        False,
    )
    assert len(api.get("/scoring-configuration/records")["items"]) == 2


@pytest.mark.rule("SCO-25")
def test_the_configuration_is_read_once_for_many_leads_and_what_is_made_here_counts_at_once(monkeypatch):
    monkeypatch.setattr(configuration, "settings", replace(configuration.settings, live_cache_seconds="300"))
    monkeypatch.setattr(configuration, "_known", [])

    with metered() as usage:
        before = [configuration.remembered().automatic_sales_ready for _ in range(9)]
    configuration.configure("x", NewConfiguration(name="ours", automatic_sales_ready=False), "user:u", NOW)

    assert usage.requests == {"Query": 1}
    assert before == [True] * 9
    assert configuration.remembered().automatic_sales_ready is False


@pytest.mark.rule("BPF-7")
@pytest.mark.parametrize(
    ("switches", "stage", "ready"),
    [
        ({"automatic_sales_ready": False}, "automated_marketing_qualification", False),
        ({"automated_marketing_qualification": False}, "sales_acceptance", True),
        ({"automatic_sales_ready": False, "automated_marketing_qualification": False}, "inquiry", False),
    ],
)
def test_the_configuration_switches_what_happens_by_itself(switches, stage, ready):
    configure(**switches)
    person()
    lead()
    publish(clicked(100))
    click("1")

    rescore()

    assert (lead_reading.find("l").stage, lead_reading.find("l").sales_ready) == (stage, ready)


# Messages ----------------------------------------------------------------------------------------------------------


def test_a_fact_that_an_evaluation_saw_is_dropped_after_one_read_but_a_new_lead_never_is():
    person()
    publish(clicked(30))
    lead("l")
    rescore()
    before = Evaluation.find(*Evaluation.at("c")).version
    old = as_text(NOW - timedelta(seconds=6))

    with metered() as usage:
        deliver({"fact": "contact.deleted!", "contact": "c", "at": old})
    assert dict(usage.requests).get("PutItem") is None
    assert Evaluation.find(*Evaluation.at("c")).version == before

    deliver({"fact": "lead.created", "id": "l", "contact": "c", "at": old})
    assert Evaluation.find(*Evaluation.at("c")).version == before + 1


def test_a_fact_within_the_slack_of_the_clocks_is_looked_at():
    person()
    lead()
    publish(clicked(30))
    rescore()
    before = Evaluation.find(*Evaluation.at("c")).version

    rescore(at=NOW - timedelta(seconds=4))

    assert Evaluation.find(*Evaluation.at("c")).version == before + 1


def test_facts_that_no_model_asks_about_cost_nothing():
    person()
    lead()
    publish(clicked(30, where=[{"field": "email_id", "operator": "equals", "values": ["e"]}]), lives_in("Odense"))
    harmless = [
        {"fact": "interaction.recorded", "contact": "c", "type": "WebsiteVisited", "about": []},
        {"fact": "interaction.recorded", "contact": "c", "type": "EmailClicked", "about": ["other"]},
        {"fact": "contact.changed", "contact": "c", "changed": ["job_title"]},
        {"fact": "lead.changed", "id": "l", "contact": "c", "changed": ["sales_ready", "stage"]},
    ]
    telling = [
        {"fact": "interaction.recorded", "contact": "c", "type": "EmailClicked", "about": ["E"]},
        {"fact": "contact.changed", "contact": "c", "changed": ["city"]},
        {"fact": "lead.changed", "id": "l", "contact": "c", "changed": ["state"]},
        {"fact": "rebuild", "contact": "c"},
    ]

    deliver(*harmless)
    assert Evaluation.find(*Evaluation.at("c")) is None
    for number, fact in enumerate(telling, start=1):
        deliver(fact)
        assert Evaluation.find(*Evaluation.at("c")).version == number


def test_a_message_of_a_lead_without_contact_is_none_of_scorings_business():
    publish(clicked(30))

    assert deliver({"fact": "lead.created", "id": "l"}) == []


@pytest.mark.rule("SCO-19")
def test_a_changed_account_has_its_contacts_rescored_if_a_model_asks_about_accounts(monkeypatch):
    sent = []
    monkeypatch.setattr(bulk, "send", lambda _, messages: sent.extend(messages))
    accounts.create("a", {"name": "Kajak ApS", "industry": "leisure"}, NOW, by="user:u")
    person(account_id="a")
    lead()
    publish(clicked(30))
    fact = {"fact": "account.changed", "id": "a", "changed": ["industry"]}
    deliver(fact)
    assert sent == []

    where = [{"field": "industry", "operator": "equals", "values": ["leisure"]}]
    rule = {"id": "a", "name": "Leisure", "points": 9, "conditions": [{"entity": "account", "where": where}]}
    model = publish(rule)
    assert deliver(fact) == []

    assert [message["contact"] for message in sent] == ["c"]
    assert deliver(*sent) == []
    assert scores()[model] == 9


def of_account(field, value, points=7):
    where = [{"field": field, "operator": "equals", "values": [value]}]
    return {"id": field, "name": "Account", "points": points, "conditions": [{"entity": "account", "where": where}]}


@pytest.mark.rule("SCO-19")
def test_one_account_is_targeted_by_its_id_as_the_leads_parent():
    for each in ("a", "b"):
        accounts.create(each, {"name": each}, NOW, by="user:u")
    person()
    lead("l", account_id="a")
    lead("other", account_id="b")
    where = [{"field": "account_id", "operator": "equals", "values": ["a"]}]
    rule = {"id": "a", "name": "A", "points": 7, "conditions": [{"entity": "lead", "where": where}]}
    model = publish(rule)

    rescore()

    assert (scores()[model], scores("other")[model]) == (7, 0)


@pytest.mark.rule("SCO-19")
def test_account_data_is_that_of_the_leads_own_parent_else_of_the_contacts_account():
    accounts.create("own", {"name": "Own", "industry": "leisure"}, NOW, by="user:u")
    accounts.create("contacts", {"name": "Contact's", "industry": "trade"}, NOW, by="user:u")
    person(account_id="contacts")
    lead("l", account_id="own")
    lead("other")
    model = publish(of_account("industry", "leisure"))

    rescore()

    assert (scores()[model], scores("other")[model]) == (7, 0)


@pytest.mark.rule("SCO-19")
def test_a_change_of_the_leads_own_account_rescores_it(monkeypatch):
    sent = []
    monkeypatch.setattr(bulk, "send", lambda _, messages: sent.extend(messages))
    accounts.create("own", {"name": "Own"}, NOW, by="user:u")
    person()
    lead("l", account_id="own")
    model = publish(of_account("industry", "leisure"))
    rescore()
    accounts.amend("own", {"industry": "leisure"}, 1, NOW)

    assert deliver({"fact": "account.changed", "id": "own", "changed": ["industry"]}) == []
    assert deliver(*sent) == []

    assert scores()[model] == 7


# Costs -------------------------------------------------------------------------------------------------------------


def test_what_has_not_changed_costs_one_write_unit_and_a_recount_none():
    person(city="Odense")
    lead()
    publish(clicked(30, within="P7D"), lives_in("Odense"))
    click("1")
    rescore()

    with metered() as usage:
        rescore()
    assert (usage.write_units, len(usage.writes)) == (1, 1)

    with metered() as usage:
        assert not service.recount("c", NOW)
    assert usage.write_units == 0


def test_a_changed_score_costs_eight_units_of_tables_and_indexes_at_most():
    person()
    lead()
    publish(clicked(30))
    click("1")
    rescore()
    click("2")

    with metered() as usage:
        rescore()

    print("write units of a changed score:", usage.writes)
    assert len(usage.writes) == 1
    assert usage.write_units <= 8


# Explaining --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("SCO-26", "SCO-27")
def test_a_score_is_explained_rule_by_rule(api):
    person(city="Odense")
    lead()
    model = publish(
        clicked(30, within="P7D"),
        lives_in("Odense", 20),
        grades=[{"name": "Cold", "max": 50}, {"name": "Warm", "min": 51}],
    )
    click("1", NOW - DAY)
    click("2")
    rescore()

    [score] = api.get("/leads/l/scores")["items"]

    assert (score["score"], score["grade"], score["sales_ready_score"], score["status"]) == (
        80,
        "Warm",
        100,
        "up_to_date",
    )
    assert sum(part["points"] for part in score["contributions"]) == 80
    by_rule = {part["rule_id"]: part for part in score["contributions"]}
    assert by_rule["clicked-each"]["occurrences"] == 2
    assert by_rule["clicked-each"]["first_interaction_id"] != by_rule["clicked-each"]["last_interaction_id"]
    assert by_rule["clicked-each"]["expires_at"] == "2026-11-30T09:00:00Z"
    assert by_rule["Odense"]["saw"] == [["contact.city", "Odense"]]
    assert (score["model_id"], score["model_version"]) == (model, 1)


def test_a_lead_without_a_score_is_told_why(api):
    person()
    lead("l", contact_id=None)
    lead("m", "c")
    model = publish(clicked(30), minimum_consent=4)
    rescore()

    assert api.get("/leads/l/scores") == {
        "items": [],
        "unscored": [
            {"model_id": model, "reason": "The lead has no parent contact and no parent account.", "status": None}
        ],
    }
    [unscored] = api.get("/leads/m/scores")["unscored"]
    assert "consent level 4" in unscored["reason"]
    assert api.call("GET", "/leads/nobody/scores")[0] == 404


@pytest.mark.rule("SCO-27")
def test_the_scores_of_a_model_are_listed_highest_first_in_pages(api):
    person("c")
    person("d")
    for contact, number in (("c", 1), ("d", 2)):
        lead(f"lead-of-{contact}", contact)
        for each in range(number):
            click(f"{contact}{each}", contact_id=contact)
    model = publish(clicked(-30), threshold=0)
    rescore(contact_id="c")
    rescore(contact_id="d")

    first = api.get(f"/scoring-models/{model}/scores?limit=1")
    second = api.get(f"/scoring-models/{model}/scores?limit=1&cursor={first['next_cursor']}")

    found = [(score["lead_id"], score["score"]) for score in first["items"] + second["items"]]
    assert found == [("lead-of-c", -30), ("lead-of-d", -60)]


def test_the_history_of_a_score_is_kept(api):
    person()
    lead()
    model = publish(clicked(30))
    for number in range(3):
        rescore(NOW + number * DAY)
        click(str(number), NOW + number * DAY)

    found = api.get(f"/leads/l/scores/history?model_id={model}&limit=2")

    assert [change["score"] for change in found["items"]] == [60, 30]
    rest = api.get(f"/leads/l/scores/history?model_id={model}&limit=2&cursor={found['next_cursor']}")
    assert [change["score"] for change in rest["items"]] == [0]


# The life of a model -----------------------------------------------------------------------------------------------


@pytest.mark.rule("SCO-8")
def test_a_model_is_checked_published_and_stopped_back_to_a_draft(api):
    broken = {"grades": [{"name": "A", "max": 5}, {"name": "B", "min": 4}], "rules": []}
    model = api.post("/scoring-models", {"name": "Interest", "document": broken})
    path = f"/scoring-models/{model['id']}"
    problems = api.post(f"{path}/check")["problems"]
    assert {problem["field"] for problem in problems} == {"/rules", "/sales_ready_score", "/grades/1"}
    assert api.call("POST", f"{path}/publish", If_Match='"1"')[0] == 422

    good = {"sales_ready_score": 100, "rules": [clicked(30)]}
    model = api.change("PUT", path, model, {"name": "Interest", "document": good})
    model = api.change("POST", f"{path}/publish", model)
    assert (model["state"], model["live_version"]) == ("live", 1)

    model = api.change("POST", f"{path}/stop", model)
    assert model["state"] == "draft"


def test_a_model_that_goes_live_has_everybody_rescored(monkeypatch):
    person()
    lead("l")
    lead("m", contact_id=None)
    model = publish(clicked(30))
    click("1")
    sent = []
    monkeypatch.setattr(bulk, "send", lambda queue, messages: sent.extend((queue, each) for each in messages))

    for number in range(16):
        ids, cursor = bulk.WORKS["rescore-all"].pages({}, number, None)
        bulk.WORKS["rescore-all"].act({}, ids, NOW)
        assert cursor is None

    assert sent == [("rescore", {"fact": "lead.created", "id": "l", "contact": "c"})]
    deliver(*(message for _, message in sent))
    assert scores() == {model: 30}


@pytest.mark.parametrize(("cleanup", "left"), [(True, {}), (False, {"obsolete"})])
def test_stopping_a_model_takes_its_scores_away_unless_they_are_kept_obsolete(api, cleanup, left):
    configure(automatic_cleanup=cleanup)
    person()
    lead()
    model = publish(clicked(30))
    click("1")
    rescore()
    definition = definitions.get(KIND, model)
    job = bulk.on_stop(definition)
    definitions.stop(KIND, model, version=definition.version, by="user:u", now=NOW)
    assert (job is not None) is cleanup

    for number in range(16 if job else 0):
        ids, _ = bulk.WORKS[job.work].pages({}, number, None)
        bulk.WORKS[job.work].act({"id": model, "version": 1}, ids, NOW)

    assert {score["status"] for score in api.get("/leads/l/scores")["items"]} == set(left)


def test_scores_of_a_model_that_is_live_again_are_left_alone():
    person()
    lead()
    model = publish(clicked(30))
    rescore()

    bulk.drop_scores({"id": model, "version": 1}, ["l"], NOW)

    assert scores() == {model: 0}


def test_a_score_of_an_older_version_is_in_progress_until_it_is_rescored(api):
    person()
    lead()
    model = publish(clicked(30))
    rescore()

    publish(clicked(40), model_id=model)
    assert [score["status"] for score in api.get("/leads/l/scores")["items"]] == ["in_progress"]
    rescore()

    assert [score["model_version"] for score in api.get("/leads/l/scores")["items"]] == [2]


# The recount -------------------------------------------------------------------------------------------------------


def test_a_recount_finds_what_is_wrong_and_has_it_rescored(monkeypatch):
    person()
    lead()
    model = publish(clicked(30))
    rescore()
    click("1")
    sent = []
    monkeypatch.setattr(bulk, "send", lambda _, messages: sent.extend(messages))

    found = [bulk.recount({"part": part}, ["l"], NOW) for part in range(7)]

    assert sum(found) == 1
    assert sent == [{"fact": "recounted", "contact": "c"}]
    deliver(*sent)
    assert scores() == {model: 30}
    assert sum(bulk.recount({"part": part}, ["l"], NOW) for part in range(7)) == 0


def test_what_waits_for_its_time_is_no_difference():
    person()
    lead()
    publish(clicked(30, within="P1D"))
    click("1")
    rescore()

    assert not service.recount("c", NOW + 2 * DAY)


def test_a_night_makes_one_job():
    assert bulk.nightly(NOW)
    assert not bulk.nightly(NOW + timedelta(hours=1))
    assert bulk.nightly(NOW + DAY)


# Recorded events ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "case"), [(each.parent.name, each) for each in EVENTS])
def test_recorded_events_are_understood(function, case):
    publish(clicked(30))

    with Client(app) as client:
        answer = client.lambda_.invoke(function, json.loads(case.read_text())).payload

    assert answer in (None, {"batchItemFailures": []})
