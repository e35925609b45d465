"""Previews of a draft: what publishing would do, told before it does, and true once it did."""

from datetime import timedelta
from itertools import count

import pytest
import time_machine
from chalice.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app import app
from chalicelib import dynamodb
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.leads import reading as leads
from chalicelib.scoring import reading
from chalicelib.scoring.explanations import moments
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Score, ScoringItem
from chalicelib.scoring.reports import previews, walks
from chalicelib.scoring.reports.previewing import Effect
from tests.support.api import Caller
from tests.support.consents import minimum_counts
from tests.support.faults import Faults, Killed, database, injected
from tests.support.scoring import DAY, NOW, click, clicked, lead, lives_in, person, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")
GRADES = [{"name": "Cold", "max": 20}, {"name": "Hot", "min": 21}]
CITIES = ("Odense", "Aarhus", None)
PEOPLE = ("a", "b", "c", "d", "e")


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def draft(model, *rules, threshold=100, **more):
    """Put another document beside the live one."""
    document = {"sales_ready_score": threshold, "rules": list(rules), **more}
    version = definitions.get(KIND, model).version
    definitions.save_draft(KIND, model, "Interest", document, version=version, by="user:u", now=NOW)


def allow(contact_id, **fields):
    evidence = Evidence(who="user:u", source="test", method="test")
    commit(consent_plans.change(consent.preferences(contact_id), fields, evidence, "change", NOW))


def previewed(preview, effect):
    path = f"/scoring-models/{preview['model_id']}/previews/{preview['id']}/leads?effect={effect}"
    return preview["api"].get(path)["items"]


def run(api, world, model, **asked):
    status, started, _ = api.call("POST", f"/scoring-models/{model}/previews", asked)
    assert status == 202, started
    world.settle()
    return {**api.get(f"/scoring-models/{model}/previews/{started['id']}"), "api": api}


@pytest.fixture
def model(world):
    """Five people in two cities; the first ones clicked more often. One lead has no parent."""
    for number, each in enumerate(PEOPLE):
        person(each, city=CITIES[number % 2])
        lead(f"lead-{each}", each)
        for turn in range(4 - number):
            click(f"{each}-{turn}", contact_id=each)
    lead("nobody's", contact_id=None)
    model = publish(clicked(10), grades=GRADES)
    for each in PEOPLE:
        rescore(NOW, each)
    world.settle()
    return model


@pytest.mark.rule("SCO-8", "RSC-11")
def test_a_preview_says_who_would_rise_fall_change_grade_or_become_ready(api, world, model):
    """The five have 40, 30, 20, 10 and 0; the draft gives Odense (a, c, e) 25 and takes the clicks from everybody."""
    draft(model, lives_in("Odense", 25), threshold=25, grades=GRADES)

    preview = run(api, world, model)

    assert (preview["state"], preview["leads"], preview["with_parent"], preview["slices_finished"]) == (
        "done",
        6,
        5,
        16,
    )
    assert (preview["live_version"], preview["draft_version"]) == (1, 2)
    found = {effect: number for effect, number in preview["effects"].items() if number}
    assert found == {"rises": 2, "falls": 3, "changes_grade": 3, "becomes_ready": 3}
    assert preview["grades"] == {"Cold": {"before": 3, "after": 2}, "Hot": {"before": 2, "after": 3}}
    assert [each["lead_id"] for each in previewed(preview, "falls")] == ["lead-b", "lead-a", "lead-d"]
    [most, _] = previewed(preview, "rises")
    assert most == {
        "lead_id": "lead-e",
        "contact_id": "e",
        "account_id": None,
        "score_before": 0,
        "score_after": 25,
        "grade_before": "Cold",
        "grade_after": "Hot",
    }
    assert {each["lead_id"] for each in previewed(preview, "becomes_ready")} == {"lead-a", "lead-c", "lead-e"}


def test_a_preview_writes_no_score_and_tells_nobody(api, world, model):
    draft(model, lives_in("Odense", 25), threshold=25)

    def written():
        kinds = {"score", "score_change", "rescoring", "lead", "move", "count"}
        return {key: raw for key, raw in world.rows().items() if raw.get("kind", {}).get("S") in kinds}

    before = written()
    run(api, world, model)

    assert written() == before
    assert len(before) > 15
    assert not leads.find("lead-a").sales_ready


