"""Use cases: connections to LinkedIn as people set them up and watch them (LNK-2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from chalicelib.agenda import due_shard
from chalicelib.capture.linkedin import credentials, mapping, matching
from chalicelib.capture.linkedin.credentials import Given
from chalicelib.capture.linkedin.mapping import Entry, Ticked
from chalicelib.capture.linkedin.models import (
    ALL,
    Connection,
    Counts,
    Secrets,
    Source,
    connection_key,
)
from chalicelib.capture.models import CaptureItem
from chalicelib.clock import as_text
from chalicelib.dynamodb import ConditionFailed, Write, commit, delete, put, put_new, update
from chalicelib.errors import Conflict, DomainError, Invalid, NotFound, Stale
from chalicelib.settings import settings

WORK = "linkedin-pull"
MOST_SOURCES = 40
MOST_CONNECTIONS = 50
OLD_MONTHS = 9
"""LinkedIn forgets a version of its API after a year."""

RENEW_WITHIN = timedelta(days=30)
STALE = Stale("The connection has changed since you read it. Read it again and repeat the change.")
NOT_AUTHORISED, CONNECTED, NEEDS_REAUTHORISATION = "not_authorised", "connected", "needs_reauthorisation"


class Wanted(Struct, frozen=True):
    """Whose leads of which type a connection is to take."""

    owner: str
    lead_type: str
    back_pull_days: int


class Status(Struct, frozen=True):
    """A connection, what it takes and how that goes, what came of it, and what somebody should look at."""

    connection: Connection
    client_id: str | None
    refresh_expires_at: datetime | None
    sources: list[Source]
    counts: Mapping[str, int]
    warnings: list[str]


def webhook_of(connection_id: str) -> str:
    """Return the address that LinkedIn calls."""
    return f"{settings.public_url}/webhooks/linkedin/{connection_id}"


def state_of(connection: Connection) -> str:
    if connection.refused is not None:
        return NEEDS_REAUTHORISATION
    return CONNECTED if connection.authorised_at is not None else NOT_AUTHORISED


def find(connection_id: str) -> Connection:
    """Return a connection, read consistently. Raises NotFound."""
    connection = Connection.find(*Connection.at(connection_id))
    if connection is None:
        raise NotFound("There is no LinkedIn connection of this id.")
    return connection


def every() -> list[Connection]:
    """Return all connections: dozens at most."""
    return list(Connection.query(ALL, Connection.sk.startswith("CONNECTION#"), consistent_read=True))


def status(connection_id: str, now: datetime) -> Status:
    """Return all there is to see of a connection. Raises NotFound."""
    connection = find(connection_id)
    rows = list(CaptureItem.query(f"LINKEDIN#{connection_id}", consistent_read=True))
    secrets = next((row for row in rows if isinstance(row, Secrets)), None)
    counts = [row for row in rows if isinstance(row, Counts)]
    return Status(
        connection,
        client_id=secrets.client_id if secrets else None,
        refresh_expires_at=secrets.refresh_expires_at if secrets else None,
        sources=[row for row in rows if isinstance(row, Source) and not row.leaving],
        counts={name: sum(getattr(each, name) or 0 for each in counts) for name in COUNTED},
        warnings=warnings(connection, secrets, now),
    )


COUNTED = ("created", "matched", "failed", "test", "withdrawn")


def warnings(connection: Connection, secrets: Secrets | None, now: datetime) -> list[str]:
    """Say what somebody should look at before it breaks."""
    told = [connection.refused] if connection.refused else []
    if is_old(connection.linkedin_version, now):
        told.append("LinkedIn ends versions of its API after a year. Set a newer LinkedIn-Version and try it.")
    ends = secrets.refresh_expires_at if secrets else None
    if ends is not None and ends - now < RENEW_WITHIN:
        told.append(f"The authorisation ends on {as_text(ends)[:10]}. Authorise the connection anew before that.")
    return told


def warnings_of(connection: Connection, now: datetime) -> list[str]:
    """Return `warnings`, reading what they need."""
    return warnings(connection, credentials.find(connection.connection_id), now)


def is_old(linkedin_version: str, now: datetime) -> bool:
    """Return whether a version (YYYYMM) is more than nine months old."""
    year, month = int(linkedin_version[:4]), int(linkedin_version[4:])
    return (now.year - year) * 12 + now.month - month > OLD_MONTHS


def create(
    connection_id: str, name: str, owner_id: str, linkedin_version: str, sources: Sequence[Wanted], now: datetime
) -> Connection:
    """Make a connection; the records that come through it are its owner's (GEN-13). The same id again returns it.

    It pulls as soon as it is authorised.
    """
    connection = Connection(
        *Connection.at(connection_id),
        connection_id=connection_id,
        name=name,
        owner_id=owner_id,
        linkedin_version=linkedin_version,
        mapping=[asdict(each) for each in mapping.USUAL],
        consents=[],
        created_at=now,
    )
    before = matching.fence()
    if earlier := Connection.find(*Connection.at(connection_id)):
        return earlier
    _require_mapped(mapping.USUAL, now)
    if len(every()) >= MOST_CONNECTIONS:
        raise Conflict(f"There can be {MOST_CONNECTIONS} connections at most. Delete one first.")
    commit(
        [put_new(connection), matching.moved_on(before)], [put_new(_source(connection_id, each)) for each in sources]
    )
    return connection


def _source(connection_id: str, wanted: Wanted) -> Source:
    return Source(
        *Source.at(connection_id, wanted.lead_type, wanted.owner),
        connection_id=connection_id,
        owner=wanted.owner,
        lead_type=wanted.lead_type,
        back_pull_days=wanted.back_pull_days,
    )


def _changed(connection: Connection, version: int, *actions: Any) -> Write:
    if connection.version != version:
        raise STALE
    moved = Connection.version.set(version + 1)
    return update(connection.key, moved, *actions, condition=Connection.version == version, refused=STALE)


def amend(
    connection_id: str, values: Mapping[str, Any], sources: Sequence[Wanted] | None, version: int, now: datetime
) -> Connection:
    """Change a connection; `sources`, where given, are all that it is to take. Raises NotFound, Stale."""
    connection = find(connection_id)
    write = _changed(connection, version, *(getattr(Connection, name).set(value) for name, value in values.items()))
    commit([write], [] if sources is None else _resourced(connection, sources, now))
    return find(connection_id)


def _resourced(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> list[Write]:
    """Take what is new, and let go of what is not wanted any more: the pull unsubscribes it."""
    known = {each.sk: each for each in sources_of(connection.connection_id)}
    fresh = [_source(connection.connection_id, each) for each in wanted]
    started = [_due(each, now) if connection.authorised_at else each for each in fresh]
    kept = {each.sk for each in fresh}
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


def _put(source: Source) -> Write:
    """Put a source back; whoever pulls it at this moment finds out and stops."""
    source.version += 1
    return put(source, Source.version == source.version - 1, refused=BUSY)


BUSY = Stale("The connection is being pulled at this very moment. Repeat the change.")


def _due(source: Source, at: datetime) -> Source:
    source.due, source.due_shard = at, due_shard(WORK, source.sk)
    return source


def sources_of(connection_id: str) -> list[Source]:
    found = Source.query(f"LINKEDIN#{connection_id}", Source.sk.startswith("SOURCE#"), consistent_read=True)
    return list(found)


def authorise(connection_id: str, given: Given, version: int, now: datetime) -> Connection:
    """Keep what LinkedIn gave; every pull goes on from where it stood, at once. Raises NotFound, Stale."""
    connection = find(connection_id)
    kept = credentials.keep(connection_id, given, credentials.find(connection_id))
    open_again = (Connection.refused.remove(), Connection.refused_at.remove(), Connection.refused_by.remove())
    write = _changed(
        connection, version, Connection.authorised_at.set(now), Connection.quiet_until.remove(), *open_again
    )
    commit([write, kept], [_put(_rested(each, now)) for each in sources_of(connection_id)])
    credentials.forget()
    return find(connection_id)


def _rested(source: Source, now: datetime) -> Source:
    source.attempts = 0
    return _due(source, now)


def map_answers(
    connection_id: str, entries: Sequence[Entry], consents: Sequence[Ticked], version: int, now: datetime
) -> Connection:
    """Change how answers are mapped. Raises Invalid naming what leads are matched by and nothing goes to (LNK-4)."""
    before = matching.fence()
    connection = find(connection_id)
    write = _changed(
        connection,
        version,
        Connection.mapping.set([asdict(each) for each in entries]),
        Connection.consents.set([asdict(each) for each in consents]),
    )
    _require_mapped(entries, now)
    commit([write, matching.moved_on(before)])
    return find(connection_id)


def _require_mapped(entries: Sequence[Entry], now: datetime) -> None:
    if problems := mapping.problems_of(entries, matching.lead_fields(matching.active(now))):
        raise Invalid("Answers cannot be mapped like this.", problems)


def reset(connection_id: str, version: int, now: datetime) -> Connection:
    """Pull everything anew; what is there already is known by its response and never made twice (LNK-2)."""
    connection = find(connection_id)
    sources = [each for each in sources_of(connection_id) if not each.leaving]
    for source in sources:
        source.pulled_until, source.swept_at, source.window_since = None, None, None
        source.again, source.attempts = True, 0
    started = [_put(_due(each, now) if connection.authorised_at else each) for each in sources]
    commit([_changed(connection, version)], started)
    return find(connection_id)


def remove(connection_id: str, version: int) -> None:
    """Delete a connection with its secrets; what came through it stays. Its address answers nobody any more."""
    before = matching.fence()
    connection = find(connection_id)
    if connection.version != version:
        raise STALE
    rows = list(CaptureItem.query(f"LINKEDIN#{connection_id}", consistent_read=True))
    if any(isinstance(row, Source) and row.subscription for row in rows):
        raise Conflict("LinkedIn still sends its leads here. Change the connection to take from nobody first.")
    gone = delete(connection.key, Connection.version == version, refused=STALE)
    commit([gone, matching.moved_on(before)], [delete(row.key) for row in rows])
    credentials.forget()


# What the pull notes ------------------------------------------------------------------------------------------------


def note_refused(connection_id: str, by: str, error: DomainError, now: datetime) -> None:
    """Remember that LinkedIn does not let us in: shown, alarmed, until somebody authorises or it lets us in again."""
    _note(
        connection_id,
        Connection.refused.set(str(error)),
        Connection.refused_at.set(now),
        Connection.refused_by.set(by),
    )


def note_let_in(connection: Connection, by: str) -> None:
    """Remember that whoever was refused is let in again."""
    if connection.refused_by == by:
        _note(
            connection.connection_id,
            Connection.refused.remove(),
            Connection.refused_at.remove(),
            Connection.refused_by.remove(),
        )


def note_quiet(connection_id: str, until: datetime) -> None:
    """Remember that LinkedIn wants to be left alone for a while."""
    _note(connection_id, Connection.quiet_until.set(until))


def _note(connection_id: str, *actions: Any) -> None:
    try:
        commit([update(connection_key(connection_id), *actions, condition=Connection.pk.exists())])
    except ConditionFailed:
        return  # it was deleted
