"""Publishing, stopping, holding and going live again; iterations and ends by the clock; the poller."""

from datetime import timedelta

import boto3
import pytest

from chalicelib.agenda import Agenda
from chalicelib.definitions import carrying, jobs
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import State
from chalicelib.dynamodb import commit
from chalicelib.errors import Conflict, NotFound, Unprocessable
from chalicelib.journeys import bulk, closing, engine, entry, leases, polling, service, versions
from chalicelib.journeys.models import JourneysItem, Raised
from chalicelib.journeys.schemas import GoingLive, Stopping
from chalicelib.segments import plans as segment_plans
from chalicelib.settings import settings
from tests.support.journeys import NOW, burst, contact, document, publish, ready, republish, ring, wait

pytestmark = [pytest.mark.usefixtures("cloud"), pytest.mark.usefixtures("fresh")]

HOUR = timedelta(hours=1)
WAITING = {"w": wait("PT1H", "r"), "r": ring()}


@pytest.fixture
def fresh(cloud):
    ready()
    jobs.works.update(bulk.WORKS)
    publish("segment", "s", {"type": "static"})
    for trigger in ("t", "new", "newest"):
        publish("trigger", trigger, {"attributes": []})


def members(*who, segment="s"):
    for each in who:
        contact(each)
        commit(segment_plans.join(segment, each, None, "hand", NOW))


def live(tiles=None, **more):
    """Let a draft go live through the full check, and work off the job that it begins."""
    definitions.create("journey", "j", "Welcome", document(tiles or WAITING, **more), "user:u", NOW)
    service.publish("j", GoingLive.KEEP, 1, "user:u", NOW)
    work("journey-j-1")


def work(job_id, now=NOW):
    """Work a job off, slice by slice and page by page, as the bulk machine does."""
    assert carrying.begin(job_id, jobs.get(job_id).due) is not None
    for number in range(16):
        while not carrying.work_page(job_id, number, now).ended:
            pass
    assert carrying.finish(job_id, now)


def version():
    return definitions.get("journey", "j").version


def stop(inside, now=NOW):
    stopped = service.stop("j", inside, version(), "user:u", now, confirmed=False)
    work(f"journey-j-stop-{stopped.version}", now)


def standing(identity="c.j.1"):
    return service.find(identity).standing


def again(tiles, inside, now=NOW, **more):
    """Publish the next version, and work off what becomes of those inside."""
    known = definitions.get("journey", "j")
    saved = definitions.save_draft(
        "journey", "j", "Welcome", document(tiles, **more), version=known.version, by="u", now=now
    )
    published = service.publish("j", inside, saved.version, "user:u", now)
    work(f"journey-j-{published.live_version}", now)


@pytest.mark.rule("JRN-12")
def test_all_members_enter_when_the_journey_goes_live_and_a_second_run_of_the_job_changes_nothing():
    members("c", "d", "e")

    live()
    bulk.start_act({"id": "j", "version": 1, "inside": "keep"}, ["contact:c"], NOW)

    found = service.of_journey("j", _all())
    assert sorted(each.contact_id for each in found.items) == ["c", "d", "e"]


def _all():
    from chalicelib.lists import Asked

    return Asked(100)


@pytest.mark.rule("JRN-12")
def test_only_newcomers_enter_where_the_journey_says_so():
    members("c")

    live(entry="new_only")
    entry.hear({"fact": "segment.joined", "id": "s", "contact": "c"}, NOW)

    assert standing() == "active"


def test_the_job_of_a_journey_that_starts_later_waits_for_the_start():
    members("c")
    start = NOW + timedelta(days=3)
    definitions.create("journey", "j", "Welcome", document(WAITING, start=start.isoformat()), "user:u", NOW)

    service.publish("j", GoingLive.KEEP, 1, "user:u", NOW)

    assert jobs.get("journey-j-1").due >= start


