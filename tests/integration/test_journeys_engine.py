"""The engine: claims, fences, leases, wakes, failures; following the transitions of the machine's own file."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import boto3
import pytest
import time_machine

from chalicelib.clock import now as clock_now
from chalicelib.dynamodb import ConditionFailed, commit, put_new
from chalicelib.interactions import plans as interaction_plans
from chalicelib.interactions import reading as interactions
from chalicelib.interactions.plans import HUMAN, UNDECIDED, NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.journeys import engine, entry, leases, plans, service, versions, waiting
from chalicelib.journeys.models import Enrolment, JourneysItem, Raised, Standing
from chalicelib.journeys.rules import effect_id
from chalicelib.messages.models import Send
from chalicelib.settings import settings
from tests.support.faults import Killed
from tests.support.journeys import (
    FUNCTIONS,
    NOW,
    contact,
    document,
    forget_documents,
    machine,
    mail,
    publish,
    register_contact_fields,
    ring,
    wait,
)
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud", "content_settings")

ID = "c.j.1"
FORM = entry.Call(entry.FORM)
HOUR = timedelta(hours=1)


@pytest.fixture
def content_settings(cloud):
    forget_documents()
    publish("content-settings", "cs", {})


def enrolled(tiles, now=NOW, **more):
    """Let a contact enter a journey of these tiles."""
    publish("journey", "j", document(tiles, **more))
    contact("c")
    entry.enter(versions.running("j"), "c", FORM, now)


def burst(now=NOW, at_tile=None, token="t1", identity=ID):  # noqa: S107
    """Run one execution of the machine and return the states it went through."""
    runner = machine()
    with time_machine.travel(now, tick=False):
        runner.run({"enrolment": identity, "at_tile": at_tile, "token": token})
    return runner.trace


def found(identity=ID):
    return service.find(identity)


def raised():
    return [item for item in Raised.scan() if isinstance(item, Raised)]


def did(type_, now=NOW, verdict=HUMAN, event="1", **attributes):
    """Record what the contact did, and return the fact that the stream tells of it."""
    new = NewInteraction(type_, now, "test", event, contact_id="c", attributes=attributes, verdict=verdict)
    commit(interaction_plans.record(new, now))
    about = [str(value) for value in attributes.values()]
    return {"fact": "interaction.recorded", "contact": "c", "type": type_, "verdict": verdict, "about": about}


def if_then(**more):
    rule = {"tile": "m", "did": "email_opened"}
    return {"kind": "if_then", "rules": [rule], "timeout": "P1D", "yes": "y", "no": "n", **more}


REACTING = {"m": mail("i"), "i": if_then(), "y": ring(trigger="yes"), "n": ring(trigger="no")}
VISITING = {**REACTING, "i": if_then(rules=[{"tile": "m", "did": "page_visited", "page": "p"}])}
SEND = effect_id(ID, "m", 1)


@pytest.mark.rule("JRN-12", "JRN-34")
def test_a_contact_walks_three_tiles_in_two_bursts():
    enrolled({"m": mail("w"), "w": wait("P1D", "r"), "r": ring()})

    first = burst()
    second = burst(NOW + timedelta(days=1))

    assert first == ["Claim enrolment", "Next?", "Send email", "Next?", "Done"]
    assert second == ["Claim enrolment", "Next?", "Raise trigger", "Next?", "Done"]
    assert found().standing == Standing.FINISHED
    assert [each.raised_id for each in raised()] == [effect_id(ID, "r", 1)]


@pytest.mark.rule("JRN-71")
def test_each_tile_counts_its_entries_its_results_and_what_it_intended():
    enrolled({"m": mail("w"), "w": wait("P1D", "r"), "r": ring()})
    burst()
    burst(NOW + timedelta(days=1))

    visits = [(visit["tile"], *visit["figures"]) for visit in service.history(found())]

    assert visits == [
        ("m", "entered"),
        ("m", "processed", "intended"),
        ("w", "entered"),
        ("w", "processed"),
        ("r", "entered"),
        ("r", "processed"),
    ]


def test_a_run_of_three_tiles_takes_nine_requests_at_most():
    publish("journey", "j", document({"m": mail("t"), "t": {"kind": "task", "subject": "Call"}, "r": ring()}))
    republished = document(
        {"m": mail("t"), "t": {"kind": "task", "subject": "Call", "next": "r"}, "r": ring()},
    )
    publish("journey", "k", republished)
    contact("c")
    contact("warm")
    entry.enter(versions.running("k"), "warm", FORM, NOW)
    burst(identity="warm.k.1")
    journey = versions.running("k")

    with metered() as usage:
        entry.enter(journey, "c", FORM, NOW)
        path = burst(identity="c.k.1")

    live_rows = usage.requests["Query"]  # what is live is cached 5 s where it is deployed, not at all in tests
    assert path == ["Claim enrolment", "Next?", "Send email", "Next?", "Done"]
    assert usage.round_trips - live_rows <= 5


def test_the_write_units_stay_in_the_budget():
    publish("journey", "j", document(VISITING))
    contact("c")
    journey = versions.running("j")

    with metered() as entering:
        entry.enter(journey, "c", FORM, NOW)
    with metered() as claiming:
        task = engine.claim({"enrolment": ID, "at_tile": None, "token": "t"}, NOW)
    with metered() as tile:
        task = engine.perform(task, NOW)
    with metered() as resting:
        engine.rest(task, NOW)

    assert entering.write_units <= 3
    assert claiming.write_units <= 1
    assert tile.write_units <= 8
    assert resting.write_units <= 8


# Claims ------------------------------------------------------------------------------------------------------------


def test_of_many_bursts_that_start_at_once_one_works():
    enrolled({"r": ring("q"), "q": ring()})
    tasks = [{"enrolment": ID, "at_tile": None, "token": f"t{number}"} for number in range(12)]

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda task: engine.claim(task, NOW)["next"], tasks))

    assert sorted(answers) == ["done"] * 11 + ["raise_trigger"]


def test_a_wake_that_comes_twice_or_before_its_time_does_nothing():
    enrolled({"w": wait("P1D", "r"), "r": ring()})
    burst()
    resting = found()

    again = burst(NOW + HOUR, token="t2")

    assert again == ["Claim enrolment", "Next?", "Done"]
    assert found().revision == resting.revision
    assert found().attempts == 0


def test_a_burst_that_lost_its_lease_commits_nothing_any_more():
    enrolled({"r": ring("q"), "q": ring()})
    slow = engine.claim({"enrolment": ID, "at_tile": None, "token": "slow"}, NOW)
    later = NOW + timedelta(seconds=int(settings.lease_seconds) + 1)

    burst(later, token="quick")
    answer = engine.perform(slow, later)

    assert answer["next"] == "done"
    assert len(raised()) == 2
    assert found().standing == Standing.FINISHED


def test_a_task_that_is_tried_again_after_its_commit_goes_on_from_there():
    enrolled(VISITING)
    claimed = engine.claim({"enrolment": ID, "at_tile": None, "token": "t"}, NOW)
    again = engine.claim({"enrolment": ID, "at_tile": None, "token": "t"}, NOW)
    assert again["next"] == claimed["next"] == "email"

    first = engine.perform(claimed, NOW)
    repeated = engine.perform(claimed, NOW)

    assert (first["next"], repeated["next"]) == ("rest", "rest")
    assert [send.send_id for send in Send.scan()] == [SEND]


def test_two_duplicates_of_one_execution_do_each_effect_once():
    enrolled({"r": ring("q"), "q": ring()})
    claimed = engine.claim({"enrolment": ID, "at_tile": None, "token": "t"}, NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: engine.perform(claimed, NOW), range(8)))

    assert len(raised()) == 2
    entries = [visit for visit in service.history(found()) if visit["figures"] == ["processed"]]
    assert [visit["tile"] for visit in entries] == ["r", "q"]


@pytest.mark.parametrize("dies_in", ["ClaimEnrolment", "PerformTile", "RestEnrolment"])
@pytest.mark.parametrize("after_its_commit", [False, True])
def test_a_burst_that_dies_anywhere_is_taken_up_again_and_does_nothing_twice(dies_in, after_its_commit):
    enrolled(VISITING)

    def dies(task):
        if after_its_commit:
            FUNCTIONS[dies_in](task)
        raise Killed

    runner = machine(**{dies_in: dies})
    with time_machine.travel(NOW, tick=False), pytest.raises(Killed):
        runner.run({"enrolment": ID, "at_tile": None, "token": "dead"})
    later = NOW + timedelta(seconds=int(settings.lease_seconds) + 1)

    burst(later, token="next")

    assert found().tile == "i"
    assert found().due == NOW + timedelta(days=1) if dies_in == "RestEnrolment" else found().due is not None
    assert [send.send_id for send in Send.scan()] == [SEND]


# Facts and time ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("JRN-35")
def test_a_fact_wakes_who_waits_for_it_and_they_take_the_yes_path():
    enrolled(REACTING)
    burst()
    fact = did(InteractionType.EMAIL_OPENED, NOW + HOUR, send_id=SEND, email_id="e")

    [(woken, tile)] = waiting.woken_by(fact)
    path = burst(NOW + HOUR, at_tile=tile, token="t2", identity=woken)

    assert path == ["Claim enrolment", "Next?", "Raise trigger", "Next?", "Done"]
    assert [each.trigger_id for each in raised()] == ["yes"]


@pytest.mark.rule("JRN-35")
def test_whoever_does_nothing_takes_the_no_path_at_the_timeout():
    enrolled(REACTING)
    burst()

    burst(NOW + timedelta(days=1), token="t2")

    assert [each.trigger_id for each in raised()] == ["no"]


@pytest.mark.rule("JRN-35")
def test_a_fact_from_before_the_wait_row_is_seen_when_the_tile_is_reached():
    enrolled({"m": mail("w"), "w": wait("PT1H", "i"), **{name: REACTING[name] for name in "iyn"}})
    burst()
    did(InteractionType.EMAIL_OPENED, NOW + HOUR / 2, send_id=SEND, email_id="e")

    burst(NOW + HOUR, token="t2")

    assert [each.trigger_id for each in raised()] == ["yes"]


def test_a_resync_wakes_whoever_missed_its_fact():
    enrolled(VISITING)
    burst()
    did(InteractionType.WEBSITE_VISITED, NOW + HOUR, page_id="p")  # and its message is lost

    [(woken, tile)] = waiting.woken_by({"fact": "rebuild", "contact": "c"})
    burst(NOW + 2 * HOUR, at_tile=tile, token="t2", identity=woken)

    assert [each.trigger_id for each in raised()] == ["yes"]


def test_only_what_names_the_same_thing_wakes():
    enrolled(REACTING)
    burst()

    assert not waiting.woken_by(did(InteractionType.EMAIL_OPENED, send_id="another", email_id="e"))
    assert not waiting.woken_by(did(InteractionType.EMAIL_CLICKED, send_id=SEND, email_id="e"))
    assert not waiting.woken_by(did(InteractionType.EMAIL_OPENED, verdict=UNDECIDED, send_id=SEND, email_id="e"))
    assert not waiting.woken_by(did(InteractionType.EMAIL_OPENED, verdict="machine", send_id=SEND, email_id="e"))


def test_a_fact_that_arrives_between_reading_and_resting_is_not_lost(monkeypatch):
    enrolled(VISITING)
    reads = []
    told = interactions.told

    def told_then_a_fact_arrives(*asked):
        known = list(told(*asked))
        if not reads:
            fact = did(InteractionType.WEBSITE_VISITED, NOW, page_id="p")
            [(woken, tile)] = waiting.woken_by(fact)
            answer = engine.claim({"enrolment": woken, "at_tile": tile, "token": "fact"}, NOW)
            assert answer["next"] == "done"
        reads.append(asked)
        return known

    monkeypatch.setattr(interactions, "told", told_then_a_fact_arrives)
    burst()

    assert len(reads) == 2
    assert found().wakes == 1
    assert [each.trigger_id for each in raised()] == ["yes"]


def test_a_fact_that_arrives_while_no_is_being_taken_is_not_lost(monkeypatch):
    enrolled(VISITING)
    burst()
    deadline = NOW + timedelta(days=1)
    reads = []
    told = interactions.told

    def told_then_a_fact_arrives(*asked):
        known = list(told(*asked))
        reads.append(asked)
        if len(reads) == 2:  # the claim has read, now the tile of the no path is about to commit
            fact = did(InteractionType.WEBSITE_VISITED, deadline, page_id="p")
            [(woken, tile)] = waiting.woken_by(fact)
            assert engine.claim({"enrolment": woken, "at_tile": tile, "token": "fact"}, deadline)["next"] == "done"
        return known

    monkeypatch.setattr(interactions, "told", told_then_a_fact_arrives)
    burst(deadline, token="time")

    assert [each.trigger_id for each in raised()] == ["yes"]
    assert found().standing == Standing.FINISHED


def test_a_wait_for_what_was_just_sent_rests_in_the_same_commit():
    enrolled(REACTING)

    with metered() as usage:
        path = burst()

    assert path == ["Claim enrolment", "Next?", "Send email", "Next?", "Done"]
    assert usage.requests["TransactWriteItems"] == 1
    assert (found().tile, found().waits, found().token) == ("i", "i#1", None)
    assert waiting.woken_by(did(InteractionType.EMAIL_OPENED, send_id=SEND, email_id="e")) == [(ID, "i")]


def test_effects_in_a_row_are_made_together_and_each_is_counted():
    enrolled({"r": ring("m"), "m": mail("q"), "q": ring()})

    path = burst()

    assert path == ["Claim enrolment", "Next?", "Raise trigger", "Next?", "Done"]
    assert sorted(each.raised_id for each in raised()) == sorted(effect_id(ID, tile, 1) for tile in "rq")
    assert [send.send_id for send in Send.scan()] == [SEND]
    processed = [visit["tile"] for visit in service.history(found()) if "processed" in visit["figures"]]
    assert processed == ["r", "m", "q"]


def test_what_an_earlier_run_has_made_already_is_passed_one_by_one():
    enrolled({"r": ring("q"), "q": ring("z"), "z": ring()})
    made = effect_id(ID, "q", 1)
    named = {"raised_id": made, "trigger_id": "t", "contact_id": "c", "raised_at": NOW, "source": "before"}
    commit([put_new(Raised(*Raised.at(made), **named))])

    burst()

    assert sorted(each.raised_id for each in raised()) == sorted(effect_id(ID, tile, 1) for tile in "rqz")
    assert found().standing == Standing.FINISHED


def test_a_time_wake_that_meets_a_lease_leaves_no_mark():
    enrolled({"r": ring("q"), "q": ring()})
    engine.claim({"enrolment": ID, "at_tile": None, "token": "t"}, NOW)

    assert engine.claim({"enrolment": ID, "at_tile": None, "token": "u"}, NOW)["next"] == "done"

    assert found().wakes == 0


def test_a_fact_whose_mark_comes_too_late_claims_for_itself():
    enrolled(REACTING)
    burst()
    commit([plans.await_fact(found(), "EmailOpened", "x", "i", NOW + HOUR)])

    with pytest.raises(ConditionFailed):
        commit([plans.count_wake(ID, "t1")])
    did(InteractionType.EMAIL_OPENED, NOW, send_id=SEND, email_id="e")
    burst(NOW + HOUR, at_tile="i", token="fact")

    assert found().standing == Standing.FINISHED


def test_time_and_a_fact_that_race_take_one_path_together():
    enrolled(REACTING)
    burst()
    deadline = NOW + timedelta(days=1)
    did(InteractionType.EMAIL_OPENED, deadline, send_id=SEND, email_id="e")
    wakes = [{"enrolment": ID, "at_tile": tile, "token": f"t{tile}"} for tile in (None, "i")]

    def walks(task):
        claimed = engine.claim(task, deadline)
        return machine_from(claimed, deadline)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(walks, wakes))

    assert [each.trigger_id for each in raised()] == ["yes"]
    assert found().standing == Standing.FINISHED


def machine_from(task, now):
    """Go on with a claimed burst, as the machine does."""
    while task["next"] != "done":
        task = engine.rest(task, now) if task["next"] in {"rest", "finish"} else engine.perform(task, now)


def test_wait_rows_are_written_once_a_visit():
    enrolled(REACTING)
    burst()

    with metered() as usage:
        burst(NOW + timedelta(days=2) - HOUR * 25, at_tile="i", token="t2")

    assert usage.requests["PutItem"] == 1  # the enrolment, which rests again
    assert found().standing == Standing.ACTIVE


def test_a_short_rest_is_called_back_by_the_queue():
    enrolled({"w": wait("PT10M", "r"), "r": ring()})
    burst()

    answer = boto3.client("sqs").get_queue_attributes(
        QueueUrl=settings.queue_url("wake"), AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )

    assert answer["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"


# Failing -----------------------------------------------------------------------------------------------------------


def failing_machine():
    def fails(_):
        raise KeyError("tile")

    return machine(PerformTile=fails)


def test_what_fails_is_tried_later_each_time_and_then_left_to_a_user():
    enrolled({"r": ring()})
    now, dues = NOW, []
    for attempt in range(plans.MOST_ATTEMPTS):
        runner = failing_machine()
        with time_machine.travel(now, tick=False):
            runner.run({"enrolment": ID, "at_tile": None, "token": f"t{attempt}"})
        assert runner.trace[-2:] == ["Set aside", "Done"]
        dues.append(found().due and found().due - now)
        now = found().due or now

    assert dues[-1] is None
    assert dues[:-1] == sorted(dues[:-1])
    assert (found().standing, found().reason) == (Standing.SET_ASIDE, "KeyError")
    assert burst(now + timedelta(days=1), token="late") == ["Claim enrolment", "Next?", "Done"]

    leases.resume(ID, now)
    burst(now, token="resumed")

    assert found().standing == Standing.FINISHED
    assert found().reason is None


def test_what_dies_again_and_again_is_set_aside_by_the_poller_s_next_wake():
    enrolled({"r": ring()})
    now = NOW
    for attempt in range(plans.MOST_ATTEMPTS):
        assert engine.claim({"enrolment": ID, "at_tile": None, "token": f"t{attempt}"}, now)["next"] != "done"
        now += timedelta(seconds=int(settings.lease_seconds) + 1)

    assert engine.claim({"enrolment": ID, "at_tile": None, "token": "last"}, now)["next"] == "done"

    assert found().standing == Standing.SET_ASIDE
    assert found().due is None


def test_an_enrolment_at_work_stays_on_the_agenda():
    enrolled({"r": ring("q"), "q": ring()})
    engine.claim({"enrolment": ID, "at_tile": None, "token": "t"}, NOW)

    [due] = [item for number in range(16) for item in JourneysItem.by_due.query(f"enrolment#{number}")]

    assert due.due <= NOW


# At the moment of the effect ---------------------------------------------------------------------------------------


def test_stopped_content_settings_keep_the_contact_at_the_tile():
    from chalicelib.definitions import service as definitions

    enrolled({"m": mail()})
    known = definitions.get("content-settings", "cs")
    definitions.stop("content-settings", "cs", version=known.version, by="u", now=NOW, confirmed=True)

    burst()
    assert (found().standing, found().tile) == (Standing.ACTIVE, "m")
    assert not list(Send.scan())
    republished = definitions.get("content-settings", "cs")
    from chalicelib.definitions.lifecycle import Checked

    definitions.publish("content-settings", "cs", lambda _: Checked(), version=republished.version, by="u", now=NOW)
    burst(NOW + HOUR, token="t2")

    assert found().standing == Standing.FINISHED
    assert len(list(Send.scan())) == 1


def test_a_branch_is_decided_on_arrival_and_says_why():
    register_contact_fields()
    condition = {"field": "contact.city", "operator": "equals", "values": ["Aarhus"]}
    branch = {
        "kind": "branch",
        "branches": [{"name": "near", "condition": condition, "next": "y"}],
        "otherwise": "n",
    }
    publish("journey", "j", document({"b": branch, "y": ring(trigger="yes"), "n": ring(trigger="no")}))
    contact("c", city="aarhus")
    contact("d", city="Oslo")
    for who in ("c", "d"):
        entry.enter(versions.running("j"), who, FORM, NOW)
        burst(identity=f"{who}.j.1")

    assert sorted((each.contact_id, each.trigger_id) for each in raised()) == [("c", "yes"), ("d", "no")]
    [decision] = [visit for visit in service.history(found()) if "path:near" in visit["figures"]]
    assert decision["why"] == "holds: "


@pytest.mark.rule("JRN-60")
def test_a_lead_tile_makes_a_new_lead_each_time_it_is_passed():
    from chalicelib.leads.models import Lead

    enrolled(
        {"a": {"kind": "create_lead", "topic": "Offer", "next": "b"}, "b": {"kind": "create_lead", "topic": "Offer"}}
    )

    burst()

    leads = [item for item in Lead.scan() if isinstance(item, Lead)]
    assert [(lead.contact_id, lead.last_name) for lead in leads] == [("c", "Nygård")] * 2


@pytest.mark.rule("GEN-13")
@pytest.mark.parametrize(("owner", "whose"), [("olga", "olga"), (None, "sven")])
def test_a_lead_that_a_tile_makes_is_the_journey_owners_else_the_contact_owners(owner, whose):
    from chalicelib.leads.models import Lead

    contact("c", owner_id="sven")
    enrolled({"a": {"kind": "create_lead", "topic": "Offer"}}, owner=owner)

    burst()

    assert [item.owner_id for item in Lead.scan() if isinstance(item, Lead)] == [whose]


@pytest.mark.rule("JRN-62", "JRN-63", "JRN-64")
def test_a_task_tile_makes_a_task_with_an_owner_and_a_due_date_and_passes_on_at_once():
    from chalicelib.activities.models import Activity

    task = {"kind": "task", "subject": "Follow up", "assign_to": "contact_owner", "due_in": "P2D", "next": "r"}
    publish("journey", "j", document({"t": task, "r": ring()}))
    contact("c", owner_id="sven")
    entry.enter(versions.running("j"), "c", FORM, NOW)

    burst()

    [activity] = [item for item in Activity.scan() if isinstance(item, Activity)]
    assert (activity.owner_id, activity.due, activity.regarding) == ("sven", NOW + timedelta(days=2), "contact#c")
    assert found().standing == Standing.FINISHED


def test_the_clock_is_the_handlers_own():
    assert clock_now().tzinfo is not None
    assert Enrolment.at(ID) == ("CONTACT#c", "ENROLMENT#j#1")
