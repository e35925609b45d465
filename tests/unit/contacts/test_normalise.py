"""Values as they are stored and as they are compared (decisions 1, 2, 9)."""

import json

import msgspec
import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.contacts import normalise
from chalicelib.contacts.fields import clean
from chalicelib.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "sendable", "key"),
    [
        ("Ada.Juhl@Example.dk", "Ada.Juhl@example.dk", "ada.juhl@example.dk"),
        ("\u2003ada@example.dk\n", "ada@example.dk", "ada@example.dk"),
        ("Ada Juhl <ada@example.dk>", "ada@example.dk", "ada@example.dk"),
        ("ada+kajak@example.dk", "ada+kajak@example.dk", "ada+kajak@example.dk"),
        ("ada@blåbær.dk", "ada@xn--blbr-roah.dk", "ada@xn--blbr-roah.dk"),
    ],
)
def test_an_address_is_kept_as_it_can_be_written_to_and_compared_without_case(typed, sendable, key):
    address = normalise.email(typed)

    assert (address.sendable, address.key) == (sendable, key)


def test_dots_and_plus_tags_tell_addresses_apart():
    keys = {normalise.email(each).key for each in ("adajuhl@example.dk", "ada.juhl@example.dk", "adajuhl+a@example.dk")}

    assert len(keys) == 3


@pytest.mark.parametrize(
    "typed",
    ["ada", "ada@", "@example.dk", "ada@example.dk.", '"a b"@example.dk', "ada@[127.0.0.1]", "blåbær@example.dk"]
    + [f"ada@example.{domain}" for domain in ("arpa", "invalid", "local", "localhost", "onion", "test")],
)
def test_what_no_mail_reaches_is_refused_and_the_field_named(typed):
    with pytest.raises(Invalid) as refused:
        normalise.email(typed, "email_2")

    assert [problem.field for problem in refused.value.problems] == ["email_2"]


def test_text_is_composed_and_trimmed_and_compared_without_case_but_with_accents():
    assert normalise.text("\u00a0Ame\u0301lie\u2003") == "Am\u00e9lie"
    assert normalise.text_key("STRASSE") == normalise.text_key("Straße ")
    assert normalise.text_key("Amélie") != normalise.text_key("Amelie")


def test_a_phone_number_is_stored_with_its_country_code():
    assert normalise.phone("+45 12 34 56 78") == "+4512345678"
    assert normalise.phone("12 34 56 78", "dk") == "+4512345678"


@pytest.mark.parametrize("typed", ["12 34 56 78", "+45 1", "call me"])
def test_a_phone_number_that_cannot_be_called_from_anywhere_is_refused(typed):
    with pytest.raises(Invalid):
        normalise.phone(typed)


def test_blank_values_are_absent():
    assert clean({"first_name": " \u2003", "email": "", "phone": " ", "inactive": False}) == {
        "first_name": None,
        "email": None,
        "phone": None,
        "inactive": False,
    }
    assert normalise.key_of("city", " ") is None


DOMAINS = ["example.dk", "EXAMPLE.dk", "mail.example.co.uk", "blåbær.dk"]


@given(some.from_regex(r"[a-zA-Z0-9_+.-]{1,70}", fullmatch=True), some.sampled_from(DOMAINS))
def test_an_address_whose_domain_is_known_already_is_read_as_if_all_of_it_were_looked_at(local, domain):
    try:
        whole = validate_email(f"{local}@{domain}", check_deliverability=False).ascii_email
    except ValueError:
        whole = None

    try:
        found = normalise.email(f"{local}@{domain}").sendable
    except Invalid:
        found = None

    assert found == whole


@given(some.lists(some.text(some.characters(codec="utf-8")), max_size=3).map(tuple))
def test_what_match_keys_are_made_of_is_written_as_it_always_was(parts):
    assert msgspec.json.encode(parts) == json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
