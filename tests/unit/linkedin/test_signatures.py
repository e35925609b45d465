"""What proves an address to LinkedIn and a delivery to us; with the vectors of the real service."""

import hmac
from hashlib import sha256

import pytest

from chalicelib.capture.linkedin import signatures
from chalicelib.errors import Invalid

SECRET = "unit-test-client-secret"
CHALLENGE = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
BODY = b'{"type":"LEAD_ACTION","leadAction":"CREATED"}'
SIGNED = "b34ee522bd29b87a7927bb7faabb3a30fa8637fdac33b360fffab4c8ecf50016"
OF_THE_BARE_BODY = "6b85adaae85cc41a514919451b454e66013cebe075201eec1785e91235711dad"


def test_a_challenge_is_answered_as_linkedin_expects():
    answer = signatures.answer(SECRET, CHALLENGE)

    assert answer == "123a30e45e27457ef22ee541fe9133532658d685dc8ecde88303c8708f5a40e4"


def test_a_challenge_in_capitals_is_answered_as_it_came():
    answer = signatures.answer(SECRET, CHALLENGE.upper())

    assert answer == hmac.digest(SECRET.encode(), CHALLENGE.upper().encode(), sha256).hex()


@pytest.mark.parametrize(
    "code",
    [
        "hmacsha256=" + BODY.decode(),
        "",
        CHALLENGE + "\n",
        " " + CHALLENGE,
        CHALLENGE[:-1],
        CHALLENGE.replace("4ab1", "3ab1"),
        CHALLENGE.replace("b689", "c689"),
        "٨90e4665-4dfe-4ab1-b689-ed553bceeed0",
        f"hmacsha256={CHALLENGE}",
    ],
)
def test_nothing_but_a_challenge_is_ever_signed(code):
    with pytest.raises(Invalid):
        signatures.answer(SECRET, code)


def test_a_signature_is_of_the_prefix_and_the_raw_bytes():
    assert signatures.proves(SECRET, BODY, SIGNED)
    assert signatures.proves(SECRET, BODY, f"hmacsha256={SIGNED}")


@pytest.mark.parametrize(
    "header",
    [None, "", OF_THE_BARE_BODY, SIGNED.upper(), SIGNED[:-1], f"hmacsha256=hmacsha256={SIGNED}", "é", "hmacsha256="],
)
def test_any_other_signature_proves_nothing(header):
    assert not signatures.proves(SECRET, BODY, header)


def test_other_bytes_of_the_same_meaning_prove_nothing():
    assert not signatures.proves(SECRET, BODY.replace(b":", b": "), SIGNED)


def test_without_a_secret_nothing_is_signed_and_nothing_proves():
    signed_with_nothing = hmac.digest(b"", b"hmacsha256=" + BODY, sha256).hex()

    assert not signatures.proves("", BODY, signed_with_nothing)
    with pytest.raises(Invalid):
        signatures.answer("", CHALLENGE)
