"""The business process of leads: what moves a lead, by hand or by itself."""

import pytest

from chalicelib.errors import Conflict
from chalicelib.leads import process
from chalicelib.leads.process import Flag, Position, Step
from chalicelib.leads.shipped import SHIPPED, STAGES, Stage

CLOSED = Position(Stage.SALES_ACCEPTANCE, open=False)


def at(stage, *flags):
    return Position(stage, frozenset(flags))


@pytest.mark.rule("BPF-1")
def test_the_stages_are_five_each_with_its_fields_its_entry_and_its_exit():
    assert [SHIPPED.number(info.id) for info in STAGES] == [1, 2, 3, 4, 5]
    assert all(info.fields and info.entry and info.exit for info in STAGES)
    assert "contact_id" in STAGES[0].fields
    assert not any("contact_id" in info.fields for info in STAGES[1:])


@pytest.mark.rule("BPF-2")
@pytest.mark.parametrize("before", list(Stage))
@pytest.mark.parametrize("to", list(Stage))
def test_a_user_may_move_a_lead_from_any_stage_to_any_other(before, to):
    step = process.move(SHIPPED, at(before), to)

    assert step == (Step() if before is to else Step(to))


@pytest.mark.rule("BPF-7")
@pytest.mark.parametrize("stage", list(Stage))
def test_a_first_score_moves_forward_only(stage):
    step = process.first_score(SHIPPED, at(stage))

    assert step.stage == (Stage.MARKETING_QUALIFICATION if stage is Stage.INQUIRY else None)


@pytest.mark.rule("BPF-5", "LEAD-6")
@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("way", [process.reached, lambda way, at: process.mark(way, at, Flag.SALES_READY)])
def test_ready_for_sales_skips_teleprospecting_however_it_came_about(stage, way):
    step = way(SHIPPED, at(stage))

    assert step.flags == {Flag.SALES_READY: True}
    assert step.stage == (None if stage is Stage.SALES_ACCEPTANCE else Stage.SALES_ACCEPTANCE)


def test_what_is_ready_already_is_not_marked_again():
    ready = at(Stage.TELEPROSPECTING_ACCEPTANCE, Flag.SALES_READY)

    assert not process.reached(SHIPPED, ready)
    assert not process.mark(SHIPPED, ready, Flag.SALES_READY)


def test_teleprospecting_goes_from_ready_to_accepted():
    ready = process.mark(SHIPPED, at(Stage.MARKETING_QUALIFICATION), Flag.TELEPROSPECT_READY)
    accepted = process.accept(SHIPPED, at(Stage.TELEPROSPECTING_ACCEPTANCE, Flag.TELEPROSPECT_READY))

    assert ready.stage == Stage.TELEPROSPECTING_ACCEPTANCE
    assert accepted == Step(Stage.TELEPROSPECTING_QUALIFICATION, {Flag.TELEPROSPECT_ACCEPTED: True})


def test_a_mark_of_an_earlier_stage_does_not_move_a_lead_back():
    step = process.mark(SHIPPED, at(Stage.SALES_ACCEPTANCE), Flag.TELEPROSPECT_READY)

    assert step == Step(None, {Flag.TELEPROSPECT_READY: True})


def test_sales_accept_at_their_stage_only():
    assert process.accept(SHIPPED, at(Stage.SALES_ACCEPTANCE)).flags == {Flag.SALES_ACCEPTED: True}
    for stage in (Stage.INQUIRY, Stage.MARKETING_QUALIFICATION, Stage.TELEPROSPECTING_QUALIFICATION):
        with pytest.raises(Conflict, match="neither"):
            process.accept(SHIPPED, at(stage))


@pytest.mark.rule("LEAD-7")
def test_a_lead_given_back_is_recycled_and_no_longer_ready():
    given = at(Stage.SALES_ACCEPTANCE, Flag.SALES_READY, Flag.SALES_ACCEPTED, Flag.TELEPROSPECT_READY)

    step = process.return_to_marketing(SHIPPED, given)

    assert step.stage == Stage.MARKETING_QUALIFICATION
    assert step.flags == {
        Flag.RECYCLED: True,
        Flag.SALES_READY: False,
        Flag.SALES_ACCEPTED: False,
        Flag.TELEPROSPECT_READY: False,
    }


@pytest.mark.parametrize("stage", [Stage.INQUIRY, Stage.MARKETING_QUALIFICATION])
def test_what_is_with_marketing_cannot_be_given_back(stage):
    with pytest.raises(Conflict, match="already"):
        process.return_to_marketing(SHIPPED, at(stage))


def test_closed_leads_do_not_move_by_themselves_and_not_by_hand():
    assert not process.first_score(SHIPPED, Position(Stage.INQUIRY, open=False))
    assert not process.reached(SHIPPED, CLOSED)
    for way in (process.accept, process.return_to_marketing, lambda way, at: process.move(way, at, Stage.INQUIRY)):
        with pytest.raises(Conflict, match="closed"):
            way(SHIPPED, CLOSED)
    with pytest.raises(Conflict, match="closed"):
        process.mark(SHIPPED, CLOSED, Flag.SALES_READY)
