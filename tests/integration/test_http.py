"""Every route behaves alike: problems in words, no status 500."""

import json

import pytest
from chalice.test import Client

from app import app
from chalicelib.access import service
from chalicelib.clock import now

pytestmark = pytest.mark.usefixtures("cloud")


def send(client, method, path, body=None, **headers):
    answer = client.http.request(
        method, path, headers={"Content-Type": "application/json", **headers}, body=json.dumps(body or {}).encode()
    )
    return answer.status_code, json.loads(answer.body or b"null"), answer.headers


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def admin():
    _, text = service.create_key("root", "root", ["*"], ["*"], now())
    return f"Bearer {text}"


def test_a_body_that_breaks_its_schema_is_told_field_by_field(client, admin):
    status, problem, _ = send(client, "POST", "/settings/api-keys", {"nam": 1}, Authorization=admin)

    assert status == 400
    assert {error["field"] for error in problem["errors"]} == {"name", "scopes", "nam"}


def test_a_key_can_be_made_and_used_within_its_scopes_only(client, admin):
    status, made, _ = send(
        client, "POST", "/settings/api-keys", {"name": "n", "scopes": ["leads:read"]}, Authorization=admin
    )
    forbidden, problem, headers = send(client, "GET", "/settings/api-keys", Authorization=f"Bearer {made['key']}")

    assert (status, forbidden) == (201, 403)
    assert "api-keys:read" in problem["detail"]
    assert headers["Content-Type"] == "application/problem+json"


def test_the_api_describes_itself(client):
    status, described, _ = send(client, "GET", "/openapi.json")

    assert status == 200
    assert described["openapi"] == "3.1.0"
    assert "/settings/api-keys" in described["paths"]
