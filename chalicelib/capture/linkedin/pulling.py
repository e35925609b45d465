"""The pull: asks LinkedIn for whatever deliveries did not tell, a bounded number of pages at a time (protocols 1.6).

Deliveries are hints to hurry; the pull is what makes it complete. Its row is always on the agenda, so whatever becomes
of one run, another follows; and it goes on from the last page whose leads were all taken.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from aws_lambda_powertools.metrics import MetricUnit

from chalicelib import queues
from chalicelib.capture.linkedin import client, noting, standing, taking
from chalicelib.capture.linkedin.asking import LinkedIn, noted, read_lead, usual_pause
from chalicelib.capture.linkedin.client import Client, Refused, Throttled, Unreachable
from chalicelib.capture.linkedin.messages import QUEUE, message, noticed
from chalicelib.capture.linkedin.models import Connection, Source, connection_key, source_key
from chalicelib.capture.linkedin.reading import Lead
from chalicelib.capture.linkedin.subscribing import leave, subscribe
from chalicelib.capture.linkedin.windows import Reach, Window, next_window
from chalicelib.dynamodb import ConditionFailed, commit, put_changed, read
from chalicelib.errors import DomainError, Stale, Unavailable
from chalicelib.observability import metrics, note_failure

Answer = TypeVar("Answer")

PAGES_A_RUN = 5
MOST_FAILED = 5  # leads of a page
SECONDS_A_RUN = 25.0


def pull(connection_id: str, lead_type: str, owner: str, now: datetime) -> None:
    """Pull a source on from where it stands, and say when it is to be pulled again; safe to repeat and to race."""
    connection, source = read([connection_key(connection_id), source_key(connection_id, lead_type, owner)])
    if connection is None or source is None or source.due is None or source.due > now:
        return  # gone, or somebody else has pulled it meanwhile
    try:
        _pulled(connection, source, now)
    except (ConditionFailed, Stale):
        return  # somebody else pulls it, or changed it: the row says when it is due again


def _pulled(connection: Connection, source: Source, now: datetime) -> None:
    _watch(connection, now)
    if connection.quiet_until is not None and connection.quiet_until > now:
        source.due = connection.quiet_until
        commit([put_changed(source)])
    elif source.leaving:
        _told(connection, source, now, lambda: leave(connection, source, now))
    elif (done := _told(connection, source, now, lambda: _work(connection, source, now))) is not None:
        _go_on(connection, source, now, done=done)


def _work(connection: Connection, source: Source, now: datetime) -> bool:
    """Subscribe and pull; what keeps LinkedIn from telling us holds up no lead, and is shown afterwards."""
    swept, hindered = source.swept_at, _subscribed(connection, source, now)
    done = _pages(connection, source, now)
    if done and hindered is not None:
        source.swept_at = swept  # the subscription is looked at again next time
        raise hindered
    return done


def _subscribed(connection: Connection, source: Source, now: datetime) -> DomainError | None:
    """Have LinkedIn tell us; return what stood in the way of that alone."""
    try:
        subscribe(connection, source, now)
    except Throttled:
        raise
    except (Refused, Unreachable) as error:
        return error
    return None


def _told(connection: Connection, source: Source, now: datetime, work: Callable[[], Answer]) -> Answer | None:
    """Return what the work gives; where LinkedIn stands in the way, note what and when to come again."""
    try:
        return work()
    except Stale:
        raise
    except DomainError as error:
        _rest(source, now, noted(connection, source, error, now), str(error))
        return None


def _go_on(connection: Connection, source: Source, now: datetime, *, done: bool) -> None:
    noting.let_in(connection, source.sk)
    source.attempts, source.last_error, source.last_error_at = 0, None, None
    source.due = now + usual_pause() if done else now
    commit([put_changed(source)])
    if not done:
        queues.send(QUEUE, [message(source.connection_id, source.lead_type, source.owner)])  # sooner than the agenda


def _watch(connection: Connection, now: datetime) -> None:
    if standing.is_old(connection.linkedin_version, now):
        metrics.add_metric(name="LinkedInVersionOld", unit=MetricUnit.Count, value=1)


def _rest(source: Source, now: datetime, wait: timedelta, error: str) -> None:
    """Leave LinkedIn alone for a while; the cursor stays where it is."""
    source.attempts += 1
    source.last_error, source.last_error_at, source.due = error, now, now + wait
    commit([put_changed(source)])


# Pages --------------------------------------------------------------------------------------------------------------


def _pages(connection: Connection, source: Source, now: datetime) -> bool:
    """Take pages until nothing is left or it is somebody else's turn; returns whether the window is done."""
    linkedin, began = LinkedIn(connection, now), time.monotonic()
    for _ in range(PAGES_A_RUN):
        window = _window(source, now)
        found = linkedin.ask(_asking(source, window))
        _take_page(connection, source, linkedin, found, now)
        if _advanced(source, window, found, now):
            return True
        source.due = now
        commit([put_changed(source)])  # whoever comes after a crash goes on here
        if time.monotonic() - began > SECONDS_A_RUN:
            break
    return False


