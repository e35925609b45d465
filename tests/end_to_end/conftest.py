"""The deployed local cloud, once for all end-to-end tests; they run in one worker, one after the other."""

from pathlib import Path

import pytest

from infra import package
from infra.local.cloud import LocalCloud
from infra.local.demo.client import Client
from infra.local.deploy import deploy
from infra.local.seed import create_admin_key
from tests.support import deployed

HERE = Path(__file__).parent
# Template parameters that make waits short enough for a test: work that was killed is free again after seconds. A lease
# may end while its burst is still at work; the fence of token and revision holds then too, at the price of a repeat.
PARAMETERS = {"LeaseSeconds": "5"}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture(scope="session")
def cloud():
    with LocalCloud() as running:
        yield running


@pytest.fixture(scope="session")
def endpoints(cloud):
    """Where the deployed application is reached: api_url, cloud_url, inbox_url, prefix, outputs."""
    return deploy(cloud, package.ensure("local"), PARAMETERS)


@pytest.fixture(scope="session")
def client(endpoints):
    """The API, with the administrator's key."""
    return Client(endpoints.api_url, create_admin_key(endpoints))


@pytest.fixture
def soon_visible(endpoints):
    with deployed.soon_visible(endpoints):
        yield
