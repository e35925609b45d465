"""How alike two records are, with reasons, and in which block each is looked for."""

import pytest

from chalicelib.contacts.blocks import block_of_account, block_of_contact, domain_of, plain, skeleton, tail
from chalicelib.contacts.likeness import SUGGESTED, accounts_alike, contacts_alike

ADA = {"first_name": "Ada", "last_name": "Nygård", "email": "ada@contoso.dk", "phone": "+4512345678"}
BO = {"first_name": "Bo", "last_name": "Holm"}


@pytest.mark.parametrize(
    ("one", "other"), [("Juhl", "juul"), ("Nygård", "Nygaard"), ("Meyer", "Meier"), ("Hansson", "Hanson")]
)
def test_names_that_are_often_misspelt_have_one_skeleton(one, other):
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize("nothing", [None, "", "  ", "…"])
def test_without_a_name_there_is_no_skeleton_and_no_block(nothing):
    assert skeleton(nothing) == ""
    assert block_of_contact(nothing, "ada@contoso.dk", None) is None


def test_a_block_is_a_name_at_a_domain_or_a_companys_domain():
    assert block_of_contact("Nygård", "ada@Contoso.dk", None) == "contact#ngrd@contoso.dk"
    assert block_of_contact("Nygaard", None, "https://www.contoso.dk/about") == "contact#ngrd@contoso.dk"
    assert block_of_account("www.Contoso.dk:443") == block_of_account("https://contoso.dk") == "account#contoso.dk"
    assert block_of_contact("Nygård", None, None) is block_of_account("") is None


@pytest.mark.parametrize("website", ["http://[x", "//[", "https://ex℀mple.dk"])
def test_what_cannot_be_an_address_is_at_home_nowhere(website):
    assert domain_of(None, website) == ""
    assert block_of_account(website) is block_of_contact("Nygård", None, website) is None


def test_a_number_has_the_same_end_however_it_is_written():
    assert tail("+45 12 34 56 78") == tail("12345678") == "12345678"
    assert tail("123") is tail(None) is None


def test_signs_and_accents_do_not_tell_names_apart():
    assert plain("  Ída-María  O’Neill ") == "ida maria o neill"
    assert domain_of(None, "not an address at all") == "not an address at all"


@pytest.mark.parametrize(
    ("changed", "suggested", "why"),
    [
        ({"email": "ada@home.dk"}, True, "They have the same name."),
        ({"first_name": "Aida", "email": None}, True, "They have the same telephone number."),
        ({"last_name": "Nygaard", "phone": None, "email": "ada@home.dk"}, True, "Their names are nearly the same."),
        ({**BO, "phone": None}, True, "They have the same email address."),
        (
            {"first_name": "Bo", "last_name": "Holm", "email": "bo@contoso.dk", "phone": None},
            False,
            "at the same domain",
        ),
        ({"email": None, "phone": None}, False, "They have the same name."),
        ({**BO, "email": None}, False, "They have the same telephone number."),
    ],
)
def test_two_contacts_are_suggested_for_reasons_in_words(changed, suggested, why):
    found = contacts_alike(ADA, {**ADA, **changed})

    assert found.suggested == suggested == (found.score >= SUGGESTED)
    assert any(why in each for each in found.reasons)


def test_who_was_born_on_another_day_is_another_person():
    one, other = ({**ADA, "email": None, "birth_date": day} for day in ("1990-01-01", "1991-01-01"))

    assert not contacts_alike(one, other).suggested
    assert contacts_alike(one, one).score > 90


def test_companies_are_known_by_their_name_and_by_their_website():
    kajak = {"name": "Kajak ApS", "website": "https://kajak.dk"}

    assert accounts_alike(kajak, {"name": "Kajak Aps."}).suggested
    assert (
        accounts_alike(kajak, {"name": "Kajak Danmark ApS", "website": "www.kajak.dk", "postal_code": None}).score >= 45
    )
    assert not accounts_alike(kajak, {"name": "Telt og Tur", "website": "https://telt.dk"}).suggested


def test_nothing_in_common_is_nothing():
    assert contacts_alike({}, {}).score == 0
    assert contacts_alike({}, {}).reasons == []