def test_a_first_version_and_a_stricter_one_gain_and_lose_scores(api, world, model):
    allow("a", consent_level=4)
    minimum_counts()
    draft(model, clicked(10), minimum_consent=4)

    preview = run(api, world, model)

    assert {effect: number for effect, number in preview["effects"].items() if number} == {
        "loses_score": 4,
        "loses_grade": 5,
    }
    fresh = api.post("/scoring-models", {"name": "New", "document": {"sales_ready_score": 5, "rules": [clicked(1)]}})
    assert run(api, world, fresh["id"])["effects"]["gains_score"] == 5


def test_the_leads_of_an_effect_come_in_pages(api, world, model):
    draft(model, clicked(-1))
    preview = run(api, world, model)
    path = f"/scoring-models/{model}/previews/{preview['id']}/leads?effect=falls&limit=2"

    first = api.get(path)
    second = api.get(f"{path}&cursor={first['next_cursor']}")

    assert [each["lead_id"] for each in first["items"] + second["items"]] == ["lead-a", "lead-b", "lead-c", "lead-d"]
    assert second["next_cursor"] is None
    other = path.replace("effect=falls", "effect=rises")
    assert api.call("GET", f"{other}&cursor={first['next_cursor']}")[0] == 400


def test_a_part_of_all_leads_is_always_the_same_part():
    ids = [f"lead-{number}" for number in range(4_000)]

    drawn = [each for each in ids if previews._drawn(each, 10)]

    assert 340 < len(drawn) < 460
    assert drawn == [each for each in ids if previews._drawn(each, 10)]
    assert {dynamodb.shard(each) for each in drawn} == set(range(16))
    assert all(previews._drawn(each, 1) for each in ids)


def test_a_draft_that_cannot_go_live_has_no_preview(api, model):
    draft(model, {"id": "r", "points": 0, "conditions": []})

    status, problem, _ = api.call("POST", f"/scoring-models/{model}/previews", {})

    assert status == 422
    assert {each["field"] for each in problem["errors"]} == {"/rules/0/points", "/rules/0/conditions"}


def test_edits_after_the_start_do_not_change_a_preview(api, world, model):
    draft(model, clicked(11))
    _, started, _ = api.call("POST", f"/scoring-models/{model}/previews", {})
    draft(model, clicked(-99))
    world.settle()

    assert api.get(f"/scoring-models/{model}/previews/{started['id']}")["effects"]["rises"] == 4


def test_previews_of_others_and_of_long_ago_are_not_there(api, model):
    with time_machine.travel(NOW, tick=False):
        _, started, _ = api.call("POST", f"/scoring-models/{model}/previews", {})
    path = f"/scoring-models/{model}/previews/{started['id']}"

    with time_machine.travel(NOW + walks.KEPT - timedelta(seconds=1), tick=False):
        assert api.call("GET", path)[0] == 200
    with time_machine.travel(NOW + walks.KEPT, tick=False):
        assert api.call("GET", path)[0] == 404
        assert api.call("GET", f"{path}/leads?effect=rises")[0] == 404
    assert api.call("GET", f"/scoring-models/other/previews/{started['id']}")[0] == 404
    assert api.call("POST", "/scoring-models/nothing/previews", {})[0] == 404
    assert api.call("POST", f"/scoring-models/{model}/previews", {"one_in": 0})[0] == 400


# Crashes and races -------------------------------------------------------------------------------------------------


def asked(model, preview_id):
    previews.start(model, preview_id, 1, "user:u", NOW)
    return {"preview": preview_id, "one_in": 1}


@pytest.mark.rule("SCO-6", "SCO-8")
def test_a_draft_with_another_target_takes_their_scores_from_the_leads_of_the_one_before(model):
    draft(model, clicked(10), target="account")

    previews.look_at(asked(model, "of-accounts"), [f"lead-{each}" for each in PEOPLE], NOW)

    found = foretold("of-accounts")
    assert {lead_id: list(effects) for lead_id, effects in found.items()} == {
        f"lead-{each}": [Effect.LOSES_SCORE, Effect.LOSES_GRADE] for each in PEOPLE
    }


