"""What somebody did is added up by type, by day and by the hour of the week."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from chalicelib.conditions.facts import Interaction, Verdict
from chalicelib.insights.tallies import Group, days, earliest, group_of, open_times, span, totals
from chalicelib.interactions.types import InteractionType

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def did(type_, at, verdict=Verdict.HUMAN, number=0):
    return Interaction(f"{type_}{at}{number}", type_, datetime.fromisoformat(at).replace(tzinfo=UTC), {}, verdict)


@pytest.mark.rule("CON-9")
def test_totals_count_what_people_did_and_tell_machines_apart():
    found = [
        did("EmailOpened", "2026-11-01T08:00"),
        did("EmailOpened", "2026-10-01T08:00"),
        did("EmailOpened", "2026-11-02T08:00", Verdict.MACHINE),
        did("EmailOpened", "2026-11-03T08:00", Verdict.UNDECIDED),
        did("FormSubmitted", "2026-11-03T08:00", Verdict.WITHDRAWN),
        did("EmailClicked", "2026-11-04T08:00", Verdict.MACHINE),
    ]

    clicked, opened = totals(found)

    assert (clicked.type, clicked.count, clicked.machines, clicked.first_at) == ("EmailClicked", 0, 1, None)
    assert (opened.type, opened.count, opened.machines) == ("EmailOpened", 2, 1)
    assert (opened.first_at.month, opened.last_at.month) == (10, 11)


@pytest.mark.rule("CON-9")
def test_a_day_is_the_day_where_somebody_looks_at_it():
    found = [did("EmailOpened", "2026-11-01T23:30"), did("EmailClicked", "2026-11-02T01:00", Verdict.MACHINE)]

    assert days(found, UTC) == {date(2026, 11, 1): {"EmailOpened": 1}}
    assert days(found, COPENHAGEN) == {date(2026, 11, 2): {"EmailOpened": 1}}


@pytest.mark.rule("CON-9")
def test_the_best_hours_to_send_are_those_in_which_messages_were_opened_most():
    found = [
        did("EmailOpened", "2026-11-04T08:10"),  # Wednesdays
        did("EmailOpened", "2026-11-11T08:50"),
        did("EmailOpened", "2026-11-03T20:00"),
        did("EmailOpened", "2026-11-03T20:00", Verdict.MACHINE, 1),
        did("EmailClicked", "2026-11-03T20:01"),
    ]

    best, second = open_times(found, COPENHAGEN)

    assert (best.weekday, best.hour, best.opens) == (2, 9, 2)
    assert (second.weekday, second.hour, second.opens) == (1, 21, 1)


@pytest.mark.rule("INT-5", "KPI-1")
def test_twelve_months_are_shown_and_no_day_before_them():
    assert span(None, None, NOW, UTC) == (date(2025, 11, 24), date(2026, 11, 24))
    assert span(date(2026, 1, 1), date(2026, 12, 31), NOW, UTC) == (date(2026, 1, 1), date(2026, 11, 24))
    with pytest.raises(ValueError, match="from 2025-11-24 on"):
        span(date(2025, 11, 23), None, NOW, UTC)
    with pytest.raises(ValueError, match="cannot come before"):
        span(date(2026, 2, 1), date(2026, 1, 1), NOW, UTC)


def test_twelve_months_before_a_leap_day_are_the_day_before():
    assert earliest(date(2028, 2, 29)) == date(2027, 2, 28)


@pytest.mark.rule("CON-9")
def test_every_type_of_the_categories_is_in_its_own():
    grouped = {each: group_of(each) for each in InteractionType}

    assert grouped[InteractionType.EMAIL_SUBSCRIPTION_SUBMIT] is Group.LIST
    assert grouped[InteractionType.SEGMENT_SUBSCRIBED] is Group.LIST
    assert grouped[InteractionType.LINKEDIN_FORM_SUBMISSION] is Group.FORM
    assert grouped[InteractionType.FORM_VISITED] is Group.FORM
    assert grouped[InteractionType.REDIRECT_LINK_CLICKED] is Group.WEB
    assert grouped[InteractionType.EVENT_CHECK_IN] is Group.EVENT
    assert grouped[InteractionType.SMS_SENT] is Group.OTHER
    assert {each for each, group in grouped.items() if group is Group.EMAIL} == {
        each for each in InteractionType if each.startswith("Email") and each != "EmailSubscriptionSubmit"
    }
