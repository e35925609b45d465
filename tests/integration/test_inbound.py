"""Leads of another system than LinkedIn: what takes them is the same, and knows neither (LNK-8)."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.capture import inbound
from chalicelib.capture.inbound import Box, Matching, Origin, Sent
from chalicelib.capture.linkedin.models import submission_id_of
from chalicelib.capture.models import Submission
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import put_new
from chalicelib.errors import Unprocessable
from chalicelib.interactions import service as interactions
from chalicelib.interactions.types import InteractionType
from chalicelib.leads import reading as leads
from chalicelib.leads.choices import LeadSource
from infra.local.linkedin_leads import notice
from tests.support.between import before_the_next_write
from tests.support.consents import changes
from tests.support.linkedin import answers_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
FAIR = "trade-fair"
BADGE = {"first_name": "Ada", "last_name": "Berg", "email": "ada1@example.com"}


def scanned(number=1, **changes):
    """A badge that was scanned at a fair, as its connector hands it over."""
    given = {
        "origin": Origin(FAIR, f"response-{number}", NOW, InteractionType.FORM_SUBMITTED, {"form_id": FAIR}),
        "contact": BADGE,
        "lead": {},
        "lead_source": LeadSource.TRADE_SHOW,
        "owner_id": "user:bo",
        "of_new": {"topic": "Boat fair"},
    }
    return Sent(**{**given, **changes})


def keeping(sent):
    """What the connector keeps: that it has taken this badge."""

    def keep(resolved):
        identity = sent.origin.submission_id
        if Submission.find(*Submission.at(identity)) is not None:
            return None
        named = {"submission_id": identity, "form_id": FAIR, "form_version": 1, "state": "success"}
        return [put_new(Submission(*Submission.at(identity), **named, lead_id=resolved.lead_id, submitted_at=NOW))]

    return keep


def take(sent):
    return inbound.take(sent, keeping(sent), NOW)


def done(contact_id):
    return interactions.of_contact(contact_id, "FormSubmitted")


@pytest.mark.rule("LNK-8")
@pytest.mark.usefixtures("cloud")
def test_a_second_connector_brings_leads_with_their_contacts_and_what_they_agreed_to():
    boxes = [Box("news", "fair:1", accepted=True, wording="Send me news", raises={"consent_level": 3})]

    made = take(scanned(boxes=boxes))

    lead, contact = leads.find(made.lead_id), contacts.find(made.contact_id)
    assert (made.contact_result, made.lead_result) == ("created", "created")
    assert (lead.lead_source, lead.topic, lead.email, lead.owner_id) == (
        "trade_show",
        "Boat fair",
        "ada1@example.com",
        "user:bo",
    )
    assert (lead.contact_id, contact.last_name, lead.linkedin_submissions) == (contact.contact_id, "Berg", None)
    assert [(each.lead_id, each.attributes["form_id"]) for each in done(contact.contact_id)] == [(lead.lead_id, FAIR)]
    [kept] = changes(contact.contact_id)
    assert (kept.wording, kept.source, kept.method) == ("Send me news", "fair:1", "checkbox ticked")
    assert consent.preferences(contact.contact_id).consent_level == 3


@pytest.mark.rule("LNK-8")
@pytest.mark.usefixtures("cloud")
def test_what_comes_again_by_a_second_connector_is_taken_once_also_at_the_same_time():
    sent = scanned()

    with before_the_next_write(lambda: take(sent)):
        late = take(sent)
    again = take(sent)

    assert (late, again) == (None, None)
    [lead] = Submission.scan(Submission.form_id == FAIR)
    assert len(done(leads.find(lead.lead_id).contact_id)) == 1


@pytest.mark.usefixtures("cloud")
def test_a_system_whose_clock_is_ahead_does_not_have_the_last_word_for_good():
    ahead = Origin(FAIR, "response-1", NOW + timedelta(days=1), InteractionType.FORM_SUBMITTED, {"form_id": FAIR})
    take(scanned(origin=ahead, lead={"topic": "Canoes"}))

    took = take(scanned(2, lead={"topic": "Kayaks"}))

    lead = leads.find(took.lead_id)
    assert (lead.topic, lead.latest_submission_at) == ("Kayaks", NOW)


@pytest.mark.rule("LNK-8")
def test_two_connectors_share_people_and_leads_and_never_take_one_response_for_the_others(connected):
    """Both number their responses alike; the second finds whom the first has brought."""
    connected.tell(notice(connected.send(1, answers={**answers_of(1), "LAST_NAME": "Berg"})))
    connected.world.settle()
    [known] = connected.api.get("/leads")["items"]

    sent = scanned(1)
    took = take(sent)

    assert sent.origin.submission_id != submission_id_of("response-1")
    assert (took.lead_id, took.contact_id) == (known["id"], known["contact_id"])
    lead = leads.find(known["id"])
    assert (lead.linkedin_submissions, lead.lead_source) == (1, "linkedin_sponsored_form")
    assert len(done(lead.contact_id)) == 1


@pytest.mark.rule("LNK-8", "MAT-6")
@pytest.mark.usefixtures("cloud")
def test_a_second_connector_is_told_what_it_lacks_and_has_options_of_its_own():
    with pytest.raises(Unprocessable, match="matching strategy"):
        take(scanned(contact={"last_name": "Berg"}))

    first = take(scanned(1, matching=Matching(always_create_lead=True)))
    second = take(scanned(2, matching=Matching(always_create_lead=True)))
    orphan = take(scanned(3, contact={**BADGE, "email": "eva@x.dk"}, matching=Matching(enable_contact_creation=False)))

    assert (first.contact_id, first.lead_id != second.lead_id) == (second.contact_id, True)
    assert (orphan.contact_id, orphan.lead_result) == (None, "created")