@pytest.mark.rule("SCO-8", "RSC-12")
@pytest.mark.parametrize(
    ("combine", "does", "ready"), [("all", True, {"a", "c"}), ("any", True, set("abce")), ("all", False, set())]
)
def test_a_preview_says_who_becomes_ready_by_a_qualification_as_publishing_does(api, model, combine, does, ready):
    """The draft gives 25 to those of Odense (a, c, e); of those who consent a, b and c have clicked twice and more."""
    clicks = publish(clicked(10), minimum_consent=1, threshold=1000)
    for each in ("a", "b", "c"):
        allow(each, consent_level=1)
    criteria = [{"model_id": model, "minimum": 25}, {"model_id": clicks, "minimum": 20}]
    document = {"criteria": criteria, "combine": combine, "sales_ready": does}
    made = api.post("/qualifications", {"name": "Q", "document": document})
    draft(model, lives_in(CITIES[0], 25), threshold=1000)
    api.change("POST", f"/qualifications/{made['id']}/publish", made)

    previews.look_at(asked(model, f"by-{combine}-{does}"), [f"lead-{each}" for each in PEOPLE], NOW)

    found = foretold(f"by-{combine}-{does}")
    assert {lead_id for lead_id, effects in found.items() if Effect.BECOMES_READY in effects} == {
        f"lead-{each}" for each in ready
    }
    publish(lives_in(CITIES[0], 25), threshold=1000, model_id=model)
    everybody(PEOPLE, model)
    assert {each for each in PEOPLE if leads.find(f"lead-{each}").sales_ready} == ready


@pytest.mark.parametrize("mode", ["dies before", "dies after"])
def test_a_page_that_dies_anywhere_counts_each_lead_once(model, mode, monkeypatch):
    monkeypatch.setattr(previews, "TOGETHER", 2)
    draft(model, clicked(11))
    page, died = [f"lead-{each}" for each in PEOPLE], 0
    for at in range(1, 60, 7):
        arguments = asked(model, f"{mode}-{at}")
        with injected(Faults(mode, at), *database()):
            try:
                previews.look_at(arguments, page, NOW)
            except Killed:
                died += 1
        previews.look_at(arguments, page, NOW)
        [walk] = walks.found(f"PREVIEW#{mode}-{at}")
        assert walk.sums == {
            "leads": 5,
            "with_parent": 5,
            "rises": 4,
            "before:Cold": 3,
            "before:Hot": 2,
            "loses_grade": 5,
        }
    assert died >= 5


def test_of_two_at_work_on_one_page_one_counts(model):
    draft(model, clicked(11))
    arguments, page = asked(model, "raced"), [f"lead-{each}" for each in PEOPLE]
    events, fired = dynamodb.writer().meta.events, []

    def quicker(model, **_):
        if model.name == "TransactWriteItems" and not fired:
            fired.append(model.name)
            previews.look_at(arguments, page, NOW)

    events.register("before-call.dynamodb.*", quicker)
    try:
        with pytest.raises(ConditionFailed):
            previews.look_at(arguments, page, NOW)
    finally:
        events.unregister("before-call.dynamodb.*", quicker)

    previews.look_at(arguments, page, NOW)
    assert fired
    assert walks.found("PREVIEW#raced")[0].sums["leads"] == 5


# Preview and explain agree with what publishing then does ----------------------------------------------------------

