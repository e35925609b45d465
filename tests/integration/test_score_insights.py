"""A model's insights: exact figures of its scores, in whatever order and how often the stream tells of them."""

from collections import Counter
from itertools import pairwise

import pytest
from chalice.test import Client

from app import app
from chalicelib.definitions import service as definitions
from chalicelib.insights import service as insights
from chalicelib.insights.counting import of_fact
from chalicelib.scoring import bulk
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Score, ScoringItem
from chalicelib.scoring.reports.buckets import bucket
from tests.support.api import Caller
from tests.support.meter import metered
from tests.support.scoring import NOW, click, clicked, lead, person, publish, rescore

GRADES = [{"name": "Cold", "max": 20}, {"name": "Warm", "min": 21, "max": 60}, {"name": "Hot", "min": 61}]
PEOPLE = [f"c{number}" for number in range(6)]


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


def play(world, **delivery):
    """Six people; each clicks as often as their number says, and is scored after each click."""
    model = publish(clicked(15), grades=GRADES)
    for each in PEOPLE:
        person(each)
        lead(f"lead-{each}", each)
        rescore(world.now, each)
    for number, each in enumerate(PEOPLE):
        for turn in range(number):
            click(f"{each}-{turn}", world.now, contact_id=each)
            rescore(world.now, each)
    world.settle(**delivery)
    return model


def stored(model):
    found = ScoringItem.scan(ScoringItem.sk.startswith("SCORE#"))
    return [each for each in found if isinstance(each, Score) and each.model_id == model]


def agrees(found, model):
    """The figures are what counting every stored score gives."""
    scores = stored(model)
    assert found["scored"] == len(scores)
    assert {each["first"]: each["leads"] for each in found["distribution"]} == Counter(
        bucket(score.score) for score in scores
    )
    graded = Counter(score.grade for score in scores if score.grade)
    assert {name: number for name, number in found["grades"].items() if number} == graded
    assert found["without_grade"] == sum(score.grade is None for score in scores)


@pytest.mark.rule("SCO-29", "RSC-11")
def test_insights_say_how_scores_are_spread_and_how_many_changed_each_day(api, world):
    model = play(world)

    found = api.get(f"/scoring-models/{model}/insights")

    agrees(found, model)
    assert found["grades"] == {"Cold": 2, "Warm": 3, "Hot": 1}
    assert found["best_tenth"] == {"first": 70, "last": 79, "leads": 1}
    assert sum(day["scored"] for day in found["timeline"]) == 6
    assert sum(day["changed"] for day in found["timeline"]) == sum(range(6))
    assert found["overdue_seconds"] == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_stay_exact_whatever_the_order_and_however_often_it_is_told(api, world, seed):
    model = play(world, shuffle=seed, duplicate=True)
    agrees(api.get(f"/scoring-models/{model}/insights"), model)
    before = insights.figures(f"scoring-model#{model}")

    world.replay(shuffle=seed)

    assert insights.figures(f"scoring-model#{model}") == before


def test_a_new_version_with_other_grades_moves_everybody_and_a_cleanup_takes_them_away(api, world):
    model = play(world)
    publish(clicked(-7), grades=[{"name": "Low", "max": -1}], model_id=model)
    for each in PEOPLE:
        rescore(world.now, each)
    world.settle()

    found = api.get(f"/scoring-models/{model}/insights")
    agrees(found, model)
    assert (found["grades"], found["without_grade"]) == ({"Low": 5}, 1)

    definitions.stop(KIND, model, version=definitions.get(KIND, model).version, by="user:u", now=world.now)
    bulk.drop_scores({"id": model, "version": 2}, [f"lead-{each}" for each in PEOPLE], world.now)
    world.settle()
    found = api.get(f"/scoring-models/{model}/insights?months=1")
    assert (found["scored"], found["distribution"], found["best_tenth"], found["grades"]) == (0, [], None, {})
    assert sum(day["removed"] for day in found["timeline"]) == 6


def test_a_model_without_scores_has_insights_too(api, world):
    model = publish(clicked(15))

    found = api.get(f"/scoring-models/{model}/insights")

    assert (found["scored"], found["best_tenth"], found["timeline"]) == (0, None, [])
    assert api.call("GET", "/scoring-models/nothing/insights")[0] == 404
    assert api.call("GET", f"/scoring-models/{model}/insights?months=13")[0] == 400


def test_a_changed_score_costs_two_write_units_and_its_share_of_two_counters(cloud):
    """What docs/costs.md counts on."""
    standings = [{"bucket": number * 10, "grade": "Hot"} for number in range(61)]
    facts = [
        {
            "fact": "score.changed",
            "model": "m",
            "mark": str(number),
            "at": "2026-11-24T09:00:00Z",
            "was": was,
            "is": now,
        }
        for number, (was, now) in enumerate(pairwise(standings))
    ]

    with metered() as usage:
        counted = insights.count((each for fact in facts for each in of_fact(fact)), NOW)

    assert counted == 60
    assert usage.requests == {"TransactWriteItems": 1}
    assert usage.write_units <= 60 * 2.15
