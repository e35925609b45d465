"""What an event asks and how what was typed is read; when it is closed; what its stream tells."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from chalicelib.registrations import checks, events
from chalicelib.registrations.asking import read, read_answers
from chalicelib.registrations.facts import facts_of
from chalicelib.registrations.schemas import EventDocument
from chalicelib.registrations.sent import attendees_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ADA = {"first_name": " Ada ", "last_name": "Nygård", "email": "ada@contoso.example"}


def event(**more):
    times = {"starts_at": NOW + timedelta(days=2), "ends_at": NOW + timedelta(days=3)}
    return EventDocument.model_validate({**times, **more})


@pytest.mark.rule("EVT-10")
@pytest.mark.parametrize(
    ("matching", "needed"),
    [
        ("email", {"last_name", "email"}),
        ("names", {"first_name", "last_name"}),
        ("email_and_names", {"first_name", "last_name", "email"}),
    ],
)
def test_an_event_asks_for_what_it_matches_by(matching, needed):
    _, problems = read(event(matching=matching), {})

    assert {problem.field for problem in problems} == needed


@pytest.mark.rule("EVT-7")
def test_answers_are_kept_apart_from_the_person_and_what_is_blank_is_none():
    asked = [{"name": "meal", "label": "Meal"}, {"name": "parking", "label": "Parking", "type": "boolean"}]

    attendee, problems = read(event(fields=asked), {**ADA, "meal": "", "parking": "on", "phone": ""})

    assert (attendee.person, attendee.answers) == ({**ADA, "first_name": "Ada"}, {"parking": True})
    assert problems == []
    assert read_answers(event(fields=asked), {"meal": "fish"}) == ({"meal": "fish"}, [])
    assert [problem.field for problem in read_answers(event(), {"meal": "fish"})[1]] == ["meal"]


@pytest.mark.rule("EVT-11")
def test_registration_is_closed_from_its_end_on_and_without_one_when_the_event_is_over():
    ends = NOW + timedelta(days=1)
    moment = timedelta(microseconds=1)

    assert [events.is_closed(event(registration_ends_at=ends), at) for at in (ends - moment, ends)] == [False, True]
    assert [events.is_closed(event(), at) for at in (NOW + timedelta(days=3) - moment, NOW + timedelta(days=3))] == [
        False,
        True,
    ]


def test_a_choice_has_options_each_once_and_nothing_else_has_any():
    fields = [
        {"name": "a", "label": "A", "type": "single_choice", "options": ["x", "x"]},
        {"name": "b", "label": "B", "options": ["x"]},
        {"name": "do_not_track", "label": "C"},
    ]

    found = [problem.field for problem in checks.problems_of(event(fields=fields))]

    assert found == ["fields.0.options", "fields.1.options", "fields.2.name"]


@pytest.mark.rule("EVT-12")
def test_a_urlencoded_form_names_one_attendee_or_several():
    several = {"email": "a", "attendees.0.meal": "m", "attendees.2.email": "b", "_invitation": "x"}

    assert attendees_of({"email": "a"}) == [{"email": "a"}]
    assert attendees_of(several) == [{"email": "a", "meal": "m"}, {"email": "b"}]
    assert attendees_of({"_nonce": "x"}) == [{}]


ROW = {"kind": "registration", "registration_id": "r", "contact_id": "c", "event_shard": "e#1", "version": 1}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, ROW, {"fact": "registration.created"}),
        (ROW, None, {"fact": "registration.deleted"}),
        (ROW, {**ROW, "version": 2, "checked_in_at": "x"}, {"changed": ["checked_in", "checked_in_at"]}),
        (None, {**ROW, "contact_id": None}, None),
        (None, {"kind": "seats"}, None),
    ],
)
def test_the_stream_tells_of_somebodys_registrations_and_of_nothing_else(old, new, told):
    differing = [name for name in (new or {}) if (old or {}).get(name) != (new or {})[name]]

    found = list(facts_of(SimpleNamespace(old=old, new=new, changed=differing)))

    fact = {"fact": "registration.changed", "id": "r", "contact": "c", **(told or {})}
    assert found == ([fact] if told else [])
