"""Finding what fell due in every domain's agenda, and putting it on the queue of its work."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib import queues
from chalicelib.agenda import Agenda, fallen_due
from chalicelib.observability import logger
from chalicelib.settings import settings

MOST_WAITING = 5000
MOST_A_SHARD = 500


def hand_out(agendas: Iterable[Agenda], now: datetime) -> dict[str, int]:
    """Put what is overdue by the grace on its queue, and return how many by work.

    Nothing goes to a queue that holds more than it works off in a minute; what is due stays in its agenda until
    whoever takes it moves it, so that the poller needs no memory.
    """
    before = now - timedelta(seconds=int(settings.poll_grace_seconds))
    handed: dict[str, int] = {}
    for agenda in agendas:
        if queues.waiting(agenda.queue) > MOST_WAITING:
            logger.warning("queue is full", queue=agenda.queue)
            continue
        found = fallen_due(agenda.by_due, agenda.work, before, MOST_A_SHARD)
        handed[agenda.work] = queues.send(agenda.queue, (agenda.message(item.pk, item.sk) for item in found))
    return handed
