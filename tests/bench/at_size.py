"""What a publication, an edit and a recount ask of DynamoDB for a lead, at 1,000, 4,000 and 10,000 leads.

The functions run in this process against the local database, fed with what they send to the queue. Leads lie in slices
by the hash of their ids: one or two slices are walked and what is asked is divided by the leads in them, which is what
a lead costs in any slice; the leads of the others are there, but did nothing. The one who did ten thousand things is
left out, for one lead's weight would fall with the number of the others: tests/integration/test_at_size.py counts it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter
from typing import Any

import app
from chalicelib.clock import as_text
from chalicelib.definitions import carrying, jobs
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked
from chalicelib.interactions import digesting
from chalicelib.interactions.reading import LOOSE
from chalicelib.scoring import bulk
from chalicelib.scoring.live import KIND
from infra.costs import Units
from tests.support import crowd, events
from tests.support.meter import Usage, metered
from tests.support.scoring import clicked, lives_in

SIZES = (1_000, 4_000, 10_000)
SLICES = {1_000: 4, 4_000: 1, 10_000: 1}
MILLISECONDS = 40  # of a rescoring (infra/costs.py)
LEADS = 10_000_000
HOUR = timedelta(hours=1)


class Cost:
    """What one piece of bulk work asked, for a lead."""

    def __init__(self, leads: int, usage: Usage, seconds: float, queued: int) -> None:
        self.leads, self.seconds = leads, seconds
        self.requests = usage.round_trips / leads
        self.writes, self.reads = usage.write_units / leads, usage.read_units / leads
        self.dollars = Units(self.writes, self.reads, MILLISECONDS, 0.1, 0.3 * queued / leads).dollars * LEADS / 10**6

    @property
    def units(self) -> float:
        return self.writes + self.reads

    def __str__(self) -> str:
        asked = f"{self.requests:.2f} requests, {self.writes:.2f} write and {self.reads:.2f} read units a lead"
        return f"{self.leads:,} leads: {asked}, ${self.dollars:.2f} for ten million; {self.seconds:.0f} s"


def costs() -> Iterator[tuple[int, dict[str, Cost]]]:
    """Let the crowd grow and yield at each size what publishing, editing and recounting cost."""
    known = 0
    for size in SIZES:
        done = crowd.gather(known, size, slices=SLICES[size])
        for index in range(known, size):
            if done[f"lead-{index:06}", crowd.TYPES[0]] > LOOSE:
                _digest(f"contact-{index:06}")
        known = size
        yield size, _at(size)


def _digest(contact_id: str) -> None:
    """Do what the first who reads so much has the queue do."""
    for type_ in crowd.TYPES:
        while digesting.digest(contact_id, type_, crowd.NOW):
            pass


def _at(size: int) -> dict[str, Cost]:
    model = f"bench-{size}-{as_text(crowd.NOW)}"
    with _handed() as messages:
        found = {
            "publish": _measured(messages, SLICES[size], lambda: _published(model, clicked(10), lives_in("Odense"))),
            "edit": _measured(messages, SLICES[size], lambda: _published(model, clicked(5), lives_in("Odense"))),
            "recount": _measured(messages, SLICES[size], lambda: bulk.recount_now(f"recount-{size}", None, crowd.NOW)),
        }
    before = definitions.get(KIND, model)
    definitions.stop(KIND, model, version=before.version, by="user:bench", now=crowd.NOW)
    return found


def _published(model: str, *rules: dict[str, Any]) -> Any:
    document = {"sales_ready_score": 100_000, "rules": rules}
    definitions.create(KIND, model, "Bench", document, "user:bench", crowd.NOW)
    version = definitions.get(KIND, model).version
    definitions.save_draft(KIND, model, "Bench", document, version=version, by="user:bench", now=crowd.NOW)
    job = bulk.on_publish(definitions.get(KIND, model))
    published = definitions.publish(
        KIND, model, lambda _: Checked(), version=version + 1, by="user:bench", now=crowd.NOW, job=job
    )
    live_definitions.forget()
    return jobs.get(f"{KIND}-{model}-{published.live_version}")


def _measured(messages: list[dict[str, Any]], slices: int, start: Callable[[], Any]) -> Cost:
    job_id = start().job_id
    carrying.begin(job_id, crowd.NOW + HOUR)
    began, queued = perf_counter(), 0
    with metered() as usage:
        for number in range(slices):
            while not app.work_slice({"job": job_id, "slice": number}, events.Context("work_slice"))["ended"]:
                pass
            queued += len(messages)
            _deliver(messages)
    seconds = perf_counter() - began
    return Cost(sum(each.done for each in jobs.slices(job_id)), usage, seconds, queued)


def _deliver(messages: list[dict[str, Any]]) -> None:
    """Give the function what waits, ten at a time."""
    waiting, messages[:] = list(messages), []
    for start in range(0, len(waiting), 10):
        batch = [(str(at), json.dumps(each), 1) for at, each in enumerate(waiting[start : start + 10])]
        answer = app.rescore_contacts(events.of_queue(batch), events.Context("rescore_contacts"))
        assert answer == {"batchItemFailures": []}


@contextmanager
def _handed() -> Iterator[list[dict[str, Any]]]:
    """Keep what bulk work hands to the queue."""
    kept: list[dict[str, Any]] = []
    send, waiting = bulk.send, bulk.waiting

    def keep(_: str, messages: Any) -> int:
        before = len(kept)
        kept.extend(messages)
        return len(kept) - before

    bulk.send, bulk.waiting = keep, lambda _: 0  # type: ignore[assignment]
    try:
        yield kept
    finally:
        bulk.send, bulk.waiting = send, waiting