lengths = some.sampled_from([None, "P2D", "P5D"])
deeds = some.builds(
    lambda frequency, times, within: {
        "entity": "EmailClicked",
        "frequency": frequency,
        **({"times": times} if frequency == "at_least" else {}),
        **({"within": within} if within else {}),
    },
    some.sampled_from(["each", "at_least", "none"]),
    some.integers(1, 3),
    lengths,
)
cities = some.sampled_from(["Odense", "Aarhus"]).map(
    lambda city: {"entity": "contact", "where": [{"field": "city", "operator": "equals", "values": [city]}]}
)
groups = some.lists(cities, max_size=1).flatmap(
    lambda fixed: some.lists(deeds, min_size=0 if fixed else 1, max_size=1).map(lambda deed: [*fixed, *deed])
)
rule_lists = some.lists(some.tuples(some.sampled_from([-20, 5, 10, 40]), groups), min_size=1, max_size=4)
documents = some.builds(
    lambda rules, threshold, graded: {
        "rules": [
            {"id": f"r{at}", "name": "", "points": points, "conditions": group}
            for at, (points, group) in enumerate(rules)
        ],
        "threshold": threshold,
        "grades": GRADES if graded else [],
    },
    rule_lists,
    some.sampled_from([-10, 0, 15, 40]),
    some.booleans(),
)
worlds = some.lists(
    some.tuples(some.sampled_from(CITIES), some.lists(some.integers(0, 7), max_size=4)), min_size=1, max_size=3
)
_numbers = count()


def known(lead_id, model):
    """What is stored of a lead: score and grade, and whether it is ready."""
    score = Score.find(*Score.at(lead_id, model))
    return (score.score, score.grade) if score else None, leads.find(lead_id).sales_ready


def foretold(preview_id):
    """What a preview wrote down, by lead."""
    found = {}
    for effect in Effect:
        for number in range(16):
            listed = ScoringItem.by_model.query(f"preview-{preview_id}-{effect}#{number}")
            for key in listed:
                row = previews.PreviewedLead.find(key.pk, key.sk)
                found.setdefault(row.lead_id, {})[effect] = row
    return found


def play(people, number):
    """Make people with leads and clicks, and return their ids."""
    names = [f"c{number}-{turn}" for turn in range(len(people))]
    for each, (city, clicks) in zip(names, people, strict=True):
        person(each, **({"city": city} if city else {}))
        lead(f"lead-{each}", each)
        for turn, age in enumerate(clicks):
            click(f"{each}-{turn}", NOW - age * DAY, contact_id=each)
    return names


def everybody(names, model):
    """Rescore everybody, and return what is stored then."""
    for each in names:
        rescore(NOW, each)
    return {each: known(f"lead-{each}", model) for each in names}


def as_foretold(rows, before, after):
    (was, was_ready), (became, is_ready) = before, after
    assert (Effect.RISES in rows, Effect.FALLS in rows) == (became[0] > was[0], became[0] < was[0])
    assert bool({"gains_grade", "loses_grade", "changes_grade"} & rows.keys()) == (became[1] != was[1])
    assert (Effect.BECOMES_READY in rows) == (is_ready and not was_ready)
    for row in rows.values():
        assert ((row.score_before, row.grade_before), (row.score_after, row.grade_after)) == (was, became)


def as_explained(lead_id, model, stored):
    found = moments.explain(lead_id, model, None, NOW)
    [score] = [score for score in reading.scores_of(lead_id) if score.model_id == model]
    assert (found.score, found.grade, found.stored_score, found.model_version) == (*stored, stored[0], 2)
    told = [(rule.rule_id, rule.points) for rule in found.rules if rule.holds]
    assert told == [(each["rule_id"], each["points"]) for each in score.contributions]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds, documents, documents)
def test_preview_and_explain_agree_with_what_publishing_then_does(people, live, drafted):
    number = next(_numbers)
    names = play(people, number)
    model = publish(*live["rules"], threshold=live["threshold"], grades=live["grades"])
    before = everybody(names, model)
    draft(model, *drafted["rules"], threshold=drafted["threshold"], grades=drafted["grades"])
    for each in names:
        previews.look_at(asked(model, f"p-{each}"), [f"lead-{each}"], NOW)

    publish(*drafted["rules"], threshold=drafted["threshold"], grades=drafted["grades"], model_id=model)
    after = everybody(names, model)

    for each in names:
        as_foretold(foretold(f"p-{each}").get(f"lead-{each}", {}), before[each], after[each])
        as_explained(f"lead-{each}", model, after[each][0])
    definitions.stop(KIND, model, version=definitions.get(KIND, model).version, by="user:u", now=NOW)
