"""The package as `make package` builds it, once for all tests and only if something changed."""

import json

import pytest

from infra import package


@pytest.fixture(scope="session")
def build():
    return package.ensure("local")


@pytest.fixture
def template(build):
    return json.loads((build / "sam.json").read_text())