@pytest.mark.rule("JRN-7")
def test_a_journey_that_names_what_is_not_live_does_not_go_live():
    audience = {"segments": {"items": [{"segment": "s"}, {"segment": "missing"}]}}
    tiles = {"m": {"kind": "email", "email": "missing"}}
    definitions.create("journey", "j", "Welcome", document(tiles, audience=audience), "user:u", NOW)

    with pytest.raises(Unprocessable) as refused:
        service.publish("j", GoingLive.KEEP, 1, "user:u", NOW)

    assert [problem.field for problem in refused.value.problems] == ["segment:missing", "email:missing"]
    assert definitions.get("journey", "j").state == State.DRAFT


@pytest.mark.rule("JRN-11")
def test_a_segment_that_a_live_journey_uses_stops_only_after_a_warning():
    live()
    known = definitions.get("segment", "s")

    with pytest.raises(Conflict) as warned:
        definitions.stop("segment", "s", version=known.version, by="u", now=NOW)

    assert [problem.field for problem in warned.value.problems] == ["journey:j"]


@pytest.mark.rule("JRN-9")
def test_every_change_of_state_is_a_milestone():
    live()
    stop(Stopping.HOLD, NOW + HOUR)

    assert [each.state for each in definitions.milestones("journey", "j")] == ["live", "stopped"]


# Stopping and going live again -------------------------------------------------------------------------------------


def test_stopping_holds_those_inside_and_going_live_lets_them_go_on_where_they_were():
    members("c")
    live()
    burst("c.j.1")
    stop(Stopping.HOLD)

    assert standing() == "held"
    assert burst("c.j.1", NOW + 2 * HOUR, token="t2") == ["Claim enrolment", "Next?", "Done"]
    again(WAITING, GoingLive.KEEP, NOW + 2 * HOUR)
    burst("c.j.1", NOW + 3 * HOUR, token="t3")

    assert (standing(), service.find("c.j.1").journey_version) == ("finished", 1)


def test_a_held_enrolment_is_not_on_the_agenda():
    members("c")
    live()
    burst("c.j.1")
    stop(Stopping.HOLD)

    assert not [item for number in range(16) for item in JourneysItem.by_due.query(f"enrolment#{number}")]


def test_timers_run_on_while_held():
    members("c")
    live()
    burst("c.j.1")
    stop(Stopping.HOLD)

    again(WAITING, GoingLive.KEEP, NOW + HOUR / 2)

    assert service.find("c.j.1").due == NOW + HOUR


@pytest.mark.rule("JRN-70")
def test_stopping_everyone_ends_those_inside_for_good():
    members("c")
    live()
    burst("c.j.1")
    stop(Stopping.STOP)

    ended = service.find("c.j.1")
    assert (ended.standing, ended.reason) == ("stopped", "journey_stopped")
    again(WAITING, GoingLive.KEEP)
    entry.hear({"fact": "segment.joined", "id": "s", "contact": "c"}, NOW)
    assert standing() == "stopped"


def test_a_burst_that_begins_after_the_stop_holds_the_contact_itself():
    members("c")
    live({"r": ring()})
    known = definitions.get("journey", "j")
    definitions.stop("journey", "j", version=known.version, by="u", now=NOW)

    burst("c.j.1")

    assert standing() == "held"
    assert not list(Raised.scan())


def test_a_burst_at_work_makes_the_job_come_again():
    members("c")
    live({"r": ring()})
    engine.claim({"enrolment": "c.j.1", "at_tile": None, "token": "t"}, NOW)
    known = definitions.get("journey", "j")
    definitions.stop("journey", "j", version=known.version, by="u", now=NOW)

    with pytest.raises(Exception, match="at work"):
        bulk.leave_act({"id": "j", "inside": "stop", "reason": "journey_stopped"}, ["c.j.1"], NOW)

    later = NOW + timedelta(seconds=int(settings.lease_seconds) + 1)
    bulk.leave_act({"id": "j", "inside": "stop", "reason": "journey_stopped"}, ["c.j.1"], later)
    assert standing() == "stopped"


@pytest.mark.rule("RTJ-10")
def test_an_enrolment_stays_on_its_version_when_a_new_one_goes_live():
    members("c")
    live()
    burst("c.j.1")

    again({"w": wait("PT1H", "x"), "x": ring(trigger="new")}, GoingLive.KEEP)
    burst("c.j.1", NOW + HOUR, token="t2")

    assert [raised.trigger_id for raised in Raised.scan()] == ["t"]


