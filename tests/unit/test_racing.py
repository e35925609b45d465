"""Trying again after a lost race: so many times, a little later each time."""

import time

import pytest

from chalicelib.dynamodb import racing, tries


@pytest.fixture
def waits(monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def test_who_is_first_waits_for_nobody(waits):
    assert next(tries()) == 0
    assert waits == []


def test_each_try_comes_later_than_the_one_before_but_never_too_late(waits):
    assert list(tries(8)) == list(range(8))
    bounds = [0.02, 0.06, 0.18, 0.5, 0.5, 0.5, 0.5]
    assert all(bound / 2 <= waited <= bound * 1.5 for waited, bound in zip(waits, bounds, strict=True))


def test_those_who_met_do_not_wait_equally_long():
    assert len({racing.pause(1) for _ in range(20)}) > 1
