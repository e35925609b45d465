"""The life of a definition: drafts, versions, references, and bulk jobs that nothing stops for good."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.definitions import jobs, service
from chalicelib.definitions.lifecycle import Checked, JobWanted, State
from chalicelib.errors import Conflict, NotFound, Problem, Stale, Unprocessable

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def fine(_):
    return Checked()


def naming(*references):
    return lambda _: Checked(references=references)


def publish(kind="email", identity="e", check=fine, **options):
    definition = service.get(kind, identity)
    return service.publish(kind, identity, check, version=definition.version, by="user:u", now=NOW, **options)


def create(kind="email", identity="e", name="Newsletter", document=None):
    return service.create(kind, identity, name, document or {"subject": "Hello"}, "user:u", NOW)


def test_making_the_same_id_twice_makes_it_once():
    first = create()

    again = create(name="Other")

    assert again.name == first.name == "Newsletter"


@pytest.mark.rule("JRN-7", "SEG-3")
def test_a_failed_check_names_every_problem_and_changes_nothing():
    create()
    check = lambda _: Checked([Problem("subject", "empty"), Problem("html", "empty")], [("form", "f")])  # noqa: E731

    with pytest.raises(Unprocessable) as refused:
        publish(check=check)

    assert [problem.field for problem in refused.value.problems] == ["subject", "html", "form:f"]
    assert service.get("email", "e").state == State.DRAFT
    assert service.live("email", "e") is None


@pytest.mark.rule("EML-4", "PAG-2")
def test_a_live_version_goes_on_unchanged_while_its_draft_is_edited():
    create()
    publish()
    draft = service.get("email", "e")
    service.save_draft("email", "e", "Newsletter", {"subject": "New"}, version=draft.version, by="u", now=NOW)

    assert service.get("email", "e").state == State.LIVE_EDITED
    assert service.live("email", "e").document == {"subject": "Hello"}
    publish()
    assert service.live("email", "e").document == {"subject": "New"}
    assert service.document("email", "e", 1) == {"subject": "Hello"}


def test_of_two_publishers_one_wins():
    create()
    version = service.get("email", "e").version

    def attempt(_):
        try:
            service.publish("email", "e", fine, version=version, by="u", now=NOW)
        except (Stale, Conflict):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    assert service.live("email", "e").version == 1


@pytest.mark.rule("JRN-11", "EML-5")
def test_stopping_what_others_use_asks_first():
    create()
    publish()
    create("journey", "j")
    publish("journey", "j", naming(("email", "e")))
    version = service.get("email", "e").version

    with pytest.raises(Conflict, match="confirm") as refused:
        service.stop("email", "e", version=version, by="u", now=NOW)
    assert [problem.field for problem in refused.value.problems] == ["journey:j"]

    stopped = service.stop("email", "e", version=version, by="u", now=NOW, confirmed=True)
    assert stopped.state == State.STOPPED
    assert service.live("email", "e") is None


def test_what_no_longer_names_it_no_longer_uses_it():
    create()
    publish()
    create("journey", "j")
    publish("journey", "j", naming(("email", "e")))
    publish("journey", "j", fine)

    assert service.used_by("email", "e") == []


@pytest.mark.rule("JRN-9")
def test_every_change_of_state_is_a_milestone():
    create()
    publish()
    service.stop("email", "e", version=service.get("email", "e").version, by="user:v", now=NOW + timedelta(hours=1))

    assert [(each.state, each.by) for each in service.milestones("email", "e")] == [
        ("live", "user:u"),
        ("stopped", "user:v"),
    ]


def test_only_a_draft_that_never_went_live_can_be_deleted():
    create()
    publish()

    with pytest.raises(Conflict):
        service.discard("email", "e", service.get("email", "e").version)

    create(identity="f")
    service.discard("email", "f", 1)
    with pytest.raises(NotFound):
        service.get("email", "f")


@pytest.fixture
def work():
    """A kind of bulk work over seven ids a slice, two a page, that remembers what it did."""
    done: list[str] = []

    def pages(_, number, cursor):
        start = int(cursor or 0)
        ids = [f"{number}-{each}" for each in range(start, min(start + 2, 7))]
        return ids, str(start + 2) if start + 2 < 7 else None

    jobs.works["test"] = jobs.Work(pages, lambda _, ids, __: done.extend(ids))
    yield done
    del jobs.works["test"]


def run(job_id, now):
    assert jobs.begin(job_id, now) is not None
    for number in range(16):
        while not jobs.work_slice(job_id, number, now):
            pass
    return jobs.finish(job_id, now)


def test_a_publication_and_its_job_are_one(work):
    create()
    publish(job=JobWanted("test", delay=0))

    assert run("email-e-1", NOW)
    assert len(work) == 16 * 7
    assert jobs.get("email-e-1").state == jobs.JobState.DONE


def test_a_job_that_stopped_in_the_middle_goes_on_where_it_was(work):
    create()
    publish(job=JobWanted("test", delay=0))
    jobs.begin("email-e-1", NOW)
    jobs.work_slice("email-e-1", 3, NOW)

    assert jobs.begin("email-e-1", NOW) is None
    assert run("email-e-1", NOW + jobs.PATIENCE + timedelta(seconds=1))
    assert len(work) == len(set(work)) == 16 * 7


def test_a_job_does_not_begin_before_every_process_forgot_what_was_live(work):
    create()
    publish(job=JobWanted("test"))

    assert jobs.begin("email-e-1", NOW) is None
    assert jobs.begin("email-e-1", service.soon(NOW)) == 1


def test_a_cancelled_job_does_nothing_more(work):
    create()
    publish(job=JobWanted("test", delay=0))
    jobs.begin("email-e-1", NOW)

    jobs.cancel("email-e-1", NOW)

    assert jobs.work_slice("email-e-1", 0, NOW)
    assert work == []


def test_a_job_that_never_ends_is_set_aside_and_can_be_resumed(work):
    create()
    publish(job=JobWanted("test", delay=0))
    now = NOW
    for _ in range(jobs.MOST_ATTEMPTS + 1):
        jobs.begin("email-e-1", now)
        now += jobs.PATIENCE + timedelta(seconds=1)
    assert jobs.get("email-e-1").state == jobs.JobState.SET_ASIDE

    jobs.resume("email-e-1", now)

    assert run("email-e-1", now)
