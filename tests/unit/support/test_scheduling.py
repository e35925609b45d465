"""Tests that share what takes long to make run in one worker, and those that wait most begin first."""

from types import SimpleNamespace

import pytest

from tests.support.scheduling import group_of, in_order


@pytest.mark.parametrize("folder", ["end_to_end", "browser", "package"])
def test_what_shares_something_runs_in_one_worker(folder):
    assert group_of(f"tests/{folder}/test_a.py::test_one") == group_of(f"tests/{folder}/test_b.py::test_two[x]")


def test_all_others_run_wherever_there_is_room():
    assert group_of("tests/unit/test_a.py::test_one") != group_of("tests/unit/test_a.py::test_two")


def test_what_waits_most_begins_first_and_all_else_stays_in_order():
    names = ["tests/browser/a", "tests/end_to_end/b", "tests/integration/c", "tests/end_to_end/d", "tests/unit/e"]

    ordered = in_order([SimpleNamespace(nodeid=name) for name in names])

    assert [item.nodeid for item in ordered] == [names[1], names[3], names[0], names[2], names[4]]
