"""What entering a stage causes: tasks, notices to staff, triggers; through stream, queue and function."""

import json
from datetime import timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.journeys.models import Raised
from chalicelib.leads import service as leads
from chalicelib.messages import notices
from chalicelib.messages.ledger import State
from chalicelib.messages.models import Notice
from tests.support import journeys, mail
from tests.support.api import Caller
from tests.support.campaign import content_settings, email
from tests.support.merged import merge
from tests.support.processes import process, publish, stage

STAFF = "jens@contoso.example"
QUEUED = {"kind": "create_task", "subject": "Call them", "assign_to": "queue", "to": "sales", "due_in": "P2D"}
OWNED = {"kind": "create_task", "subject": "Read up on them"}
TOLD = {"kind": "notify", "email_id": "e", "addresses": [STAFF, "kim@contoso.example"]}
RAISED = {"kind": "raise_trigger", "trigger_id": "t", "attributes": {"level": 3}}


@pytest.fixture
def api(world):
    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def busy(api, world, office):
    """A process whose second stage causes all there is, live with what it names."""
    journeys.forget_documents()
    journeys.publish("content-settings", "cs", content_settings(), world.now)
    journeys.publish("email", "e", email(legal_designation="transactional"), world.now)
    journeys.publish("trigger", "t", {"attributes": [{"name": "level", "type": "number"}]}, world.now)
    return publish(api, "Busy", process("new", stage("hot", actions=[QUEUED, OWNED, TOLD, RAISED])))


def entering(api, process_id, **values):
    """Make a lead, let it follow a process, and move it to the stage that causes something."""
    lead = api.post("/leads", {"last_name": "Juhl", "owner_id": "o", **values})
    lead = api.change("POST", f"/leads/{lead['id']}/switch-process", lead, {"process_id": process_id})
    return api.change("POST", f"/leads/{lead['id']}/move", lead, {"stage": "hot"})


@pytest.mark.parametrize(("letters", "status"), [(58, 201), (59, 400)])
def test_the_name_of_a_queue_is_as_long_as_an_owner_may_be(api, world, letters, status):
    queued = {**QUEUED, "to": "q" * letters}
    asked = {"name": "Ours", "document": process(stage("hot", actions=[queued]))}

    answer, told, _ = api.call("POST", "/business-processes", asked)

    assert answer == status
    if status == 201:
        api.change("POST", f"/business-processes/{told['id']}/publish", told)
        entering(api, told["id"])
        world.settle()
        assert tasks(api, f"queue:{queued['to']}") == ["Call them"]


def tasks(api, owner):
    return [each["subject"] for each in api.get(f"/activities?owner_id={owner}")["items"]]


def outcome(api, lead, office):
    """Return all that an entry has caused."""
    regarding = api.get(f"/activities?regarding_kind=lead&regarding_id={lead['id']}")["items"]
    letters = sorted(letter.recipients for letter in office.letters())
    return sorted(each["subject"] for each in regarding), letters, len(list(Raised.scan()))


ONCE = (["Call them", "Read up on them"], [(STAFF,), ("kim@contoso.example",)], 1)


@pytest.mark.rule("BPF-4")
def test_entering_a_stage_makes_its_tasks_tells_staff_and_raises_its_trigger(api, world, office, busy):
    journeys.contact("ada", first_name="Ada")
    lead = entering(api, busy, contact_id="ada")

    world.settle()

    assert outcome(api, lead, office) == ONCE
    assert (tasks(api, "queue:sales"), tasks(api, "o")) == (["Call them"], ["Read up on them"])
    [due] = [each["due"] for each in api.get("/activities?owner_id=queue:sales")["items"]]
    assert due[:10] == (world.now + timedelta(days=2)).isoformat()[:10]
    assert {letter.subject for letter in office.letters()} == {"News for Ada"}
    [raised] = Raised.scan()
    assert (raised.contact_id, json.loads(raised.attributes)) == ("ada", {"level": 3})


@pytest.mark.rule("BPF-4")
def test_staff_are_told_of_the_contact_that_counts_where_the_leads_own_was_merged_into_it(api, world, office, busy):
    journeys.contact("ada", first_name="Ada")
    journeys.contact("twin", first_name="A.")
    merge("ada", "twin", world.now)

    entering(api, busy, contact_id="twin")
    world.settle()

    assert {letter.subject for letter in office.letters()} == {"News for Ada"}


@pytest.mark.rule("BPF-3", "BPF-4")
def test_a_lead_that_stays_at_its_stage_in_a_newer_version_of_its_process_does_not_enter_it_again(api, world):
    first = stage("new", actions=[OWNED])
    process_id = publish(api, "Ours", process(first, "hot"))
    lead = api.post("/leads", {"last_name": "Juhl", "owner_id": "o"})
    lead = api.change("POST", f"/leads/{lead['id']}/switch-process", lead, {"process_id": process_id})
    publish(api, "Ours", process(first, "warm", "hot"), process_id)

    after = api.change("POST", f"/leads/{lead['id']}/switch-process", lead, {"process_id": process_id})
    world.settle()

    assert (after["process_version"], after["stage"], after["stage_since"]) == (2, "new", lead["stage_since"])
    assert tasks(api, "o") == ["Read up on them"]


