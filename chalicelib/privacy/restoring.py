"""The first step after a restore: tombstones that were written since that moment stand again (invariant 13).

The requests in the privacy table remember whom they erased, so that table is not restored together with the others.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from chalicelib import clock
from chalicelib.contacts import tombstones
from chalicelib.contacts.tombstones import Tombstone
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import SHARDS, ConditionFailed, commit, put_new, scan_slice
from chalicelib.privacy import replaying, walking
from chalicelib.privacy.kinds import Progress, Type
from chalicelib.privacy.models import PrivacyItem, Request, Search

WORK = "replay-tombstones"

Arguments = Mapping[str, Any]


def start(replay_id: str, now: datetime) -> str:
    """Begin with what has to be done after a restore, and return the id of the job; again with the same id: nothing."""
    with suppress(ConditionFailed):
        commit(jobs.plan(job_id(replay_id), JobWanted(WORK, {"replay": replay_id}, delay=0), now))
    return job_id(replay_id)


def job_id(replay_id: str) -> str:
    return f"{WORK}-{replay_id}"


def pages(_: Arguments, number: int, cursor: str | None) -> tuple[Sequence[str], str | None]:
    raws, after = scan_slice(PrivacyItem, number, SHARDS, json.loads(cursor) if cursor else None, walking.PAGE)
    rows = (PrivacyItem.from_raw_data(dict(raw)) for raw in raws)
    erased = [row.request_id for row in rows if isinstance(row, Request) and _erases(row)]
    return erased, json.dumps(after) if after else None


def _erases(request: Request) -> bool:
    return request.type == Type.ERASE and request.progress != Progress.OPEN


def act(_: Arguments, ids: Sequence[str], __: datetime) -> None:
    """Put the tombstones of these requests that are not there any more, as old as they were."""
    for stone in (stone for each in ids for stone in _stones(Request.find(*Request.at(each)))):
        with suppress(ConditionFailed):
            commit([put_new(stone)])


def _stones(request: Request | None) -> Iterator[Tombstone]:
    if request is None:
        return
    began = request.started_at or request.updated_at
    for name in (request.result or {}).get("tombstones", ()):
        yield tombstones.named(name, request.request_id, began)
    search = Search.find(*Search.at(request.request_id))  # of one that is still being carried out
    if search is not None:
        yield from tombstones.rows(walking.sought(search), request.request_id, began)


def done(arguments: Arguments) -> None:
    """Go on with whoever came back."""
    replaying.begin(arguments["replay"], clock.now())
