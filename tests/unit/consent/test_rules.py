"""What may be sent to whom, and what allows more than before."""

import pytest

from chalicelib.consent.rules import Designation, Level, Preferences, Refusal, raises, refusal, trackable

COMMERCIAL, TRANSACTIONAL = Designation.COMMERCIAL, Designation.TRANSACTIONAL


@pytest.mark.rule("CON-10", "CON-11", "CON-15", "EML-2")
@pytest.mark.parametrize(
    ("email", "bulk_email", "commercial", "transactional"),
    [
        (True, True, None, None),
        (True, False, Refusal.DO_NOT_BULK_EMAIL, None),
        (False, True, Refusal.DO_NOT_EMAIL, Refusal.DO_NOT_EMAIL),
        (False, False, Refusal.DO_NOT_EMAIL, Refusal.DO_NOT_EMAIL),
    ],
)
def test_the_matrix_of_email_and_bulk_email_decides_what_is_sent(email, bulk_email, commercial, transactional):
    preferences = Preferences("c", email=email, bulk_email=bulk_email)

    assert refusal(preferences, COMMERCIAL) == commercial
    assert refusal(preferences, TRANSACTIONAL) == transactional


@pytest.mark.rule("CON-10", "CON-11", "CON-14", "CORE-9")
def test_who_never_said_anything_allows_mail_and_tracking_but_no_prefill():
    silent = Preferences("c")

    assert (silent.email, silent.bulk_email, silent.tracking, silent.prefill) == (True, True, True, False)
    assert (silent.consent_level, silent.is_child, silent.guardian_id) == (0, False, None)


@pytest.mark.rule("CON-13")
@pytest.mark.parametrize("designation", Designation)
def test_follow_email_has_no_effect_on_what_is_sent_and_recorded(designation):
    assert refusal(Preferences("c", follow_email=False), designation) is None
    assert trackable(Preferences("c", follow_email=False))


@pytest.mark.rule("PRV-11")
@pytest.mark.parametrize(("consent", "why"), [(False, Refusal.CHILD), (True, None)])
def test_a_child_gets_messages_of_any_kind_with_the_guardians_consent_only(consent, why):
    child = Preferences("c", is_child=True, guardian_id="g", guardian_consent=consent)

    assert (refusal(child, COMMERCIAL), refusal(child, TRANSACTIONAL)) == (why, why)


@pytest.mark.rule("PRV-1")
def test_the_levels_are_ordered_from_none_to_profiling():
    assert [level.value for level in sorted(Level)] == [0, 1, 2, 3, 4, 5]
    assert Level.NONE < Level.CONSENT < Level.TRANSACTIONAL < Level.SUBSCRIPTIONS < Level.MARKETING < Level.PROFILING


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ({"bulk_email": False}, {"bulk_email": True}, True),
        ({"bulk_email": True}, {"bulk_email": True}, False),
        ({"email": True}, {"email": False}, False),
        ({"consent_level": 2}, {"consent_level": 3}, True),
        ({"consent_level": 2}, {"consent_level": 1}, False),
        ({"is_child": True}, {"is_child": False}, True),
        ({"is_child": False}, {"is_child": True}, False),
        ({"is_child": True}, {"of_age_on": "2030-01-01"}, True),
        ({"is_child": True, "of_age_on": "2030-01-01"}, {"of_age_on": "2029-12-31"}, True),
        ({"is_child": True, "of_age_on": "2030-01-01"}, {"of_age_on": "2031-01-01"}, False),
        ({"is_child": True, "of_age_on": "2030-01-01"}, {"of_age_on": None}, False),
        ({}, {"guardian_consent": True}, True),
    ],
)
def test_only_what_allows_more_than_before_asks_for_a_reason(before, after, more):
    assert raises(Preferences("c", **before), after) is more
