"""Since when a lead meets a qualification: all criteria at one time, or any of them."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.scoring.qualification.document import Combination, Qualification, problems_of
from chalicelib.scoring.qualification.live import met_at

START = datetime(2026, 6, 1, tzinfo=UTC)


def day(number):
    return START + timedelta(days=number)


def spans(*days):
    return [(day(begin), None if end is None else day(end)) for begin, end in days]


@pytest.mark.rule("RSC-12")
@pytest.mark.parametrize(
    ("each", "all_at", "any_at"),
    [
        ([spans((3, None))], 3, 3),
        ([spans((3, None)), spans((5, None))], 5, 3),
        ([spans((3, 5)), spans((5, None))], None, 3),
        ([spans((1, 2), (4, 8)), spans((3, 6))], 4, 1),
        ([spans((1, 9)), spans((2, 8)), spans((3, 7))], 3, 1),
        ([spans((1, None)), []], None, 1),
        ([[], []], None, None),
    ],
)
def test_all_have_to_be_met_at_one_time_and_any_of_them_suffices(each, all_at, any_at):
    assert met_at(Combination.ALL, each) == (None if all_at is None else day(all_at))
    assert met_at(Combination.ANY, each) == (None if any_at is None else day(any_at))


@pytest.mark.rule("RSC-13")
def test_after_sales_gave_a_lead_back_it_has_to_be_met_anew():
    before_and_after = spans((1, 3), (6, None))

    assert met_at(Combination.ALL, [before_and_after], after=day(4)) == day(6)
    assert met_at(Combination.ALL, [spans((1, None))], after=day(4)) is None


@pytest.mark.rule("RSC-12")
@pytest.mark.parametrize(
    ("document", "places"),
    [
        ({"criteria": [{"model_id": "a", "minimum": 5}, {"model_id": "b", "minimum": -5}]}, []),
        ({}, ["/criteria"]),
        ({"criteria": [{"model_id": "a", "minimum": 5}, {"model_id": "a", "minimum": 9}]}, ["/criteria/1/model_id"]),
        ({"criteria": [{"model_id": "a", "minimum": 5}], "marketing_qualified": False}, ["/marketing_qualified"]),
    ],
)
def test_a_qualification_names_models_once_each_and_does_something(document, places):
    found = problems_of(Qualification.model_validate(document))

    assert [problem.field for problem in found] == places
