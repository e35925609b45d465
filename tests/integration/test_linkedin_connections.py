"""Connections to LinkedIn as people set them up: nothing secret is ever shown, nothing half done is ever kept."""

import json
from datetime import datetime, timedelta

import pytest

from chalicelib.capture.linkedin import credentials, standing
from chalicelib.capture.linkedin.models import Secrets
from chalicelib.errors import Invalid
from chalicelib.settings import settings
from chalicelib.tokens import unseal
from infra.local.linkedin_leads import ACCOUNT, ORGANIZATION
from tests.support.linkedin import AUTHORISATION

SECRET = ("client_secret", "access_token", "refresh_token")


@pytest.mark.rule("LNK-2")
def test_a_connection_waits_until_it_is_authorised(connected):
    made = connected.api.post("/linkedin-connections", {"name": "Fresh", "sources": [{"owner": ACCOUNT}]})
    asked = len(connected.linkedin.asked)
    connected.world.advance(timedelta(seconds=10))
    connected.world.poll("linkedin-pull")

    shown = connected.api.get(f"/linkedin-connections/{made['id']}")
    assert (shown["state"], shown["sources"][0]["next_pull_at"]) == ("not_authorised", None)
    assert len(connected.linkedin.asked) == asked
    assert [each["name"] for each in connected.api.get("/linkedin-connections")["items"]].count("Fresh") == 1


def test_who_makes_a_connection_owns_it_where_nobody_is_named(connected):
    assert connected.api.post("/linkedin-connections", {"name": "Mine"})["owner_id"] == "key:root"


def test_secrets_go_in_and_never_come_out(connected):
    told = json.dumps(
        [connected.status, connected.api.get("/linkedin-connections"), connected.api.get("/openapi.json")]
    )

    for name in SECRET:
        assert AUTHORISATION[name] not in told
    for row in connected.world.rows().values():
        assert not any(AUTHORISATION[name] in json.dumps(row) for name in SECRET)


def test_secrets_are_sealed_apart_from_what_other_functions_read(connected):
    kept = Secrets.find(*Secrets.at(connected.id))

    assert unseal(f"linkedin/{connected.id}", kept.access_token, settings.linkedin_secret_name) == "token-1"
    for purpose, secret in ((f"linkedin/{connected.id}", ""), ("linkedin/other", settings.linkedin_secret_name)):
        with pytest.raises(Invalid):
            unseal(purpose, kept.access_token, secret)


def test_an_answer_to_a_broken_authorisation_repeats_no_secret(connected):
    body = {**AUTHORISATION, "access_token": "x" * 5000, "refresh_token": ["secret-thing"], "client_secret": 7}

    status, problem, _ = connected.api.call("PUT", f"{connected.path}/authorisation", body, If_Match='"1"')

    assert status == 400
    assert "xxxx" not in json.dumps(problem)
    assert "secret-thing" not in json.dumps(problem)


@pytest.mark.parametrize("broken", ["tok\r\nX-Evil: 1", "tok\u2028en", "tøken"])
def test_tokens_that_no_header_can_carry_are_refused_and_not_repeated(connected, broken):
    tokens, before = ("access_token", "refresh_token"), connected.status
    body = {**AUTHORISATION, **dict.fromkeys(tokens, broken)}

    status, problem, _ = connected.api.call(
        "PUT", f"{connected.path}/authorisation", body, If_Match=f'"{before["version"]}"'
    )

    assert (status, [each["field"] for each in problem["errors"]]) == (400, list(tokens))
    assert "Copy it again" in problem["errors"][0]["message"]
    assert json.dumps(broken)[1:-1] not in json.dumps(problem)
    assert connected.status == before


