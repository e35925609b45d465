"""Imports where they are deployed, with their workers killed on the way; `make bench` does it with 5,000 rows."""

import pytest

from tests.support.imported import under_fire

ROWS = 150


@pytest.mark.rule("IMP-6")
@pytest.mark.usefixtures("soon_visible")
def test_though_workers_are_killed_each_good_row_is_there_once_and_each_bad_one_is_told(cloud, endpoints, client):
    assert under_fire(cloud, endpoints, client, ROWS) > 0
