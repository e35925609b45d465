"""Where answers go: by LinkedIn's own names, never by a question's words."""

import pytest

from chalicelib.capture.linkedin import mapping, reading
from chalicelib.capture.linkedin.mapping import USUAL, Entry, Ticked
from infra.local import linkedin_leads as samples
from infra.local.linkedin_leads import CONSENT, TEAM_SIZE

FORM = reading.form_of(samples.versioned(), samples.form())
EMAIL = Entry(predefined="EMAIL", contact_field="email", lead_field="email")


def lead(**answers):
    return reading.lead_of(samples.lead("1", 1795305590123, answers))


@pytest.mark.rule("LNK-4")
def test_what_is_not_mapped_reaches_neither_contact_nor_lead():
    values = mapping.values_of([EMAIL], lead(EMAIL="ada@example.com", COMPANY_NAME="Kayaks"), FORM)

    assert (values.contact, values.lead) == ({"email": "ada@example.com"}, {"email": "ada@example.com"})


@pytest.mark.rule("LNK-4")
def test_questions_and_hidden_fields_of_a_form_can_be_mapped():
    raw = samples.lead("1", 1795305590123, {})
    raw["formResponse"]["answers"] = [
        {"questionId": TEAM_SIZE, "answerDetails": {"multipleChoiceAnswer": {"options": [2]}}}
    ]
    entries = [
        Entry(question_id=TEAM_SIZE, lead_field="company_size"),
        Entry(hidden="utm_campaign", lead_field="description"),
    ]

    values = mapping.values_of(entries, reading.lead_of(raw), FORM)

    assert values.lead == {"company_size": "11-50", "description": "q4-webinar"}


def test_the_words_of_a_question_map_nothing():
    document = samples.form()
    document["content"]["questions"][2]["question"] = {"localized": {"da_DK": "E-mailadresse"}}

    values = mapping.values_of([EMAIL], lead(EMAIL="ada@example.com"), reading.form_of(samples.versioned(), document))

    assert values.contact == {"email": "ada@example.com"}


def test_the_first_answer_for_a_field_counts():
    work = Entry(predefined="COMPANY_NAME", contact_field="email")

    values = mapping.values_of([EMAIL, work], lead(EMAIL="ada@example.com", COMPANY_NAME="other@example.com"), FORM)

    assert values.contact["email"] == "ada@example.com"


def test_an_answer_that_its_field_cannot_hold_is_left_out_and_named():
    phone = Entry(predefined="COMPANY_NAME", contact_field="phone", lead_field="description")

    values = mapping.values_of([phone], lead(COMPANY_NAME="12 34"), FORM)

    assert (values.contact, values.lead) == ({}, {"description": "12 34"})
    [problem] = values.problems
    assert problem.field == "COMPANY_NAME"
    assert "country code" in problem.message


def test_a_value_without_end_is_left_out():
    values = mapping.values_of(
        [EMAIL, Entry(predefined="COMPANY_NAME", lead_field="description")], lead(COMPANY_NAME="x" * 9000), FORM
    )

    assert values.lead == {}
    assert "2,000 letters" in values.problems[0].message


@pytest.mark.rule("LNK-4")
def test_what_leads_are_matched_by_has_to_be_mapped():
    assert mapping.problems_of(USUAL, ["email", "page_id", "topic", "business_unit"]) == []
    [problem] = mapping.problems_of([Entry(predefined="LAST_NAME", lead_field="last_name")], ["email"])
    assert problem.message == "Leads are matched by email, so an answer has to go to it."


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (Entry(predefined="EMAIL"), "Say to which field"),
        (Entry(predefined="EMAIL", lead_field="sales_ready"), "cannot write this field of a lead"),
        (Entry(predefined="EMAIL", lead_field="linkedin_submissions"), "cannot write this field of a lead"),
        (Entry(predefined="EMAIL", contact_field="owner_id"), "cannot write this field of a contact"),
    ],
)
def test_a_mapping_to_nowhere_is_refused(entry, told):
    assert told in mapping.problems_of([entry], [])[0].message


def test_a_question_is_mapped_once():
    [problem] = mapping.problems_of([EMAIL, EMAIL], [])

    assert problem.message == "EMAIL is mapped 2 times; once is right."


def test_a_box_allows_what_it_is_mapped_to_of_its_own_form_only():
    ticked = [Ticked(CONSENT, None, "bulk_email"), Ticked(CONSENT, 7234246, None, 4), Ticked(CONSENT, 1, "tracking")]

    assert mapping.raised_by(ticked, FORM, CONSENT) == {"bulk_email": True, "consent_level": 4}
    assert mapping.raised_by(ticked, FORM, 99) == {}
