"""Which business processes have leads that wait for others: for their contact, its doings, their account.

A row says it of a version of a process from the first lead that waits so. Whoever hears of a contact asks for these
rows first, which are few and kept for seconds: where no lead waits for others, a contact's change costs nothing.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.conditions.nodes import Compiled
from chalicelib.dynamodb import Write, put
from chalicelib.leads import processes
from chalicelib.leads.models import Awaited, Lead
from chalicelib.leads.process import Process
from chalicelib.settings import settings

_rows: dict[str, tuple[float, Sequence[Awaited]]] = {}


WAITS = ("waiting_stage", "process_id", "process_version")
"""What says for which stage of which version of a process a lead waits."""


def noted(lead: Lead, before: Mapping[str, Any]) -> list[Write]:
    """Return the write that notes that a lead begins to wait for others, where its process is not known for it."""
    if lead.waiting_stage is None or all(getattr(lead, name) == before[name] for name in WAITS):
        return []
    way = processes.of(lead)
    place = Awaited.place(way.id, way.version)
    if not list(_conditions(way)) or place[1] in {each.sk for each in _known()}:
        return []
    return [put(Awaited(*place, process_id=way.id, process_version=way.version))]


def conditions() -> list[Compiled]:
    """Return what leads that wait may be waiting for, as it was known some seconds ago at most."""
    ways = [processes.published(each.process_id, each.process_version) for each in _known()]
    return [condition for way in ways for condition in _conditions(way)]


def _conditions(way: Process) -> Iterator[Compiled]:
    """Yield the conditions of a process that ask about more than the lead itself."""
    for info in way.stages:
        for condition in (info.enters_if, info.leaves_if):
            if condition is not None and (condition.entities - {"lead"} or condition.interactions):
                yield condition


def _known() -> Sequence[Awaited]:
    asked, rows = _rows.get("", (float("-inf"), ()))
    if time.monotonic() - asked >= float(settings.live_cache_seconds):
        rows = list(Awaited.query(Awaited.place("", 0)[0], consistent_read=True))
        _rows[""] = (time.monotonic(), rows)
    return rows


def forget() -> None:
    """Forget what is kept of the rows."""
    _rows.clear()
