"""Processes that users define: what keeps one from going live, and how the rules follow it."""

import pytest

import app  # noqa: F401  it registers the fields that conditions may name
from chalicelib.conditions import sources
from chalicelib.conditions.facts import KnownFacts
from chalicelib.leads import process, process_checks, processes
from chalicelib.leads.process import Event, Flag, Position, Step
from chalicelib.leads.process_schemas import ProcessDocument
from chalicelib.leads.shipped import SHIPPED, Stage
from tests.support.processes import process as document
from tests.support.processes import stage

NOW = None


def problems(**written):
    found = process_checks.problems(ProcessDocument.model_validate(written), sources.catalogue())
    return [each.field for each in found]


def compiled(*stages, **more):
    return processes.compiled("p", 1, ProcessDocument.model_validate(document(*stages, **more)))


def facts(**lead):
    return KnownFacts({"lead": [lead]}, {})


@pytest.mark.rule("BPF-3")
def test_the_shipped_process_is_one_that_anybody_could_have_written():
    written = processes.shipped_document()

    assert process_checks.problems(written, sources.catalogue()) == []
    assert processes.compiled(SHIPPED.id, SHIPPED.version, written) == SHIPPED


def test_a_process_needs_a_first_stage():
    assert problems(stages=[]) == ["/stages"]


def test_two_stages_of_one_id_or_of_one_name_are_refused():
    assert problems(**document("new", "new")) == ["/stages/1/id", "/stages/1/name"]


@pytest.mark.parametrize(
    ("move", "place"),
    [
        ({"on": "sales_ready", "to": "nowhere"}, "/moves/0/to"),
        ({"on": "sales_ready", "to": "one"}, "/moves/0/to"),
        ({"on": "sales_ready", "to": "two", "only_from": ["nowhere"]}, "/moves/0/only_from/0"),
        ({"on": "sales_ready", "to": "two", "only_from": ["three"]}, "/moves/0/only_from/0"),
        ({"on": "sales_ready", "to": "two", "only_from": ["two"]}, "/moves/0/only_from/0"),
    ],
)
def test_a_move_that_leads_nowhere_or_back_is_refused(move, place):
    assert problems(**document("one", "two", "three", moves=[move])) == [place]


def test_moves_that_go_round_in_circles_are_refused_and_said_to():
    circle = [
        {"on": "sales_ready", "to": "two", "only_from": ["one"]},
        {"on": "sales_accepted", "to": "one", "only_from": ["two"]},
    ]
    written = ProcessDocument.model_validate(document("zero", "one", "two", moves=circle))

    [problem] = process_checks.problems(written, sources.catalogue())

    assert (problem.field, "round in circles" in problem.message) == ("/moves/1/only_from/0", True)


def test_an_event_that_would_lead_to_two_stages_is_refused():
    moves = [{"on": "first_score", "to": "two"}, {"on": "first_score", "to": "three", "only_from": ["one"]}]

    assert problems(**document("one", "two", "three", moves=moves)) == ["/moves"]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"fields": ["colour"]}, "/stages/0/fields/0"),
        ({"required": ["created_at"]}, "/stages/0/required/0"),
        ({"actions": [{"kind": "create_task", "subject": "Call", "assign_to": "queue"}]}, "/stages/0/actions/0/to"),
        ({"actions": [{"kind": "create_task", "subject": "Call", "to": "u"}]}, "/stages/0/actions/0/to"),
        (
            {"actions": [{"kind": "notify", "email_id": "e", "addresses": ["nowhere"]}]},
            "/stages/0/actions/0/addresses/0",
        ),
        (
            {"entry_condition": {"field": "lead.colour", "operator": "equals", "values": ["red"]}},
            "/stages/0/entry_condition/field",
        ),
        ({"exit_condition": {"all": []}}, "/stages/0/exit_condition/all"),
    ],
)
def test_what_a_stage_cannot_hold_is_told_with_its_place(more, place):
    assert problems(**document(stage("one", **more))) == [place]


def test_a_time_zone_and_stages_that_do_not_exist_are_told():
    found = problems(**document("one", time_zone="Mars/North", returned_to="two", hand_over=HANDED))

    assert found == ["/time_zone", "/returned_to", "/hand_over/stages/two"]


