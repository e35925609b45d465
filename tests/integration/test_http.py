"""Every route behaves alike: problems in words, no status 500."""

import json

import pytest
from chalice.test import Client

from app import app
from chalicelib.access import service
from chalicelib.clock import digest, now

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


def test_an_address_below_a_record_that_leads_nowhere_is_a_problem(client, admin):
    status, problem, headers = send(client, "POST", "/segments/s1/no-such-verb", Authorization=admin)

    assert (status, problem["title"], headers["Content-Type"]) == (404, "Not Found", "application/problem+json")


def test_a_verb_of_a_record_knows_its_own_methods_only(client, admin):
    """GET is known one step below a segment, but not of this verb."""
    status, problem, headers = send(client, "GET", "/segments/s1/publish", Authorization=admin)

    assert (status, problem["title"], headers["Allow"]) == (405, "Method Not Allowed", "POST")


def test_nobody_hears_below_a_record_what_there_is_without_a_key(client):
    with pytest.raises(Exception, match="Unauthorized"):
        send(client, "POST", "/segments/s1/publish", Authorization="Bearer x")
    with pytest.raises(Exception, match="Unauthorized"):
        send(client, "POST", "/segments/s1/no-such-verb", Authorization="Bearer x")


def test_what_is_made_below_a_record_has_its_id_of_the_verbs_own_address(client, admin):
    """One key may serve two verbs, which are one address to the gateway."""
    contact = send(client, "POST", "/contacts", {"last_name": "Berg"}, Authorization=admin)[1]["id"]

    said = {"Authorization": admin, "Idempotency-Key": "k"}
    status, note, _ = send(client, "POST", f"/contacts/{contact}/notes", {"text": "Likes kayaks."}, **said)

    assert (status, note["id"]) == (201, digest("key:root", "/contacts/{contact_id}/notes", contact, "k"))
