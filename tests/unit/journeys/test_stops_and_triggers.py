"""What makes a contact leave, who is refused, and what triggers take."""

import pytest

from chalicelib.journeys import triggers
from chalicelib.journeys.stops import SENTENCES, Situation, StopReason, refused, stopped
from chalicelib.journeys.triggers import TriggerAttribute, TriggerDocument

WELL = Situation(consent=4, minimum_consent=2)


def with_(**changes):
    return Situation(**{"consent": 4, "minimum_consent": 2, **changes})


@pytest.mark.rule("JRN-70")
def test_whoever_gives_no_reason_goes_on():
    assert stopped(WELL) is None
    assert refused(WELL) is None


@pytest.mark.parametrize(
    ("row", "situation", "reason"),
    [
        pytest.param(3, with_(ended=True), StopReason.JOURNEY_ENDED, marks=pytest.mark.rule("JRN-13")),
        pytest.param(5, with_(suppressed=True), StopReason.SUPPRESSION_SEGMENT, marks=pytest.mark.rule("JRN-20")),
        pytest.param(6, with_(consent=1), StopReason.CONSENT_BELOW_MINIMUM, marks=pytest.mark.rule("PRV-5")),
        pytest.param(9, with_(in_audience=False, stops_leavers=True), StopReason.LEFT_AUDIENCE),
        pytest.param(17, with_(exists=False), StopReason.CONTACT_DELETED),
        pytest.param(23, with_(next_iteration=True), StopReason.NEXT_ITERATION, marks=pytest.mark.rule("JRN-18")),
    ],
)
def test_the_stopping_rows_of_the_matrix(row, situation, reason):
    assert stopped(situation) is reason, row


@pytest.mark.rule("JRN-15")
def test_whoever_leaves_the_audience_goes_on_unless_the_journey_says_otherwise():
    assert stopped(with_(in_audience=False)) is None


@pytest.mark.rule("PRV-1", "PRV-4")
def test_a_level_includes_the_lower_ones():
    assert stopped(with_(consent=2)) is None
    assert stopped(with_(consent=5)) is None
    assert stopped(Situation(consent=0)) is None


@pytest.mark.parametrize(
    ("situation", "reason"),
    [
        (with_(exists=False), StopReason.NO_CONTACT),
        (with_(suppressed=True), StopReason.SUPPRESSION_SEGMENT),
        (with_(consent=1), StopReason.CONSENT_BELOW_MINIMUM),
    ],
)
def test_who_is_refused_at_entry(situation, reason):
    assert refused(situation) is reason


def test_every_reason_has_a_sentence():
    assert set(SENTENCES) == set(StopReason)


@pytest.mark.rule("TRG-6")
def test_a_trigger_has_29_attributes_at_most_and_each_once():
    many = [{"name": f"a{number}"} for number in range(30)]

    assert len(TriggerDocument.model_validate({"attributes": many[:29]}).attributes) == 29
    with pytest.raises(ValueError, match="at most 29 items"):
        TriggerDocument.model_validate({"attributes": many})
    twice = TriggerDocument.model_validate({"attributes": [{"name": "a"}, {"name": "a"}]})
    assert [problem.field for problem in triggers.problems(twice)] == ["/attributes/1/name"]


@pytest.mark.rule("TRG-6", "TRG-7")
@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("text", "x", 1),
        ("number", 1.5, True),
        ("boolean", False, 0),
        ("instant", "2026-11-24T09:00:00Z", "2026-11-24T09:00:00"),
        ("reference", "01H", ""),
    ],
)
def test_attributes_are_checked_by_type(type_, good, bad):
    known = [TriggerAttribute(name="a", type=type_)]

    assert not triggers.mistakes(known, {"a": good})
    assert [problem.field for problem in triggers.mistakes(known, {"a": bad})] == ["attributes.a"]


@pytest.mark.rule("TRG-7")
def test_unknown_and_missing_attributes_are_named_together():
    known = [TriggerAttribute(name="order", required=True)]

    assert [problem.field for problem in triggers.mistakes(known, {"x": 1})] == ["attributes.x", "attributes.order"]


@pytest.mark.rule("TRG-5", "TRG-8")
@pytest.mark.parametrize(
    ("fact", "raised"),
    [
        ({"fact": "contact.created", "id": "c"}, ["contact-created"]),
        ({"fact": "contact.changed", "id": "c", "changed": ["email_2"]}, ["contact-email-updated"]),
        ({"fact": "contact.changed", "id": "c", "changed": ["mobile_phone"]}, ["contact-phone-updated"]),
        (
            {"fact": "contact.changed", "id": "c", "changed": ["city", "phone"]},
            ["contact-phone-updated", "contact-address-updated"],
        ),
        ({"fact": "contact.changed", "id": "c", "changed": ["job_title"]}, []),
        ({"fact": "lead.created", "id": "l", "contact": "c"}, ["lead-created"]),
        ({"fact": "lead.created", "id": "l"}, []),
    ],
)
def test_business_triggers_follow_from_what_changed(fact, raised):
    assert triggers.raised_by(fact) == raised


def test_a_business_trigger_is_the_same_however_often_its_fact_arrives():
    fact = {"fact": "contact.changed", "id": "c", "changed": ["email"], "at": "2026-11-24T09:00:00.000000Z"}

    assert triggers.business_id("contact-email-updated", fact) == triggers.business_id(
        "contact-email-updated", {**fact}
    )
    later = {**fact, "at": "2026-11-24T09:00:01.000000Z"}
    assert triggers.business_id("contact-email-updated", fact) != triggers.business_id("contact-email-updated", later)
