"""Bulk jobs: started by the stream, driven by the real machine, taken up again wherever they stopped."""

from datetime import timedelta

import pytest

from chalicelib.definitions import carrying, jobs, service
from chalicelib.definitions.lifecycle import Checked, JobWanted
from chalicelib.dynamodb import commit
from chalicelib.errors import Conflict, NotFound, Unavailable

SECOND = timedelta(seconds=1)
JOB = "email-e-1"


@pytest.fixture
def work(world):
    """A kind of bulk work over seven ids a slice, two a page, that remembers what it did and can be made to fail."""
    work = Work()
    jobs.works["test"] = jobs.Work(work.pages, work.act)
    yield work
    del jobs.works["test"]


class Work:
    def __init__(self):
        self.done, self.poison, self.before_page = [], None, lambda: None

    def pages(self, _, number, cursor):
        start = int(cursor or 0)
        ids = [f"{number}-{each}" for each in range(start, min(start + 2, 7))]
        return ids, str(start + 2) if start + 2 < 7 else None

    def act(self, _, ids, __):
        self.before_page()
        if self.poison in ids:
            raise Unavailable("not now")
        self.done.extend(ids)


EVERYTHING = sorted(f"{number}-{each}" for number in range(16) for each in range(7))


def publish(world, **wanted):
    service.create("email", "e", "Newsletter", {}, "u", world.now)
    service.publish(
        "email", "e", lambda _: Checked(), version=1, by="u", now=world.now, job=JobWanted("test", **wanted)
    )


def test_a_publication_starts_its_job_when_every_process_forgot_what_was_live(world, work):
    published_at = world.now
    publish(world)

    world.settle()

    assert sorted(work.done) == EVERYTHING
    assert jobs.get(JOB).state == jobs.JobState.DONE
    assert jobs.get(JOB).ended_at >= published_at + timedelta(seconds=10)
    assert jobs.unfinished() == []


def test_a_failed_publication_starts_no_job(world, work):
    service.create("email", "e", "Newsletter", {}, "u", world.now)
    with pytest.raises(Exception, match="cannot go live"):
        service.publish(
            "email", "e", lambda _: Checked(references=[("form", "f")]), version=1, by="u", now=world.now,
            job=JobWanted("test"),
        )  # fmt: skip

    world.settle()

    assert world.executions == []
    with pytest.raises(NotFound):
        jobs.get(JOB)


def test_duplicates_in_any_order_start_a_job_once(world, work):
    publish(world)

    world.settle(duplicate=True, shuffle=3)
    world.replay(shuffle=5)

    assert sorted(work.done) == EVERYTHING
    assert [execution.name for execution in world.executions] == ["email-e-1-1"]


def test_a_job_whose_machine_could_not_be_started_is_started_by_the_message_that_comes_again(world, work):
    publish(world)
    refused = iter(["before"])
    world.fault = lambda _, __, operation: next(refused, None) if operation == "StartExecution" else None

    world.settle()

    assert sorted(work.done) == EVERYTHING
    assert jobs.get(JOB).attempts == 1


def test_a_failing_slice_holds_up_no_other_and_is_tried_again_from_where_it_stopped(world, work):
    publish(world)
    work.poison = "3-4"

    world.settle()

    job = jobs.get(JOB)
    assert (job.state, job.reason) == (jobs.JobState.WAITING, "Unavailable")
    assert len(work.done) == 15 * 7 + 4
    assert world.executions[0].trace[-2:] == ["Set aside job", "Tried again later"]

    work.poison = None
    again(world, job.due)

    assert sorted(work.done) == EVERYTHING
    assert jobs.get(JOB).state == jobs.JobState.DONE


def again(world, due):
    """Do as the poller does with a job that is due."""
    world.move_to(due + SECOND)
    world.send("jobs", f'{{"id": "{JOB}"}}')
    world.settle()


