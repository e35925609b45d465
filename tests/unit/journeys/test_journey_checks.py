"""What keeps a journey from going live."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType
from chalicelib.journeys import checks
from chalicelib.journeys.document import JourneyDocument
from chalicelib.journeys.graph import loops_without_wait
from chalicelib.journeys.triggers import TriggerAttribute
from tests.support.journeys import document, mail, ring, wait

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
CATALOGUE = Catalogue({"contact": {"city": Field(FieldType.TEXT)}})


TRIGGERS = {"t": [TriggerAttribute(name="order", required=True), TriggerAttribute(name="amount", type="number")]}


def found(tiles, triggers=None, **more):
    return checks.find(JourneyDocument.model_validate(document(tiles, **more)), CATALOGUE, NOW, triggers or {})


def fields(tiles, **more):
    return [problem.field for problem in found(tiles, **more).problems]


def if_then(*rules, yes=None, no=None, timeout="P1D"):
    return {"kind": "if_then", "rules": list(rules), "timeout": timeout, "yes": yes, "no": no}


def opened(tile="m", **more):
    return {"tile": tile, "did": "email_opened", **more}


@pytest.mark.rule("JRN-4")
def test_a_segment_and_a_live_email_make_a_journey():
    assert not found({"m": mail()}).problems


@pytest.mark.rule("JRN-4", "JRN-7")
def test_a_journey_needs_an_audience_a_first_tile_and_something_that_acts():
    assert fields({}, audience={}, content_settings=None) == ["/audience", "/first"]
    assert fields({"w": wait("P1D")}) == ["/tiles"]


@pytest.mark.rule("TRG-6", "TRG-9")
@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"order": "o-1"}, []),
        ({"order": "o-1", "amount": 12.5}, []),
        ({}, ["/tiles/r/attributes/order"]),
        ({"order": 7}, ["/tiles/r/attributes/order"]),
        ({"order": "o-1", "amount": "12"}, ["/tiles/r/attributes/amount"]),
        ({"order": "o-1", "colour": "red"}, ["/tiles/r/attributes/colour"]),
    ],
)
def test_a_tile_raises_a_trigger_with_the_attributes_that_it_declares(given, wrong):
    tile = {**ring(), "attributes": given}

    assert [problem.field for problem in found({"r": tile}, TRIGGERS).problems] == wrong


@pytest.mark.rule("TRG-9")
def test_the_key_of_a_start_is_an_attribute_of_its_trigger():
    start = {"trigger": "t", "reentry": "per_key", "key": "colour"}
    tile = {**ring(), "attributes": {"order": "o"}}

    wrong = found({"r": tile}, TRIGGERS, audience={"trigger": start}).problems
    right = found({"r": tile}, TRIGGERS, audience={"trigger": {**start, "key": "order"}}).problems

    assert ([problem.field for problem in wrong], right) == (["/audience/trigger/key"], ())


@pytest.mark.rule("JRN-7")
def test_all_problems_are_named_at_once_each_with_its_tile():
    tiles = {
        "m": mail("nowhere"),
        "lost": ring(),
        "b": {"kind": "branch", "branches": [], "otherwise": None},
    }

    assert fields(tiles, end=NOW.isoformat()) == [
        "/end",
        "/tiles/m/next",
        "/tiles/lost",
        "/tiles/b",
        "/tiles/b/branches",
    ]


@pytest.mark.rule("JRN-7", "JRN-30", "JRN-33", "TRG-9")
def test_everything_a_journey_names_must_be_live():
    tiles = {"m": mail("r", pages=["p"], forms=["f"]), "r": ring()}
    items = [{"segment": "s"}, {"segment": "x", "containment": "exclude"}]

    references = found(
        tiles, audience={"segments": {"items": items}, "forms": ["g"]}, suppression_segment="never"
    ).references

    assert set(references) == {
        ("segment", "s"),
        ("segment", "x"),
        ("segment", "never"),
        ("form", "g"),
        ("content-settings", "cs"),
        ("email", "e"),
        ("page", "p"),
        ("form", "f"),
        ("trigger", "t"),
    }


def test_a_built_in_trigger_needs_no_definition():
    audience = {"trigger": {"trigger": "contact-created"}}

    assert ("trigger", "contact-created") not in found({"m": mail()}, audience=audience).references


def test_a_journey_without_a_message_only_warns():
    assert [warning.field for warning in found({"r": ring()}).warnings] == ["/tiles"]
    assert not found({"r": ring()}).problems


def test_an_email_needs_content_settings():
    assert fields({"m": mail()}, content_settings=None) == ["/content_settings"]


@pytest.mark.rule("JRN-36", "JRN-39")
def test_a_rule_names_an_earlier_tile_that_sends_something():
    assert fields({"i": if_then(opened(), yes="m"), "m": mail()}) == ["/tiles/i/rules/0/tile"]
    assert fields({"r": ring("i"), "i": if_then(opened("r"))}) == ["/tiles/i/rules/0/tile"]
    assert not fields({"m": mail("i"), "i": if_then(opened())})


@pytest.mark.rule("JRN-36", "JRN-39")
def test_an_if_then_needs_a_rule():
    assert fields({"m": mail("i"), "i": if_then()}) == ["/tiles/i/rules"]


@pytest.mark.rule("JRN-33")
def test_pages_and_forms_of_a_rule_are_among_those_the_email_links_to():
    visited = {"tile": "m", "did": "page_visited", "page": "p"}
    submitted = {"tile": "m", "did": "form_submitted", "form": "f"}

    assert fields({"m": mail("i"), "i": if_then(visited, submitted)}) == [
        "/tiles/i/rules/0/page",
        "/tiles/i/rules/1/form",
    ]
    assert not fields({"m": mail("i", pages=["p"], forms=["f"]), "i": if_then(visited, submitted)})


def test_a_wait_of_zero_is_no_wait():
    with pytest.raises(ValidationError):
        found({"w": wait("P0D", "m"), "m": mail()})


@pytest.mark.rule("JRN-42")
def test_a_window_says_days_or_hours_and_opens_before_it_closes():
    assert fields({"w": wait("P1D", "m", window={}), "m": mail()}) == ["/tiles/w/window"]
    same = {"opens": "09:00", "closes": "09:00"}
    assert fields({"w": wait("P1D", "m", window=same), "m": mail()}) == ["/tiles/w/window"]


@pytest.mark.rule("JRN-63")
def test_a_task_needs_somebody_to_do_it():
    task = {"kind": "task", "subject": "Call"}

    assert fields({"t": task}, owner=None) == ["/tiles/t/assign_to"]
    assert fields({"t": {**task, "assign_to": "user"}}) == ["/tiles/t/user"]
    assert not fields({"t": {**task, "assign_to": "user", "user": "ulla"}})


def test_conditions_of_a_branch_are_checked_with_their_place():
    way = {"name": "a", "condition": {"field": "contact.shoe", "operator": "equals", "values": ["1"]}}

    [place] = fields({"b": {"kind": "branch", "branches": [way], "otherwise": "m"}, "m": mail()})

    assert place == "/tiles/b/branches/0/condition/field"


@pytest.mark.rule("JRN-16")
def test_all_iterations_fit_between_start_and_end():
    start = NOW + timedelta(days=1)
    bounds = {"start": start.isoformat(), "end": (start + timedelta(days=20)).isoformat()}

    assert not fields({"m": mail()}, **bounds, recurrence={"interval_days": 5, "count": 4})
    assert fields({"m": mail()}, **bounds, recurrence={"interval_days": 5, "count": 5}) == ["/recurrence"]


@pytest.mark.rule("JRN-30")
def test_exclusions_alone_hold_nobody():
    items = [{"segment": "x", "containment": "exclude"}]

    assert fields({"m": mail()}, audience={"segments": {"items": items}}) == ["/audience/segments"]


def test_a_key_belongs_to_per_key_and_only_there():
    assert fields({"m": mail()}, audience={"trigger": {"trigger": "t", "reentry": "per_key"}}) == [
        "/audience/trigger/key"
    ]
    assert fields({"m": mail()}, audience={"trigger": {"trigger": "t", "key": "order"}}) == ["/audience/trigger/key"]


def test_a_circle_needs_a_wait_that_holds_each_time():
    assert fields({"a": ring("b"), "b": ring("a")}) == ["/tiles/a", "/tiles/b"]
    assert not fields({"a": ring("w"), "w": wait("P1D", "a")})
    until = {"kind": "wait_until", "at": "2026-12-01T09:00:00", "next": "a"}
    assert fields({"a": ring("w"), "w": until}) == ["/tiles/a", "/tiles/w"]


def test_a_circle_back_to_a_mail_that_was_opened_is_refused():
    tiles = {"m": mail("i"), "i": if_then(opened(), yes="m")}

    assert fields(tiles) == ["/tiles/m", "/tiles/i"]


names = some.sampled_from("abcdef")


@given(some.dictionaries(names, some.tuples(some.booleans(), some.none() | names), min_size=1))
def test_what_is_let_through_always_comes_to_a_wait_or_an_end(graph):
    tiles = {
        name: wait("P1D", target) if waits else ring(target if target in graph else None)
        for name, (waits, target) in graph.items()
    }
    tiles = {name: {**tile, "next": tile["next"] if tile["next"] in tiles else None} for name, tile in tiles.items()}
    journey = JourneyDocument.model_validate(document(tiles))
    spinning = set(loops_without_wait(journey))

    for start in tiles:
        seen, name = set(), start
        while name is not None and name not in seen and tiles[name]["kind"] != "wait_for":
            seen.add(name)
            name = tiles[name]["next"]
        circles = name in seen
        assert not circles or name in spinning
        assert circles or start not in spinning


# Pipelines ---------------------------------------------------------------------------------------------------------

TWO_WAYS = {"pipelines": [{"form": "f", "first": "a"}, {"form": "g", "first": "b"}]}
TASK = {"kind": "task", "subject": "Answer"}


def piped(*ways, **more):
    return {"pipelines": [{"form": form, "first": first} for form, first in ways], **more}


@pytest.mark.rule("PRV-15")
def test_each_form_may_lead_into_a_journey_by_a_way_of_its_own():
    journey = found({"a": TASK, "b": TASK}, audience=TWO_WAYS, first=None)

    assert not journey.problems
    assert ("form", "f") in journey.references
    assert ("form", "g") in journey.references


@pytest.mark.rule("PRV-15", "JRN-7")
@pytest.mark.parametrize(
    ("audience", "more", "wrong"),
    [
        (piped(("f", "c"), ("g", "b")), {"first": "a"}, ["/audience/pipelines/0/first"]),
        (piped(("f", "a"), ("f", "b")), {}, ["/audience/pipelines/0/form", "/audience/pipelines/1/form"]),
        (piped(("f", "a"), forms=["f"]), {"first": "b"}, ["/audience/pipelines/0/form"]),
        (piped(("f", "a")), {"first": None}, ["/tiles/b"]),
        (piped(("f", "a")), {"first": "c"}, ["/first"]),
        (piped(("f", "a"), ("g", "b"), segments={"items": [{"segment": "s"}]}), {"first": None}, ["/first"]),
        (piped(("f", "a"), forms=["h"]), {"first": None}, ["/first"]),
        (piped(("f", "a"), trigger={"trigger": "t"}), {"first": "b"}, ["/audience/forms"]),
    ],
)
def test_ways_lead_somewhere_and_each_form_has_one(audience, more, wrong):
    assert fields({"a": TASK, "b": TASK}, audience=audience, **more) == wrong


@pytest.mark.rule("PRV-15")
def test_a_journey_that_serves_peoples_rights_makes_nothing_of_them():
    made = {"l": {"kind": "create_lead", "topic": "Hot"}}

    assert fields(made) == []
    assert fields(made, serves_rights=True) == ["/tiles/l"]
    assert fields({"a": TASK}, serves_rights=True) == []


@pytest.mark.rule("EVT-18", "JRN-7")
def test_waiting_for_an_event_takes_a_live_event_and_any_earlier_tile():
    rule = {"tile": "w", "did": "event_attended"}
    tiles = {"w": wait("P1D", "i"), "r": ring()}

    unnamed = found({**tiles, "i": if_then(rule, yes="r")})
    named = found({**tiles, "i": if_then({**rule, "event": "regatta"}, yes="r")})

    assert [problem.field for problem in unnamed.problems] == ["/tiles/i/rules/0/event"]
    assert (named.problems, ("event", "regatta") in named.references) == ((), True)