def test_migrating_moves_those_whose_tile_is_still_there_and_keeps_the_others():
    members("c")
    live()
    burst("c.j.1")

    again({"w": wait("PT1H", "x"), "x": ring(trigger="new")}, GoingLive.MIGRATE)
    assert service.find("c.j.1").journey_version == 2
    again({"other": wait("PT1H", "x"), "x": ring(trigger="newest")}, GoingLive.MIGRATE)
    assert service.find("c.j.1").journey_version == 2
    burst("c.j.1", NOW + HOUR, token="t2")

    assert [raised.trigger_id for raised in Raised.scan()] == ["new"]


def test_going_live_can_stop_those_on_older_versions():
    members("c")
    live()
    burst("c.j.1")

    again(WAITING, GoingLive.STOP)

    assert standing() == "stopped"


def test_only_what_was_set_aside_can_be_resumed():
    members("c")
    live()

    with pytest.raises(Conflict):
        leases.resume("c.j.1", NOW)


# By the clock ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("JRN-8", "JRN-13")
def test_at_its_end_a_journey_stops_and_so_does_everyone_in_it():
    members("c")
    live(end=(NOW + HOUR / 2).isoformat())
    burst("c.j.1")

    bulk.keep_time(NOW + HOUR / 4)
    assert definitions.get("journey", "j").state == State.LIVE
    bulk.keep_time(NOW + HOUR)
    bulk.keep_time(NOW + HOUR)
    work(f"journey-j-stop-{version()}")

    assert definitions.get("journey", "j").state == State.STOPPED
    assert service.find("c.j.1").reason == "journey_ended"


@pytest.mark.rule("JRN-13")
def test_nothing_is_done_after_the_end_even_before_anybody_stopped_the_journey():
    members("c")
    live(end=(NOW + HOUR / 2).isoformat())
    burst("c.j.1")

    burst("c.j.1", NOW + HOUR, token="t2")

    assert service.find("c.j.1").reason == "journey_ended"
    assert not list(Raised.scan())


@pytest.mark.rule("JRN-16", "RTJ-2")
def test_each_iteration_begins_once_and_takes_all_current_members():
    members("c", "d")
    live({"r": ring()}, start=NOW.isoformat(), recurrence={"interval_days": 7, "count": 2})
    later = NOW + timedelta(days=7)

    for minutes in range(3):
        bulk.keep_time(later + timedelta(minutes=minutes))
    work("journey-j-1-iteration-2", later)

    found = service.of_journey("j", _all())
    assert sorted(each.enrolment_id for each in found.items) == ["c.j.1", "c.j.2", "d.j.1", "d.j.2"]


WEEKLY = {"start": NOW.isoformat(), "recurrence": {"interval_days": 7, "count": 1}}
OVER = NOW + timedelta(days=7, minutes=2)


def state():
    return definitions.get("journey", "j").state


@pytest.mark.rule("JRN-17")
def test_a_recurring_journey_stops_when_the_last_of_its_last_iteration_has_ended(monkeypatch):
    monkeypatch.setattr(closing, "PAGE", 1)
    members("c", "d")
    live({"w": wait("P10D", "r"), "r": ring()}, **WEEKLY)
    for each in ("c", "d"):
        burst(f"{each}.j.1")

    bulk.keep_time(OVER - HOUR)
    bulk.keep_time(OVER)
    assert state() == State.LIVE
    burst("c.j.1", NOW + timedelta(days=11), token="t2")
    bulk.keep_time(NOW + timedelta(days=11))
    assert state() == State.LIVE
    burst("d.j.1", NOW + timedelta(days=11), token="t2")

    bulk.keep_time(NOW + timedelta(days=11))

    assert state() == State.STOPPED
    assert {standing("c.j.1"), standing("d.j.1")} == {"finished"}
    assert [each.state for each in definitions.milestones("journey", "j")] == [State.LIVE, State.STOPPED]