HANDED = {"on": "sales_accepted", "process_id": "other", "stages": {"two": "any"}}


def test_what_a_process_names_must_be_live():
    actions = [
        {"kind": "notify", "email_id": "e", "addresses": ["a@b.dk"]},
        {"kind": "raise_trigger", "trigger_id": "t"},
    ]
    written = ProcessDocument.model_validate(document(stage("one", actions=actions), hand_over=HANDED))

    named = list(process_checks.references(written))

    assert named == [("email", "e"), ("trigger", "t"), ("business-process", "other")]


# The rules follow the process ----------------------------------------------------------------------------------------


@pytest.mark.rule("BPF-2", "BPF-4")
def test_events_lead_where_the_process_says_and_skip_what_lies_between():
    way = compiled("one", "two", "three", "four", moves=[{"on": "sales_ready", "to": "three", "only_from": ["one"]}])

    assert process.mark(way, Position("one"), Flag.SALES_READY) == Step("three", {Flag.SALES_READY: True})
    assert process.mark(way, Position("two"), Flag.SALES_READY) == Step(None, {Flag.SALES_READY: True})
    assert process.mark(way, Position("four"), Flag.SALES_READY) == Step(None, {Flag.SALES_READY: True})


@pytest.mark.rule("BPF-6")
def test_a_score_at_its_threshold_may_lead_elsewhere_than_a_mark_by_hand():
    moves = [{"on": "threshold", "to": "two"}, {"on": "sales_ready", "to": "three"}]
    way = compiled("one", "two", "three", moves=moves)

    assert process.reached(way, Position("one")).stage == "two"
    assert process.mark(way, Position("one"), Flag.SALES_READY).stage == "three"
    assert process.reached(SHIPPED, Position(Stage.INQUIRY)).stage == Stage.SALES_ACCEPTANCE


@pytest.mark.rule("BPF-1")
def test_completing_a_stage_activates_the_next_one_until_the_last():
    way = compiled("one", "two")

    assert process.complete(way, Position("one")) == Step("two")
    with pytest.raises(process.Conflict, match="last stage"):
        process.complete(way, Position("two"))


def test_required_fields_are_asked_of_who_goes_forward_not_of_who_goes_back():
    required = ["need", "decision_maker", "sales_ready"]
    way = compiled("one", stage("two", required=required), "three")
    bare = facts(decision_maker=False, sales_ready=False)

    forward = process.hindrances(way, "two", "three", bare, NOW).problems

    assert [each.field for each in forward] == ["need", "sales_ready"]
    assert process.hindrances(way, "two", "one", bare, NOW).problems == []
    given = facts(need="x", decision_maker=False, sales_ready=True)
    assert process.hindrances(way, "two", "three", given, NOW).problems == []


def test_conditions_that_do_not_hold_are_told_in_words():
    danish = {"field": "contact.country", "operator": "equals", "values": ["DK"]}
    big = {"field": "lead.employees", "operator": "at_least", "values": [50]}
    way = compiled(stage("one", exit_condition=danish), stage("two", entry_condition=big))
    known = KnownFacts({"lead": [{"employees": 3}], "contact": [{"country": "SE"}]}, {})

    found = [each.message for each in process.hindrances(way, "one", "two", known, NOW).problems]

    assert len(found) == 2
    assert found[0].startswith("It leaves One only if contact.country")
    assert found[1].startswith("It enters Two only if lead.employees")


def test_a_lead_stands_in_another_process_as_mapped_else_at_the_same_id_else_first():
    way = compiled("one", "two", "three")

    assert process.landing(way, "two", {}) == "two"
    assert process.landing(way, "two", {"two": "three"}) == "three"
    assert process.landing(way, "elsewhere", {}) == "one"


def test_only_being_marked_as_the_process_says_hands_a_lead_over():
    way = compiled("one", hand_over={"on": "sales_accepted", "process_id": "sales"})

    assert process.hands_over(way, {Flag.SALES_ACCEPTED: True}).process_id == "sales"
    assert process.hands_over(way, {Flag.SALES_ACCEPTED: False}) is None
    assert process.hands_over(SHIPPED, {Flag.SALES_ACCEPTED: True}) is None
    assert Event.THRESHOLD.value not in set(Flag)
