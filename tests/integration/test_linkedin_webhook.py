"""The address that LinkedIn calls: it proves itself, believes only what is signed, and lets go of nothing that is."""

import json

import pytest

from chalicelib.capture.linkedin import credentials
from infra.local.linkedin_leads import ORGANIZATION, notice
from tests.support.meter import metered

CHALLENGE = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
PROOF = "123a30e45e27457ef22ee541fe9133532658d685dc8ecde88303c8708f5a40e4"
FORGED = b'{"type":"LEAD_ACTION","leadAction":"CREATED"}'


def challenge(connected, query, connection_id=None):
    answer = connected.http.http.get(f"/webhooks/linkedin/{connection_id or connected.id}?{query}")
    return answer.status_code, json.loads(answer.body), answer.headers


def waiting(connected):
    return connected.world.queues["linkedin"]


def aside(connected):
    return connected.api.get(f"{connected.path}/set-aside")["items"]


def test_the_address_proves_that_it_is_ours(connected):
    status, answer, headers = challenge(connected, f"challengeCode={CHALLENGE}")

    assert (status, answer) == (200, {"challengeCode": CHALLENGE, "challengeResponse": PROOF})
    assert headers["Content-Type"] == "application/json"


def test_a_challenge_costs_one_read_and_then_none(connected):
    credentials.forget()

    with metered() as first:
        challenge(connected, f"challengeCode={CHALLENGE}")
    with metered() as second:
        challenge(connected, f"challengeCode={CHALLENGE}")

    assert (first.round_trips, second.round_trips) == (1, 0)


@pytest.mark.parametrize(
    "query", ["", "challengeCode=", "challengeCode=x", f"challengeCode={CHALLENGE}&challengeCode=x"]
)
def test_what_is_no_challenge_is_refused(connected, query):
    status, problem, _ = challenge(connected, query)

    assert status == 400
    assert "challengeResponse" not in problem


def test_the_address_signs_no_delivery_for_anybody(connected):
    """The oracle: a challenge that is a body with its prefix would be answered with the body's signature."""
    status, problem, _ = challenge(connected, "challengeCode=hmacsha256%3D" + FORGED.decode().replace('"', "%22"))

    assert status == 400
    assert connected.linkedin.signed(FORGED)[1] not in json.dumps(problem)


def test_an_address_of_no_connection_answers_nobody(connected):
    assert challenge(connected, f"challengeCode={CHALLENGE}", "nobody")[0] == 404
    assert connected.http.http.post("/webhooks/linkedin/nobody", body=b"{}").status_code == 404


def test_an_address_that_nobody_authorised_answers_nobody(connected):
    made = connected.api.post("/linkedin-connections", {"name": "Fresh"})

    assert challenge(connected, f"challengeCode={CHALLENGE}", made["id"])[0] == 404


def test_only_what_is_signed_is_believed(connected):
    body, right = connected.linkedin.signed(notice(connected.send(1)))
    connected.linkedin.client_secret = "another application's"
    _, foreign = connected.linkedin.signed(body)

    for signature in (None, "", "0" * 64, foreign, right.upper()):
        assert connected.told(body, signature) == 401
    assert connected.told(body + b" ", right) == 401

    assert waiting(connected) == aside(connected) == []


def test_a_delivery_is_answered_before_anything_is_fetched(connected):
    asked = list(connected.linkedin.asked)

    assert connected.tell(notice(connected.send(1))) == 200

    assert connected.linkedin.asked == asked
    [message] = waiting(connected)
    assert "ada@" not in message.body


def test_a_body_above_the_bound_is_not_read(connected):
    assert connected.tell(b'"' + b"x" * (1024 * 1024 - 2) + b'"') == 200
    assert connected.tell(b'"' + b"x" * (1024 * 1024 - 1) + b'"') == 413


@pytest.mark.parametrize(
    "told",
    [
        b"garbage",
        b"\xff\xfe",
        b"[]",
        b"",
        {"type": "SOMETHING_ELSE"},
        {"type": "LEAD_ACTION", "leadType": "NEWSLETTER"},
        {"type": 7, "owner": []},
    ],
)
def test_what_is_linkedins_and_not_understood_waits_for_a_person(connected, told):
    assert connected.tell(told) == connected.tell(told) == 200

    [shown] = aside(connected)
    assert shown["reason"]
    assert shown["bytes"] == len(connected.linkedin.signed(told)[0])
    assert waiting(connected) == []
    assert connected.api.call("DELETE", f"{connected.path}/set-aside/{shown['id']}")[0] == 204
    assert aside(connected) == []


def test_what_is_of_an_owner_that_is_not_taken_is_not_fetched(connected):
    asked = list(connected.linkedin.asked)
    foreign = connected.send(1, owner={"organization": ORGANIZATION}, leadType="EVENT")

    assert connected.tell(notice(foreign)) == 200
    assert connected.tell(notice(foreign, "DELETED")) == 200
    connected.world.settle()

    assert connected.linkedin.asked == asked
    assert connected.api.get("/leads")["items"] == []


def test_a_pointer_to_a_response_of_somebody_else_brings_nothing(connected):
    theirs = connected.send(1, owner={"organization": ORGANIZATION}, leadType="EVENT")
    forged = {**notice(theirs), "owner": {"sponsoredAccount": "urn:li:sponsoredAccount:511223344"}}

    assert connected.tell({**forged, "leadType": "SPONSORED"}) == 200
    connected.world.settle()

    assert connected.api.get("/leads")["items"] == []


def test_a_secret_that_was_replaced_counts_at_once_where_it_was_replaced(connected):
    body = notice(connected.send(1))
    old = connected.linkedin.signed(body)
    connected.linkedin.client_secret = "the next one"
    connected.authorise(client_secret="the next one")

    assert connected.told(*old) == 401
    assert connected.tell(body) == 200