@pytest.mark.rule("JRN-17")
def test_nobody_enters_after_the_last_iteration_and_what_had_nobody_stops_too():
    live(**WEEKLY)
    members("late")

    entry.hear({"fact": "segment.joined", "id": "s", "contact": "late"}, NOW + timedelta(days=6))
    assert standing("late.j.1") == "active"
    contact("later")
    commit(segment_plans.join("s", "later", None, "hand", NOW))
    entry.hear({"fact": "segment.joined", "id": "s", "contact": "later"}, NOW + timedelta(days=8))
    with pytest.raises(NotFound):
        standing("later.j.1")


@pytest.mark.rule("JRN-17")
def test_a_journey_that_nobody_entered_stops_after_its_last_iteration():
    live(**WEEKLY)

    bulk.keep_time(OVER)

    assert state() == State.STOPPED


@pytest.mark.rule("JRN-17")
def test_the_end_date_stops_it_where_it_comes_first():
    members("c")
    end = NOW + timedelta(days=8)
    live({"w": wait("P30D", "r"), "r": ring()}, end=end.isoformat(), **WEEKLY)
    burst("c.j.1")
    bulk.keep_time(OVER)
    assert state() == State.LIVE

    bulk.keep_time(end)
    work(f"journey-j-stop-{version()}", end)

    assert (state(), standing()) == (State.STOPPED, "stopped")


@pytest.mark.rule("JRN-17")
def test_going_live_again_stops_at_once_unless_there_are_more_iterations():
    live(**WEEKLY)
    bulk.keep_time(OVER)
    again(WAITING, GoingLive.KEEP, OVER, **WEEKLY)

    bulk.keep_time(OVER + timedelta(minutes=1))
    assert state() == State.STOPPED
    again(WAITING, GoingLive.KEEP, OVER, start=NOW.isoformat(), recurrence={"interval_days": 7, "count": 3})
    bulk.keep_time(OVER + timedelta(minutes=2))

    assert state() == State.LIVE


def test_a_check_for_the_last_one_reads_a_bounded_part_and_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(closing, "PAGE", 1)
    monkeypatch.setattr(closing, "MOST_PAGES", 6)
    members(*(f"c{number}" for number in range(8)))
    live({"r": ring()}, **WEEKLY)
    for number in range(8):
        burst(f"c{number}.j.1")

    bulk.keep_time(OVER)
    assert state() == State.LIVE
    for minute in range(1, 6):
        bulk.keep_time(OVER + timedelta(minutes=minute))

    assert state() == State.STOPPED


# The poller --------------------------------------------------------------------------------------------------------


def _waiting(queue):
    answer = boto3.client("sqs").receive_message(QueueUrl=settings.queue_url(queue), MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


AGENDA = Agenda("enrolment", "wake", JourneysItem.by_due, lambda pk, sk: {"fact": "due", "enrolment": f"{pk} {sk}"})


def test_the_poller_hands_out_what_is_overdue_by_the_grace_and_forgets_nothing():
    members("c", "d")
    live()
    burst("c.j.1")
    grace = timedelta(seconds=int(settings.poll_grace_seconds))

    early = polling.hand_out([AGENDA], NOW + grace)
    first = polling.hand_out([AGENDA], NOW + grace + timedelta(seconds=30))
    second = polling.hand_out([AGENDA], NOW + grace + timedelta(seconds=90))

    assert (early, first, second) == ({"enrolment": 0}, {"enrolment": 1}, {"enrolment": 1})


def test_the_poller_gives_nothing_to_a_queue_that_is_full(monkeypatch):
    members("c")
    live()
    monkeypatch.setattr(polling, "MOST_WAITING", -1)

    assert polling.hand_out([AGENDA], NOW + HOUR) == {}
    assert _waiting("wake") == []


def test_a_republished_journey_keeps_its_history():
    members("c")
    live({"r": ring()})
    burst("c.j.1")
    republish("j", document(WAITING))

    assert versions.running("j").version == 2
    assert [visit["tile"] for visit in service.history(service.find("c.j.1"))] == ["r", "r"]
