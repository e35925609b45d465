"""What a preview calls the difference between a score that is stored and one that would be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.conditions.facts import KnownFacts
from chalicelib.scoring import plans
from chalicelib.scoring.deciding import LeadFacts, evaluate
from chalicelib.scoring.live import Model
from chalicelib.scoring.reports.previewing import Effect, Side, change, effects
from chalicelib.scoring.reports.previews import side_of
from tests.unit.scoring.test_scoring_recount import START, compiled, contacts, instants, models, timelines

sides = some.none() | some.builds(Side, some.integers(-50, 50), some.sampled_from([None, "Cold", "Hot"]))
OF_SCORE = {Effect.GAINS_SCORE, Effect.LOSES_SCORE, Effect.RISES, Effect.FALLS}
OF_GRADE = {Effect.GAINS_GRADE, Effect.LOSES_GRADE, Effect.CHANGES_GRADE}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, Side(0, None), {"gains_score"}),
        (Side(5, "Hot"), None, {"loses_score", "loses_grade"}),
        (Side(5, None), Side(6, "Hot"), {"rises", "gains_grade"}),
        (Side(5, "Hot"), Side(-6, "Cold"), {"falls", "changes_grade"}),
        (Side(5, "Hot"), Side(5, "Hot"), set()),
        (None, None, set()),
    ],
)
def test_what_would_change_has_a_name(before, after, expected):
    assert set(effects(before, after, becomes_ready=False)) == expected
    assert set(effects(before, after, becomes_ready=True)) == {*expected, "becomes_ready"}


@given(sides, sides, some.booleans())
def test_each_kind_of_change_is_told_once_and_only_if_there_is_one(before, after, ready):
    found = effects(before, after, becomes_ready=ready)

    assert len(found) == len(set(found)) <= 3
    assert bool(OF_SCORE & set(found)) == ((before.score if before else None) != (after.score if after else None))
    assert bool(OF_GRADE & set(found)) == ((before.grade if before else None) != (after.grade if after else None))
    assert (Effect.RISES in found) <= (change(before, after) > 0)


@settings(max_examples=300, deadline=None)
@given(models, contacts, timelines, instants)
def test_what_a_preview_foresees_is_what_a_rescoring_writes(document, people, timeline, now):
    model = Model("m", 2, None, compiled(document))
    facts = LeadFacts({"created_at": START, "contact_id": "c"}, KnownFacts.of({"contact": people}, timeline))

    scored = evaluate(model, facts, None, now, None)

    [score, *_] = plans.rescored("l", "c", None, scored, now)
    item = score.request["Item"]
    assert side_of(scored) == Side(int(item["score"]["N"]), item.get("grade", {}).get("S"))
