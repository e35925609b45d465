"""Buckets of scores, the best tenth, and what the scoring table's stream tells."""

from datetime import UTC, datetime
from decimal import Decimal
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.insights.counting import of_fact
from chalicelib.scoring.facts import facts_of
from chalicelib.scoring.reports.buckets import bucket, ends, of_best_tenth
from chalicelib.streams import StreamRecord

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
scores = some.integers(-20_000, 20_000)


@pytest.mark.rule("RSC-11")
@given(scores)
def test_every_score_lies_in_its_bucket(score):
    first, last = ends(bucket(score))

    assert first is None or first <= score
    assert last is None or score <= last


@given(scores, scores)
def test_buckets_neither_overlap_nor_change_the_order(one, other):
    low, high = sorted((one, other))
    assert bucket(low) <= bucket(high)
    if bucket(low) != bucket(high):
        assert ends(bucket(low))[1] < ends(bucket(high))[0]


def test_there_are_never_too_many_buckets():
    assert len({bucket(score) for score in range(-2_000_000, 2_000_001, 10)}) == 382


@pytest.mark.rule("RSC-11")
@given(some.lists(scores, min_size=1, max_size=50))
def test_the_best_tenth_has_at_least_a_score_of_its_bucket(found):
    distribution = {}
    for score in found:
        distribution[bucket(score)] = distribution.get(bucket(score), 0) + 1

    least = sorted(found, reverse=True)[ceil(len(found) / 10) - 1]

    assert of_best_tenth(distribution) == bucket(least)
    assert of_best_tenth({}) is None


# Facts -------------------------------------------------------------------------------------------------------------


def image(score, grade=None, version=1):
    held = {"kind": "score", "lead_id": "l", "model_id": "m", "evaluated_at": "x", "version": Decimal(version)}
    return {**held, "score": Decimal(score), **({"grade": grade} if grade else {})}


def adds(old, new):
    facts = [{**fact, "at": "2026-11-24T09:00:00.000000Z"} for fact in facts_of(StreamRecord(old, new, NOW, False))]
    return [counted.adds for fact in facts for counted in of_fact(fact)]


OF_MODEL, OF_MONTH = "scoring-model#m", "scoring-model#m#2026-11"


@pytest.mark.rule("RSC-11", "SCO-29")
def test_a_score_enters_moves_and_leaves_the_figures():
    assert adds(None, image(30, "Cold")) == [
        {(OF_MODEL, "scored"): 1, (OF_MODEL, "bucket:30"): 1, (OF_MODEL, "grade:Cold"): 1, (OF_MONTH, "scored:24"): 1}
    ]
    assert adds(image(30, "Cold"), image(39, "Warm", 2)) == [
        {(OF_MODEL, "grade:Cold"): -1, (OF_MODEL, "grade:Warm"): 1, (OF_MONTH, "changed:24"): 1}
    ]
    assert adds(image(-5), None) == [
        {(OF_MODEL, "scored"): -1, (OF_MODEL, "bucket:-10"): -1, (OF_MONTH, "removed:24"): 1}
    ]


def test_what_changes_neither_points_nor_grade_is_not_told():
    assert adds(image(30, "Cold"), image(30, "Cold", 2)) == []
    assert adds(None, {"kind": "rescoring", "version": Decimal(1)}) == []


def test_each_write_has_a_mark_of_its_own():
    records = [(None, image(1)), (image(1), image(11, version=2)), (image(11, version=2), None)]

    marks = {fact["mark"] for old, new in records for fact in facts_of(StreamRecord(old, new, NOW, False))}

    assert len(marks) == 3
