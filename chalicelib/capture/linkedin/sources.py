"""What a connection takes: whose leads of which type, each pulled for itself (LNK-2)."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.agenda import due_shard
from chalicelib.capture.linkedin.models import Connection, Source
from chalicelib.dynamodb import Write, put, put_new
from chalicelib.errors import Conflict, Stale

WORK = "linkedin-pull"
BUSY = Stale("The connection is being pulled at this very moment. Repeat the change.")
MOST = 80  # rows of a connection: all change in the transaction that authorises it
LEAVING = Conflict("LinkedIn has yet to be told what is not taken any more. Repeat the change once it was.")


class Wanted(Struct, frozen=True):
    """Whose leads of which type a connection is to take."""

    owner: str
    lead_type: str
    back_pull_days: int


def of_connection(connection_id: str) -> list[Source]:
    """Return all of them, those that are being left as well."""
    found = Source.query(f"LINKEDIN#{connection_id}", Source.sk.startswith("SOURCE#"), consistent_read=True)
    return list(found)


def made(connection_id: str, wanted: Wanted) -> Source:
    return Source(
        *Source.at(connection_id, wanted.lead_type, wanted.owner),
        connection_id=connection_id,
        owner=wanted.owner,
        lead_type=wanted.lead_type,
        back_pull_days=wanted.back_pull_days,
    )


def replaced(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> list[Write]:
    """Take what is new, and let go of what is not wanted any more: the pull unsubscribes it.

    Raises Conflict where too much of what was let go of before is there still.
    """
    known = {each.sk: each for each in of_connection(connection.connection_id)}
    fresh = [made(connection.connection_id, each) for each in wanted]
    started = [_due(each, now) if connection.authorised_at else each for each in fresh]
    kept = {each.sk for each in fresh}
    if len(kept | known.keys()) > MOST:
        raise LEAVING
    taken = [put_new(each) for each in started if each.sk not in known]
    back = [_again(known[each.sk], each.back_pull_days, now) for each in fresh if each.sk in known]
    gone = [_leaving(each, now) for sk, each in known.items() if sk not in kept and not each.leaving]
    return [*taken, *(write for write in back if write is not None), *gone]


def _again(source: Source, back_pull_days: int, now: datetime) -> Write | None:
    if not source.leaving and source.back_pull_days == back_pull_days:
        return None
    source.leaving, source.back_pull_days = False, back_pull_days
    return _put(_due(source, now))


def _leaving(source: Source, now: datetime) -> Write:
    source.leaving = True
    return _put(_due(source, now))


def at_once(connection: Connection, now: datetime) -> list[Write]:
    """Pull everything now, from where it stands."""
    sources = of_connection(connection.connection_id)
    for source in sources:
        source.attempts = 0
    return [_put(_due(each, now)) for each in sources]


def anew(connection: Connection, now: datetime) -> list[Write]:
    """Pull everything again from the beginning, at once if it may be pulled at all."""
    sources = [each for each in of_connection(connection.connection_id) if not each.leaving]
    for source in sources:
        source.pulled_until, source.swept_at, source.window_since = None, None, None
        source.again, source.attempts = True, 0
    return [_put(_due(each, now) if connection.authorised_at else each) for each in sources]


def _put(source: Source) -> Write:
    """Put a source back; whoever pulls it at this moment finds out and stops."""
    source.version += 1
    return put(source, Source.version == source.version - 1, refused=BUSY)


def _due(source: Source, at: datetime) -> Source:
    source.due, source.due_shard = at, due_shard(WORK, source.sk)
    return source
