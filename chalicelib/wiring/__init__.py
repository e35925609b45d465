"""What ties the domains together: who hears of what, where facts come from, bulk work, what is due, what follows.

Imported once by app.py; a domain never imports it.
"""

from collections.abc import Mapping, Sequence

from chalicelib import streams
from chalicelib.agenda import agendas
from chalicelib.audit import witness
from chalicelib.audit.records import Record
from chalicelib.capture.websites import service as websites
from chalicelib.consent import service as consent
from chalicelib.consent.points.models import PointConsent
from chalicelib.contacts import deletion, merging
from chalicelib.contacts.tombstones import Tombstone
from chalicelib.definitions import jobs
from chalicelib.dynamodb import Item
from chalicelib.http.routes import attendance
from chalicelib.leads import merging as lead_merging
from chalicelib.leads import process_checks, remains
from chalicelib.messages import tracked
from chalicelib.settings import settings
from chalicelib.wiring import consequences, due, reactions, records, works

RARE: Sequence[type[Item]] = (PointConsent, Tombstone)
"""Kinds of rows whose modules only some functions need: a row of a kind that is not known can be read by nobody."""


def wire() -> None:
    """Tell the mechanism what there is. Called once, by app.py; calling it again changes nothing."""
    records.register()
    streams.routes.queues_for = reactions.queues_for
    streams.routes.delays = {"verdict": int(settings.verdict_delay_seconds)}
    merging.besides[:] = [consent.together, lead_merging.parted]
    merging.foresights.update(consequences.FORESIGHTS)
    process_checks.trigger_checks[:] = [consequences.mistakes]
    jobs.works.update(works.WORKS)
    deletion.sweeps[:] = consequences.SWEEPS
    deletion.account_sweeps[:] = consequences.ACCOUNT_SWEEPS
    deletion.others.update(consequences.OTHERS)
    remains.sweeps[:] = consequences.LEAD_SWEEPS
    tracked.websites[:] = [websites.is_tracked]
    agendas[:] = due.AGENDAS
    attendance.attend = witness.attend
    witness.audited.records = _records


def _records() -> Mapping[type[Item], Record]:
    """What people edit; imported when somebody does, for most functions never hear of it."""
    from chalicelib.wiring import audited

    return audited.RECORDS
