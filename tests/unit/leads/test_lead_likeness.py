"""How alike two leads are: the same person and the same interest, and in which block a lead is looked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.leads.choices import NO_NAME
from chalicelib.leads.likeness import PERSON, block_of_lead, leads_alike

ADA = {"first_name": "Ada", "last_name": "Nygård", "email": "ada@contoso.dk", "phone": "+4512345678", "contact_id": "a"}
KAYAK = {**ADA, "topic": "Sea kayak, two seats", "source_page_id": "p", "account_id": "x"}

anything = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            ("first_name", "last_name", "topic", "company_name"), st.sampled_from(["Ada", NO_NAME, "Bo", ""])
        ),
        **dict.fromkeys(("email", "phone", "website"), st.sampled_from(["a@b.dk", "+4512345678", "b.dk", ""])),
        **dict.fromkeys(("contact_id", "account_id", "source_page_id"), st.sampled_from(["x", "y", None])),
    },
)


@pytest.mark.parametrize(
    ("changed", "suggested", "why"),
    [
        ({}, True, "They are about the same topic."),
        ({"topic": None, "source_page_id": None}, True, "They belong to the same contact."),
        ({"topic": "Sea kayak with two seats"}, True, "Their topics are nearly the same."),
        ({"source_page_id": "other"}, True, "They came from different pages."),
        ({"topic": "Tent for the winter", "source_page_id": None}, False, "They are about different topics."),
        ({"topic": None, "source_page_id": "other"}, False, "They came from different pages."),
        ({"topic": "Tent for the winter", "source_page_id": "other"}, False, "They are about different topics."),
        ({"contact_id": None}, True, "Only one of them has a contact"),
        ({"contact_id": "b", "email": "ada@home.dk"}, True, "Their contacts have to be merged first."),
        ({"last_name": "Nygaard", "email": None, "contact_id": None}, True, "They have the same telephone number."),
    ],
)
def test_two_leads_are_suggested_for_who_they_are_and_what_they_are_about(changed, suggested, why):
    found = leads_alike(KAYAK, {**KAYAK, **changed})

    assert found.suggested == suggested
    assert any(why in each for each in found.reasons)


def test_whoever_they_are_a_person_alone_counts_so_much_at_most_that_another_interest_outweighs_it():
    alone = leads_alike(ADA, ADA)

    assert alone.score == PERSON
    assert len(alone.reasons) >= 4


@pytest.mark.parametrize(
    ("source", "noun"),
    [("source_journey_id", "journey"), ("originating_event_id", "event"), ("source_form_id", "form")],
)
def test_a_context_is_told_apart_by_what_both_came_from(source, noun):
    same = leads_alike({**ADA, source: "s", "source_page_id": "p"}, {**ADA, source: "s"})
    other = leads_alike({**ADA, source: "s"}, {**ADA, source: "t"})

    assert f"They came from the same {noun}." in same.reasons
    assert f"They came from different {noun}s." in other.reasons
    assert same.score > other.score


def test_an_accounts_leads_without_contacts_need_more_than_the_account():
    one = {"account_id": "x", "company_name": "Contoso A/S", "last_name": NO_NAME}

    assert not leads_alike(one, one).suggested
    assert leads_alike({**one, "topic": "Kayaks"}, {**one, "topic": "kayaks"}).suggested


def test_a_form_that_asked_for_no_name_gives_none():
    nameless = {"last_name": NO_NAME, "email": "a@gmail.com"}

    assert leads_alike(nameless, {**nameless, "email": "b@gmail.com"}).score == 10
    assert block_of_lead(NO_NAME, "a@gmail.com", None, None) is None


def test_a_block_is_a_name_at_a_domain_or_else_at_a_company():
    assert block_of_lead("Nygård", "ada@Contoso.dk", None, "Kajak") == "lead#ngrd@contoso.dk"
    assert block_of_lead("Nygaard", None, "https://www.contoso.dk", None) == "lead#ngrd@contoso.dk"
    assert block_of_lead("Nygård", None, None, "Kajak ApS") == "lead#ngrd@kajak"
    assert block_of_lead("Nygård", None, None, None) is block_of_lead("", "a@b.dk", None, None) is None


@given(one=anything, other=anything)
def test_likeness_goes_both_ways_and_stays_within_a_hundred(one, other):
    found = leads_alike(one, other)

    assert found == leads_alike(other, one)
    assert 0 <= found.score <= 100
    assert leads_alike({}, {}).reasons == []
