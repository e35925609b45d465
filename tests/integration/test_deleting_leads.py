"""Deleting a lead takes along what hangs on it, in every domain, however often and wherever the work dies (206)."""

import json
from datetime import timedelta

import pytest

import app  # noqa: F401  it says what every domain sweeps
from chalicelib.activities import notes
from chalicelib.activities import service as activities
from chalicelib.activities.schemas import NewActivity
from chalicelib.capture.linkedin.models import OfLead
from chalicelib.contacts import service as contacts
from chalicelib.contacts.joining import Wish
from chalicelib.dynamodb import commit, put_new
from chalicelib.errors import NotFound
from chalicelib.leads import merging, moving, process, stakeholders, suggesting
from chalicelib.leads import reading as lead_reading
from chalicelib.leads import service as leads
from chalicelib.leads.models import Dismissed
from chalicelib.leads.noting import LEAD
from chalicelib.scoring import reading
from chalicelib.scoring.models import Qualified
from tests.support.between import before_the_next_write
from tests.support.scoring import NOW, click, clicked, publish

GOES, STAYS = "01LEADTHATGOES", "01LEADTHATSTAYS"
TWINS = {GOES: "twin-1", STAYS: "twin-2"}
OF_ITS_OWN = {"activity"}
"""What people and systems did, which goes on naming a lead."""


def lead(lead_id, now, **values):
    return leads.create(lead_id, {"last_name": "Juhl", "topic": lead_id, **values}, "user:u", now)


def step(lead_id, now):
    version = lead_reading.find(lead_id).version
    moving.step(lead_id, process.complete, by="user:u", why="They called.", version=version, now=now)


@pytest.fixture
def known(world):
    """Two leads of one contact with everything that can hang on a lead, which are said not to be the same."""
    for each in ("c", "friend"):
        contacts.create(each, {"last_name": "Juhl"}, world.now, by="user:u")
    publish(clicked(10))
    for each in (GOES, STAYS):
        lead(each, world.now, contact_id="c")
        lead(TWINS[each], world.now, contact_id="c")
        step(each, world.now)
        stakeholders.add(each, "friend", "buyer", by="user:u", now=world.now)
        notes.create(LEAD, each, f"note of {each}", "Called.", "user:u", world.now)
        activities.create(
            f"task of {each}",
            NewActivity(kind="task", subject="Call", regarding={"kind": "lead", "id": each}),
            "user:u",
            world.now,
        )
        wish = Wish(f"merge of {each}", {}, by="user:u", why="same")
        merging.merge(each, TWINS[each], wish, lead_reading.find(each).version, world.now)
        merging.undo(each, wish.merge_id, "user:u", world.now)
        commit([put_new(OfLead(*OfLead.at(each, world.now, "response"), submission_id="response"))])
        commit([put_new(_qualified(each, world.now))])
    suggesting.dismiss(GOES, STAYS, "user:u", world.now)
    click("click", world.now)
    world.settle()
    assert [score.score for each in (GOES, STAYS) for score in reading.scores_of(each)] == [10, 10]
    return world


def _qualified(lead_id, now):
    return Qualified(
        *Qualified.at(lead_id, "q"),
        lead_id=lead_id,
        qualification_id="q",
        qualification_version=1,
        met_at=now,
        qualified_at=now,
    )


def delete(world, lead_id=GOES):
    leads.remove(lead_id, lead_reading.find(lead_id).version, world.now)


def naming(world, lead_id=GOES):
    """The kinds of all rows in which a lead's id is found, wherever in them; what was its twin for a while aside."""
    found = [raw for raw in world.rows().values() if lead_id in json.dumps(raw)]
    return {raw["kind"]["S"] for raw in found if raw["pk"]["S"] != f"LEAD#{TWINS[lead_id]}"}


def test_all_that_hung_on_it_goes_and_nothing_of_others(known):
    hung = {"stakeholder", "dismissed_lead", "lead_merge", "move", "note", "score", "score_change", "qualified"}
    others = naming(known, STAYS)
    assert {*hung, "linkedin_of_lead", "lead", "activity"} <= naming(known)

    delete(known)
    known.settle()

    assert naming(known) <= {"deleted_lead", *OF_ITS_OWN}
    assert naming(known, STAYS) == others - {"dismissed_lead"}


def test_in_any_order_and_twice_and_nothing_waits_after_the_second_sweep(known):
    delete(known)
    known.settle(shuffle=3, duplicate=True)
    known.replay(shuffle=3)

    known.advance(timedelta(hours=26))
    known.poll()

    assert naming(known) <= OF_ITS_OWN
    assert [score.score for score in reading.scores_of(STAYS)] == [10]


def test_messages_that_are_lost_are_made_up_for_by_the_agenda(known):
    delete(known)
    known._route()
    known.queues["sweep"].clear()
    known.settle()
    assert "stakeholder" in naming(known)

    known.advance(timedelta(minutes=2))
    known.poll()

    assert naming(known) <= {"deleted_lead", *OF_ITS_OWN}


def test_one_that_is_made_anew_under_its_id_is_left_alone(known):
    delete(known)
    lead(GOES, known.now)
    stakeholders.add(GOES, "friend", "", by="user:u", now=known.now)

    known.settle()
    known.advance(timedelta(hours=26))
    known.poll()

    assert [each.contact_id for each in stakeholders.of_lead(GOES)] == ["friend"]
    assert "deleted_lead" not in naming(known)


@pytest.mark.usefixtures("cloud")
def test_no_word_is_left_that_a_lead_is_not_another_that_is_deleted_meanwhile():
    for each in (GOES, STAYS):
        lead(each, NOW)

    with before_the_next_write(lambda: leads.remove(STAYS, 1, NOW)), pytest.raises(NotFound):
        suggesting.dismiss(GOES, STAYS, "user:u", NOW)

    assert [each for each in Dismissed.scan() if isinstance(each, Dismissed)] == []
