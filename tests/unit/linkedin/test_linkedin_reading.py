"""What LinkedIn sends, read leniently where it leaves things out, and strictly where it points."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.capture.linkedin import reading
from chalicelib.capture.linkedin.reading import Unreadable
from infra.local import linkedin_leads as samples
from infra.local.linkedin_leads import TEAM_SIZE

LEAD = samples.lead("1f0c2b7e-5a53-4d3e-9a54-7f5d0f6f1c11-5", 1795305590123, {"EMAIL": "ada@example.com"})
NOTICE = samples.notice(LEAD)


def test_a_delivery_points_to_a_response():
    notice = reading.notice_of(json.dumps(NOTICE).encode())

    assert notice.response_id == "1f0c2b7e-5a53-4d3e-9a54-7f5d0f6f1c11-5"
    assert (notice.owner, notice.lead_type, notice.action) == (samples.ACCOUNT, "SPONSORED", "CREATED")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "OTHER"},
        {"leadType": "NEWSLETTER"},
        {"leadType": ["SPONSORED"]},
        {"leadAction": "CHANGED"},
        {"leadAction": None},
        {"owner": "urn:li:organization:1"},
        {"owner": {"sponsoredAccount": "urn:li:organization:1#SECRETS"}},
        {"owner": {}},
        {"leadGenFormResponse": "urn:li:leadGenFormResponse:../x"},
        {"leadGenFormResponse": 7},
    ],
)
def test_what_linkedin_is_not_known_to_send_is_unreadable(changes):
    with pytest.raises(Unreadable):
        reading.notice_of(json.dumps({**NOTICE, **changes}).encode())


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff", b'"x"', b"[" * 100_000, b'{"type": NaN}'])
def test_what_is_no_object_is_unreadable(body):
    with pytest.raises(Unreadable):
        reading.notice_of(body)


def test_an_instant_comes_in_seconds_or_milliseconds():
    expected = datetime(2026, 11, 21, 23, 59, 50, tzinfo=UTC)

    assert reading.instant_of(1795305590) == reading.instant_of(1795305590000) == expected


@pytest.mark.parametrize("given", [None, "1795305590", True, -1, 0, 10**30, [], 1e400])
def test_what_is_no_instant_is_unreadable(given):
    with pytest.raises(Unreadable):
        reading.instant_of(given)


def test_a_lead_may_lack_whatever_is_empty():
    bare = {name: LEAD[name] for name in ("id", "owner", "leadType", "submittedAt")}

    lead = reading.lead_of(bare)

    assert (lead.answers, lead.consents, lead.campaign, lead.form_urn, lead.test) == ({}, {}, None, None, False)


@pytest.mark.parametrize(
    "odd", [{"formResponse": 1}, {"formResponse": {"answers": {}}}, {"formResponse": {"answers": [1, {}]}}]
)
def test_odd_answers_are_no_answers(odd):
    assert reading.lead_of({**LEAD, **odd}).answers == {}


def test_a_form_urn_may_have_a_space_in_it():
    spaced = {**LEAD, "versionedLeadGenFormUrn": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:818, 1)"}

    lead = reading.lead_of(spaced)

    assert lead.form_urn == "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:818,1)"
    assert reading.form_of(lead.form_urn, {}).version == "1"


def test_chosen_options_are_told_by_their_texts():
    form = reading.form_of(samples.versioned(), samples.form())

    chosen = reading.text_of({"multipleChoiceAnswer": {"options": [2, 9]}}, form.questions[TEAM_SIZE])

    assert chosen == "11-50; 9"


def test_a_form_tells_its_wording_and_its_legal_information():
    form = reading.form_of(samples.versioned(), samples.form())

    assert form.wordings == {11: "E-mail me offers", 12: "Call me"}
    assert form.legal == "legal information 5; https://example.com/privacy; We keep what you send for two years."
    assert form.hidden == {"utm_campaign": "q4-webinar"}


@pytest.mark.parametrize(
    "odd", [{}, {"content": []}, {"content": {"questions": 1}}, {"hiddenFields": [1, {}], "name": 7}]
)
def test_an_odd_form_is_an_empty_one(odd):
    form = reading.form_of("urn:odd", odd)

    assert (form.questions, form.wordings, form.hidden, form.legal) == ({}, {}, {}, "")