def test_a_job_that_never_comes_to_anything_is_set_aside_where_people_see_it_and_can_be_resumed(world, work):
    publish(world)
    work.poison = "3-0"
    world.settle()
    while jobs.get(JOB).state == jobs.JobState.WAITING:
        again(world, jobs.get(JOB).due)

    assert jobs.get(JOB).state == jobs.JobState.SET_ASIDE
    assert [job.job_id for job in jobs.unfinished()] == [JOB]
    assert jobs.get(JOB).attempts <= carrying.MOST_FRUITLESS + 1
    again(world, world.now)
    assert jobs.get(JOB).state == jobs.JobState.SET_ASIDE

    work.poison = None
    again(world, jobs.resume(JOB, world.now).due)

    assert sorted(work.done) == EVERYTHING
    assert jobs.get(JOB).state == jobs.JobState.DONE


def test_a_machine_that_died_is_followed_by_another_which_begins_where_it_stopped(world, work):
    publish(world, delay=0)
    assert carrying.begin(JOB, world.now) == 1
    carrying.work_page(JOB, 3, world.now)
    carrying.work_page(JOB, 3, world.now)

    again(world, jobs.get(JOB).due)

    assert sorted(work.done) == EVERYTHING
    assert [execution.name for execution in world.executions] == ["email-e-1-2"]


def test_a_machine_that_is_still_at_work_gets_no_rival(world, work):
    publish(world, delay=0)
    carrying.begin(JOB, world.now)
    world.advance(carrying.PATIENCE + SECOND)
    carrying.work_page(JOB, 3, world.now)

    attempt = carrying.begin(JOB, world.now)

    assert attempt == jobs.get(JOB).attempts == 1
    assert jobs.get(JOB).due > world.now + timedelta(minutes=19)


def test_of_two_runs_of_a_slice_the_slower_goes_on_from_where_the_quicker_is(world, work):
    publish(world, delay=0)
    carrying.begin(JOB, world.now)
    other = iter([None])

    def meanwhile():
        if next(other, "done") is None:
            carrying.work_page(JOB, 0, world.now)

    work.before_page = meanwhile
    assert not carrying.work_page(JOB, 0, world.now).ended

    [progress] = jobs.slices(JOB)
    assert (progress.done, progress.cursor) == (2, "2")


def test_a_job_with_a_rate_pauses_between_its_pages(world, work):
    publish(world, rate=1)
    began = world.now

    world.settle()

    run = world.executions[0]
    assert run.trace.count("Keep the pace") == 16 * 4  # eight seconds for two ids, in steps of five, five ahead
    assert world.now - began >= timedelta(seconds=16 * (3 * 8 - 5))
    assert sorted(work.done) == EVERYTHING


def test_a_rate_of_many_a_second_does_not_make_each_page_wait(world, work):
    publish(world, rate=10)

    world.settle()

    assert "Keep the pace" not in world.executions[0].trace
    assert sorted(work.done) == EVERYTHING


def test_slices_wait_while_whoever_does_the_work_has_enough_of_it(world, work):
    answers = iter([False, False])
    jobs.works["test"] = jobs.Work(work.pages, work.act, room=lambda: next(answers, True))
    publish(world)

    world.settle()

    assert world.executions[0].trace.count("Keep the pace") == 2
    assert sorted(work.done) == EVERYTHING


def test_a_cancelled_job_does_nothing_more_and_cannot_be_cancelled_twice(world, work):
    publish(world, delay=0)
    carrying.begin(JOB, world.now)

    jobs.cancel(JOB, world.now)

    assert carrying.work_page(JOB, 0, world.now).ended
    assert work.done == []
    with pytest.raises(Conflict):
        jobs.cancel(JOB, world.now)
    with pytest.raises(Conflict):
        jobs.resume(JOB, world.now)
    with pytest.raises(NotFound):
        jobs.cancel("none", world.now)


def test_a_job_that_is_due_in_an_hour_is_left_to_the_agenda(world, work):
    commit(jobs.plan("later", JobWanted("test", delay=3600), world.now))

    world.settle()

    assert world.executions == []
    assert jobs.get("later").state == jobs.JobState.WAITING


def test_what_the_machine_did_can_be_read_by_slice(world, work):
    publish(world)

    world.settle()

    assert [(each.done, each.finished) for each in jobs.slices(JOB)] == [(7, 1)] * 16
