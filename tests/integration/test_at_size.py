"""Scores at size: somebody who did ten thousand things, a publication that is killed, facts while a version changes."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from random import Random

import pytest
from msgspec.structs import replace

from chalicelib.agenda import fallen_due
from chalicelib.clock import as_text
from chalicelib.definitions import carrying, jobs
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked
from chalicelib.definitions.models import DefinitionsItem
from chalicelib.dynamodb import commit, put
from chalicelib.interactions import digesting, reading
from chalicelib.interactions.models import Digest
from chalicelib.interactions.packing import pack, unpack
from chalicelib.leads import reading as leads
from chalicelib.scoring import bulk, service
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Score, ScoreChange, ScoringItem
from chalicelib.scoring.reading import scores_of
from tests.support import crowd
from tests.support.between import before_the_next_write
from tests.support.faults import Faults, Killed, database, injected
from tests.support.insisting import insist
from tests.support.meter import metered
from tests.support.scoring import NOW, click, clicked, lead, person, publish, rescore

pytestmark = pytest.mark.usefixtures("cloud")


def points(lead_id="l"):
    [score] = scores_of(lead_id)
    return score.score, score.model_version


# Somebody who did ten thousand things ------------------------------------------------------------------------------


@pytest.mark.usefixtures("warm")
def test_one_new_click_of_a_contact_with_ten_thousand_interactions_is_rescored_by_a_few_bounded_requests(monkeypatch):
    monkeypatch.setattr(digesting, "MOST_ROWS", 10_000)
    crowd.add_busiest()
    publish(clicked(1), threshold=100_000)
    for type_ in crowd.TYPES[:3]:
        digesting.digest(crowd.BUSIEST, type_, NOW)
    rescore(contact_id=crowd.BUSIEST)
    click("new", contact_id=crowd.BUSIEST)

    with metered() as usage:
        rescore(NOW + timedelta(seconds=1), crowd.BUSIEST)

    digests = list(reading.digests_of(f"CONTACT#{crowd.BUSIEST}", "EmailClicked"))
    assert points(crowd.BUSIEST)[0] == 3333 + 1
    assert len(digests) <= 25  # the months of two years; the first and the last are parts of one
    assert sum(each.number for each in digests) == 3333
    assert usage.requests["Query"] <= 5  # rows, marks, digests, the contact's leads, the configuration
    assert usage.round_trips <= 11
    assert usage.read_units <= 100  # 833 were its clicks read row by row


@pytest.fixture
def warm(monkeypatch):
    """What is live is remembered for seconds where it is deployed."""
    monkeypatch.setattr(live_definitions, "settings", replace(live_definitions.settings, live_cache_seconds="300"))
    monkeypatch.setattr(live_definitions, "_rows", {})


def test_interactions_are_read_once_for_all_models_and_each_type_by_itself():
    person()
    lead()
    click("1")
    visited = {"id": "v", "name": "Visited", "points": 5, "conditions": [{"entity": "WebsiteVisited"}]}
    publish(clicked(30))
    rescore()
    with metered() as one:
        rescore()
    publish(clicked(10), threshold=7)
    publish(clicked(20))
    rescore()
    with metered() as three:
        rescore()
    publish(visited)
    rescore()
    with metered() as another_type:
        rescore()

    assert three.requests == one.requests
    assert another_type.requests - three.requests == Counter({"Query": 1})


def test_the_recount_mends_a_digest_that_tells_otherwise_and_then_the_score(monkeypatch):
    monkeypatch.setattr(reading, "LOOSE", 3)
    person()
    lead()
    publish(clicked(10))
    for number in range(8):
        click(str(number), NOW - timedelta(days=number + 1))
    digesting.digest("c", "EmailClicked", NOW)
    [*_, digest] = reading.digests_of("CONTACT#c", "EmailClicked")
    assert isinstance(digest, Digest)
    sent = []
    monkeypatch.setattr(bulk, "send", lambda _, messages: sent.extend(messages))
    digest.packed = pack(unpack("EmailClicked", digest.packed)[1:])
    commit([put(digest)])
    rescore()
    assert points() == (70, 1)

    assert bulk.recount({}, ["l"], NOW) == 1

    assert sent == [{"fact": "recounted", "contact": "c"}]
    rescore(NOW)
    assert points() == (80, 1)
    assert bulk.recount({}, ["l"], NOW) == 0


# A publication -----------------------------------------------------------------------------------------------------


class Publication:
    """The job of a publication and the queue it fills, driven as the machine and the poller drive them.

    Whoever works may die at any call; rows and messages are all that remains. A message that others were quicker
    with comes again.
    """

    def __init__(self, job_id, monkeypatch):
        self.job_id, self.clock, self.queue = job_id, NOW + timedelta(minutes=1), []
        self.enumerating = False
        monkeypatch.setattr(bulk, "send", lambda _, messages: self.queue.extend(messages))
        monkeypatch.setattr(bulk, "waiting", lambda _: len(self.queue))

    def run(self):
        """Let workers come until the job and the queue are done."""
        while self.queue or jobs.get(self.job_id).state != jobs.JobState.DONE:
            self._work()

    def die(self, faults):
        """Let a worker work until it dies; the agenda brings the job up again once it is silent for too long."""
        with injected(faults, *database()), suppress(Killed):
            self.run()
        self.clock += carrying.PATIENCE + timedelta(seconds=1)

    def _work(self):
        self._deliver(len(self.queue))
        due = fallen_due(DefinitionsItem.by_due, jobs.WORK, self.clock, 100)
        if f"JOB#{self.job_id}" in [each.pk for each in due]:
            carrying.begin(self.job_id, self.clock)
        for number in range(16):
            while not self._page(number).ended:
                self._deliver(40)
            self._deliver(40)
        if not self.queue:
            carrying.finish(self.job_id, self.clock)

    def _page(self, number):
        self.enumerating = True
        try:
            return carrying.work_page(self.job_id, number, self.clock)
        finally:
            self.enumerating = False

    def _deliver(self, most):
        for message in self.queue[:most]:
            insist(partial(service.react, message, self.clock))
            self.queue.remove(message)


def publication(model, version, monkeypatch, *rules):
    """Publish a version of a model with its job."""
    document = {"sales_ready_score": 10_000, "rules": list(rules)}
    if version == 1:
        definitions.create(KIND, model, "Interest", document, "user:u", NOW)
    before = definitions.get(KIND, model).version
    definitions.save_draft(KIND, model, "Interest", document, version=before, by="user:u", now=NOW)
    job = bulk.on_publish(None)
    definitions.publish(KIND, model, lambda _: Checked(), version=before + 1, by="user:u", now=NOW, job=job)
    return Publication(f"{KIND}-{model}-{version}", monkeypatch)


@pytest.mark.usefixtures("warm")
def test_a_publication_for_a_thousand_leads_that_is_killed_five_times_leaves_what_one_unharmed_leaves(monkeypatch):
    done = crowd.gather(0, 1000)
    killed = publication(f"killed-{as_text(NOW)}", 1, monkeypatch, clicked(1))
    pages = [Faults("dies before", at, lambda: killed.enumerating) for at in (5, 9, 13)]  # in, before and after a page
    random = Random(20261124)
    others = [Faults("dies before", random.randint(40, 250), lambda: not killed.enumerating) for _ in range(2)]
    strikes = [pages[0], others[0], pages[1], others[1], pages[2]]

    for faults in strikes:
        killed.die(faults)
    killed.run()

    assert [faults.fired for faults in strikes] == [1] * 5
    rows = list(ScoringItem.scan())
    scores = {each.lead_id: each for each in rows if isinstance(each, Score)}
    expected = {f"lead-{index:06}": done[f"lead-{index:06}", "EmailClicked"] for index in range(1000)}
    assert {lead_id: each.score for lead_id, each in scores.items()} == expected
    assert {each.version for each in scores.values()} == {1}
    assert Counter(each.lead_id for each in rows if isinstance(each, ScoreChange)) == Counter(expected.keys())
    assert sum(each.done for each in jobs.slices(killed.job_id)) == 1000


_numbers = count()


def test_a_rescoring_that_began_with_the_version_before_never_has_the_last_word(monkeypatch):
    person()
    lead()
    model = f"overtaken-{next(_numbers)}-{as_text(NOW)}"
    publication(model, 1, monkeypatch, clicked(10)).run()
    click("1")

    def published_meanwhile():
        publication(model, 2, monkeypatch, clicked(7)).run()

    with before_the_next_write(published_meanwhile):
        rescore(NOW)

    assert points() == (7, 2)


@pytest.mark.parametrize("seed", range(2))
def test_facts_and_rescorings_during_a_run_are_not_lost_and_end_with_the_new_version(monkeypatch, seed):
    people = [f"c{number}" for number in range(8)]
    for each in people:
        person(each, last_name=each)
        lead(f"lead-{each}", each)
    model = f"racing-{seed}-{as_text(NOW)}"
    publication(model, 1, monkeypatch, clicked(10)).run()
    random = Random(seed)
    deeds = [(random.choice(people), number) for number in range(48)]
    second = publication(model, 2, monkeypatch, clicked(7))

    def happen(deed):
        contact_id, number = deed
        click(f"{contact_id}-{number}", NOW + timedelta(seconds=number), contact_id)
        insist(partial(service.rescore, contact_id, NOW + timedelta(minutes=2)))

    with ThreadPoolExecutor(5) as pool:
        facts = [pool.submit(happen, deed) for deed in deeds]
        pool.submit(second.run).result()
        for each in facts:
            each.result()

    clicks = Counter(contact_id for contact_id, _ in deeds)
    for each in people:
        assert points(f"lead-{each}") == (7 * clicks[each], 2)
        assert not service.recount(each, NOW + timedelta(minutes=3))
        assert leads.find(f"lead-{each}").contact_id == each