def _asking(source: Source, window: Window) -> Callable[[Client], client.Page]:
    return lambda linkedin: linkedin.page(source.owner, source.lead_type, window.since, window.until, window.start)


def _window(source: Source, now: datetime) -> Window:
    """Return the window that is being pulled, or begin the next one."""
    if source.window_since is None or source.window_until is None:
        new = next_window(source, now)
        source.window_since, source.window_until = new.since, new.until
        source.window_kind, source.window_start, source.window_total = new.reach, 0, None
    return Window(Reach(source.window_kind), source.window_since, source.window_until, source.window_start)


def _advanced(source: Source, window: Window, found: client.Page, now: datetime) -> bool:
    """Move the cursor behind a page; at the end of the window that is what is pulled from now on.

    What LinkedIn forgets meanwhile, or a member withdraws, moves all behind it up, past the cursor: that goes back too.
    """
    if vanished := _vanished(source, found):
        source.window_start = max(window.start - vanished, 0)
        return False
    source.window_start = window.start + len(found.leads)
    more = len(found.leads) == client.PAGE if found.total is None else source.window_start < found.total
    if more and found.leads:
        return False
    source.pulled_until, source.last_pull_at, source.again = window.until, now, False
    if window.reach is not Reach.RECENT:
        source.swept_at = window.until
    source.window_since, source.window_until, source.window_kind, source.window_start = None, None, None, 0
    return True


def _vanished(source: Source, found: client.Page) -> int:
    """Return how many leads fewer than ever the window has. That comes to an end: there are never fewer than none."""
    fewest = source.window_total
    if found.total is None or (fewest is not None and found.total >= fewest):
        return 0
    source.window_total = found.total
    return 0 if fewest is None else fewest - found.total


def _take_page(connection: Connection, source: Source, linkedin: LinkedIn, found: client.Page, now: datetime) -> None:
    """Take the leads of a page that are not there yet; one that is odd or fails holds up no other."""
    leads = [lead for raw in found.leads if (lead := read_lead(connection, raw, now)) is not None]
    leads.sort(key=lambda lead: lead.submitted_at)  # who sent several is known by the last
    known = taking.held([lead.id for lead in leads])
    failed = 0
    for lead in leads:
        before = known[lead.id]
        if before.open and (before.response is None or source.again):
            failed += not _taken(connection, linkedin, lead, before, now)
        if failed > MOST_FAILED:
            raise Unavailable("Many leads could not be taken at this moment. They are pulled again.")


def _taken(connection: Connection, linkedin: LinkedIn, lead: Lead, before: taking.Held, now: datetime) -> bool:
    try:
        taking.take(connection, lead, linkedin.form(lead), before, now)
    except (Refused, Throttled):
        raise
    except Exception as error:
        # It comes by itself from the queue, which counts its tries and sets it aside; the others go on.
        note_failure("a lead was not taken", error, connection_id=connection.connection_id)
        notice = noticed(connection.connection_id, lead.id, lead.owner, lead.lead_type)
        queues.send(QUEUE, [{**notice, "insist": True}])
        return False
    return True
