"""Interactions: what recording one writes, and what its stream tells."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from chalicelib.contacts.models import ContactsItem
from chalicelib.interactions import plans
from chalicelib.interactions.facts import facts_of
from chalicelib.interactions.models import Digest, Fact, Interaction, Late
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.schemas import ReportedInteraction
from chalicelib.interactions.types import BY_MACHINES_TOO, REPORTED, InteractionType
from chalicelib.leads.models import LeadsItem
from chalicelib.messages.models import MessagesItem
from chalicelib.segments.models import SegmentsItem
from chalicelib.settings import settings
from chalicelib.streams import StreamRecord
from chalicelib.wiring.reactions import queues_for

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def clicked(**more):
    given = {"source": "link", "source_event": "e", "contact_id": "c", "verdict": plans.UNDECIDED, **more}
    return NewInteraction(InteractionType.EMAIL_CLICKED, NOW, **given)


def told(old, new):
    return list(facts_of(StreamRecord(old, new, NOW, expired=False)))


def image(**more):
    return {
        "kind": "interaction",
        "pk": "CONTACT#c",
        "sk": "EmailClicked#…",
        "interaction_id": "i",
        "contact_id": "c",
        "type": "EmailClicked",
        "at": "2026-11-24T09:00:00.000000Z",
        **more,
    }


def test_the_same_event_of_a_source_has_the_same_id_whenever_it_comes():
    later = NewInteraction(InteractionType.EMAIL_CLICKED, NOW + timedelta(days=1), "link", "e", contact_id="other")

    assert clicked().id == later.id
    assert clicked().id != clicked(source_event="f").id != clicked(source="pixel", source_event="f").id


@pytest.mark.rule("INT-2", "CORE-7")
def test_an_interaction_belongs_to_a_contact_where_one_is_known_not_to_a_lead_or_an_account():
    assert clicked(lead_id="l", account_id="a", visitor_id="v").owner == "CONTACT#c"
    assert clicked(contact_id=None, visitor_id="v", lead_id="l").owner == "VISITOR#v"
    assert clicked(contact_id=None, submission_id="s").owner == "SUBMISSION#s"
    with pytest.raises(ValueError, match="needs a contact"):
        _ = clicked(contact_id=None, lead_id="l", account_id="a").owner


@pytest.mark.rule("INT-3")
def test_interactions_lie_in_a_store_of_their_own_apart_from_the_records_that_people_edit():
    edited = {each.Meta.table_name for each in (ContactsItem, LeadsItem, MessagesItem, SegmentsItem)}

    assert {each.Meta.table_name for each in (Interaction, Fact, Digest, Late)} == {settings.table("interactions")}
    assert settings.table("interactions") not in edited


def test_what_is_absent_is_not_stored():
    [write] = plans.record(clicked(attributes={"email_id": "e", "link": "", "send_id": None, "properties": {}}), NOW)

    stored = write.request["Item"]
    assert stored["attributes"] == {"S": '{"email_id":"e"}'}
    assert not {"account_id", "lead_id", "visitor_id", "decided_at", "reasons"} & set(stored)


def test_a_source_that_may_deliver_twice_gets_a_row_that_holds_the_first_delivery():
    kinds = [write.key.kind for write in plans.record(clicked(), NOW, once=True)]

    assert kinds == [Fact, Interaction]


def test_interactions_of_a_type_lie_in_the_order_of_time():
    places = [Interaction.place("CONTACT#c", "EmailClicked", NOW + timedelta(seconds=n), "i") for n in (9, 10)]

    assert places == sorted(places)


@pytest.mark.rule("INT-7")
def test_an_interaction_without_a_contact_is_counted_at_most():
    [told_of] = told(None, image(pk="VISITOR#v", contact_id=None))
    assert told_of["fact"] == "visit.recorded"
    assert queues_for(told_of) == ("count",)
    assert told(image(pk="VISITOR#v", contact_id=None), image(pk="VISITOR#v", contact_id=None)) == []
    assert told(None, image(pk="SUBMISSION#s", contact_id=None, type="FormSubmitted")) == []


def test_recording_tells_ids_and_names_only():
    attributes = '{"email_id":"e","send_id":"s","user_agent":"Mozilla","properties":{"city":"Oslo"}}'

    [fact] = told(None, image(attributes=attributes))

    assert fact["about"] == ["e", "s"]
    assert (fact["email"], fact["send"]) == ("e", "s")
    assert "Oslo" not in str(fact)
    assert "Mozilla" not in str(fact)


def test_a_verdict_that_falls_or_changes_is_told_and_nothing_else():
    undecided, human, machine = (image(verdict=verdict) for verdict in ("undecided", "human", "machine"))

    assert [fact["fact"] for fact in told(undecided, human)] == ["interaction.decided"]
    assert [fact["verdict"] for fact in told(human, machine)] == ["machine"]
    assert told(human, {**human, "account_id": "a"}) == []
    assert told(human, None) == []


@pytest.mark.parametrize(
    ("verdict", "type_", "queues"),
    [
        ("undecided", "EmailClicked", {"verdict"}),
        ("machine", "EmailClicked", {"count"}),
        ("human", "EmailClicked", {"rescore", "membership", "wake", "count"}),
        ("none", "EmailSent", {"rescore", "membership"}),  # its send is counted, and nothing waits for it
        ("none", "EmailDelivered", {"rescore", "membership", "wake", "count"}),
        ("none", "FormSubmitted", {"rescore", "membership", "wake", "count", "enrol"}),
    ],
)
def test_only_what_a_person_did_causes_anything_but_a_figure(verdict, type_, queues):
    [fact] = told(None, image(type=type_, verdict=verdict))

    assert set(queues_for(fact)) - {"confirm"} == queues  # a visit confirms earlier clicks, and causes nothing by it


def test_opens_and_clicks_are_what_machines_do_too():
    assert {"EmailOpened", "EmailClicked"} == BY_MACHINES_TOO


@pytest.mark.rule("INT-3")
@pytest.mark.parametrize("type_", sorted(set(InteractionType) - REPORTED))
def test_what_we_record_ourselves_cannot_be_reported_by_others(type_):
    with pytest.raises(ValidationError, match="Only these can be reported"):
        ReportedInteraction(contact_id="c", type=type_, at=NOW)


def test_properties_are_short():
    with pytest.raises(ValidationError, match="2,048 bytes"):
        ReportedInteraction(contact_id="c", type="WebsiteVisited", at=NOW, properties={"a": "ж" * 1100})


def test_the_catalogue_holds_every_type_once():
    assert len(InteractionType) == len({each.value for each in InteractionType}) > 100