@pytest.mark.parametrize("seed", range(3))
def test_however_often_and_in_whatever_order_it_is_told_each_happens_once(api, world, office, busy, seed):
    journeys.contact("ada", first_name="Ada")
    lead = entering(api, busy, contact_id="ada")

    world.settle(duplicate=True, shuffle=seed)
    world.replay(shuffle=seed)

    assert outcome(api, lead, office) == ONCE


def test_each_entry_causes_it_anew_and_other_changes_nothing(api, world, office, busy):
    journeys.contact("ada")
    lead = entering(api, busy, contact_id="ada")
    world.settle()

    lead = api.change("PATCH", f"/leads/{lead['id']}", lead, {"topic": "Kayaks"})
    lead = api.change("POST", f"/leads/{lead['id']}/move", lead, {"stage": "new"})
    world.settle()
    assert outcome(api, lead, office) == ONCE
    api.change("POST", f"/leads/{lead['id']}/move", lead, {"stage": "hot"})
    world.settle()

    assert len(tasks(api, "queue:sales")) == 2
    assert len(office.letters()) == 4


def test_a_new_lead_enters_its_first_stage(api, world, office):
    first = publish(api, "First", process(stage("new", actions=[QUEUED])))
    api.change("PUT", "/settings/leads", api.get("/settings/leads"), {"process_id": first})

    api.post("/leads", {"last_name": "Juhl"})
    world.settle(duplicate=True)

    assert tasks(api, "queue:sales") == ["Call them"]


def test_what_cannot_be_done_is_told_in_the_history_and_the_rest_is_done(api, world, office, busy):
    lead = entering(api, busy)  # it has no contact

    world.settle(duplicate=True)

    told = [each for each in api.get(f"/leads/{lead['id']}/history")["items"] if not each["changes"]]
    assert [each["why"] for each in told] == [
        "The trigger t was not raised: the lead has no contact, whom it could be about."
    ]
    assert len(tasks(api, "queue:sales")) == 1


def test_nobody_but_staff_is_told(api, world, office):
    journeys.publish("email", "e", email(legal_designation="transactional"), world.now)
    stranger = {**TOLD, "addresses": ["stranger@elsewhere.example"]}
    lead = entering(api, publish(api, "Loud", process("new", stage("hot", actions=[stranger]))))

    world.settle()

    assert office.letters() == []
    [told] = [each for each in api.get(f"/leads/{lead['id']}/history")["items"] if not each["changes"]]
    assert "own staff" in told["why"]
    assert "elsewhere" not in json.dumps(told)


def test_a_resync_makes_up_for_entries_that_were_never_told_and_repeats_none(api, world, office, busy):
    journeys.contact("ada", first_name="Ada")
    told = entering(api, busy, contact_id="ada")
    world.settle()
    lost = entering(api, busy)
    world.deliver()
    world.queues["leads-work"].clear()

    status, *_ = api.call("POST", "/operations/resync")
    world.settle()

    assert status in {200, 202}
    assert len(tasks(api, "queue:sales")) == 2
    assert len([each for each in api.get(f"/leads/{lost['id']}/history")["items"] if not each["changes"]]) == 1
    assert outcome(api, told, office)[0] == ONCE[0]
    assert (len(office.letters()), len(list(Raised.scan()))) == (4, 1)


def test_the_shipped_process_puts_no_message_on_the_queue(api, world):
    api.post("/leads", {"last_name": "Juhl"})

    world.deliver()

    assert world.queues["leads-work"] == []


# Notices -------------------------------------------------------------------------------------------------------------


def notice():
    [found] = [each for each in Notice.scan() if isinstance(each, Notice)]
    return found.state


@pytest.fixture
def wanted(world, office):
    journeys.forget_documents()
    journeys.publish("email", "e", email(legal_designation="transactional"), world.now)
    return notices.Wanted("n", "e", STAFF)


def test_a_notice_that_the_provider_refuses_for_now_goes_out_later_once(world, office, wanted):
    office.faults = [mail.TOO_FAST]
    with pytest.raises(notices.Unavailable):
        notices.tell(wanted, world.now)

    assert notices.tell(wanted, world.now) is None
    assert notices.tell(wanted, world.now) is None

    assert (len(office.letters()), notice()) == (1, State.SENT)


@pytest.mark.parametrize(("fault", "state", "letters"), [(mail.LOST, "unknown", 1), (mail.REFUSED, "failed", 0)])
def test_a_notice_whose_answer_is_lost_or_a_refusal_is_not_sent_again(world, office, wanted, fault, state, letters):
    office.faults = [fault]

    told = [notices.tell(wanted, world.now) for _ in range(3)]

    assert (notice(), len(office.letters())) == (state, letters)
    assert all((each is None) == (state == "unknown") for each in told)


def test_a_notice_whose_sender_died_is_left_as_unknown(world, office, wanted):
    notices._claimed(None, wanted, world.now)

    with pytest.raises(notices.Conflict):
        notices.tell(wanted, world.now)
    notices.tell(wanted, world.now + notices.LEASE)

    assert (notice(), office.letters()) == (State.UNKNOWN, [])


def test_a_lead_that_was_deleted_meanwhile_causes_nothing(api, world, office, busy):
    lead = entering(api, busy)
    leads.remove(lead["id"], lead["version"], world.now)

    world.settle()

    assert outcome(api, lead, office) == ([], [], 0)