@pytest.mark.parametrize(
    "body",
    [
        {"name": "C", "sources": [{"owner": "urn:li:person:1"}]},
        {"name": "C", "sources": [{"owner": ACCOUNT, "lead_type": "EVENT"}]},
        {"name": "C", "sources": [{"owner": ORGANIZATION}]},
        {"name": "C", "sources": [{"owner": ACCOUNT, "lead_type": "NEWSLETTER"}]},
        {"name": "C", "sources": [{"owner": ACCOUNT, "back_pull_days": 366}]},
        {"name": "C", "sources": [{"owner": ACCOUNT}, {"owner": ACCOUNT, "back_pull_days": 3}]},
        {"name": "C", "linkedin_version": "202613"},
        {"name": ""},
    ],
)
def test_a_connection_that_cannot_work_is_refused(connected, body):
    assert connected.api.call("POST", "/linkedin-connections", body)[0] == 400
    assert len(connected.api.get("/linkedin-connections")["items"]) == 1


def test_a_change_of_what_was_changed_meanwhile_is_refused(connected):
    for method, path, body in (
        ("PATCH", "", {"name": "Other"}),
        ("PUT", "/authorisation", AUTHORISATION),
        ("PUT", "/mapping", {"entries": connected.status["mapping"]["entries"]}),
        ("POST", "/reset", {}),
        ("DELETE", "", {}),
    ):
        before = connected.world.rows()
        assert connected.api.call(method, f"{connected.path}{path}", body, If_Match='"999"')[0] == 412
        assert connected.world.rows() == before


def test_a_connection_whose_leads_still_come_is_not_deleted(connected):
    status, problem, _ = connected.api.call("DELETE", connected.path, If_Match=f'"{connected.status["version"]}"')

    assert status == 409
    assert "take from nobody first" in problem["detail"]


def test_sources_that_change_faster_than_linkedin_is_told_are_refused_and_the_connection_works_on(connected):
    def take(turn):
        sources = [{"owner": f"urn:li:sponsoredAccount:{turn}{number:02}"} for number in range(39)]
        return connected.api.call("PATCH", connected.path, {"sources": sources}, If_Match=version(connected))

    answers = [take(turn) for turn in range(1, 4)]

    assert [status for status, _, _ in answers] == [200, 200, 409]
    assert "LinkedIn has yet to be told" in answers[2][1]["detail"]
    connected.authorise()
    connected.change("POST", "/reset")


def version(connected):
    return f'"{connected.status["version"]}"'


def test_a_deleted_connection_leaves_no_secret(connected):
    connected.change("PATCH", "", {"sources": []})
    connected.pull()
    connected.change("DELETE", "")

    assert credentials.find(connected.id) is None
    assert connected.api.call("GET", connected.path)[0] == 404
    assert [key for key in connected.world.rows() if key[1] == f"LINKEDIN#{connected.id}"] == []


@pytest.mark.parametrize(
    ("version", "old"), [("202601", True), ("202602", False), ("202610", False), ("202512", True), ("202712", False)]
)
def test_a_version_of_more_than_nine_months_is_old(version, old):
    assert standing.is_old(version, datetime.fromisoformat("2026-11-26T00:00:00Z")) is old


def test_an_old_version_and_an_end_that_is_near_are_warned_about(connected):
    now = connected.world.now
    connected.change("PATCH", "", {"linkedin_version": f"{now.year - 1}01"})
    connected.authorise(refresh_expires_at=(now + timedelta(days=20)).isoformat())

    told = connected.status["warnings"]

    assert len(told) == 2
    assert "newer LinkedIn-Version" in told[0]
    assert "Authorise the connection anew before that" in told[1]


def test_without_a_token_that_renews_it_the_end_of_the_only_one_is_warned_about(connected):
    ends = (connected.world.now + timedelta(days=20)).isoformat()
    connected.authorise(access_expires_at=ends)
    assert connected.status["warnings"] == []  # it is renewed

    connected.authorise(access_expires_at=ends, refresh_token=None)

    [told] = connected.status["warnings"]
    assert told == f"The authorisation ends on {ends[:10]}. Authorise the connection anew before that."


def test_only_who_needs_them_may_read_the_secrets_of_linkedin():
    from infra.template import load

    granted = {name for name, grant in load().grants.items() if "LinkedinKeys" in grant.get("secret", [])}

    assert granted == {"APIHandler", "SyncLinkedin"}
