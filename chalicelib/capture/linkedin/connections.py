"""Use cases: connections to LinkedIn as people set them up and watch them (LNK-2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from chalicelib.capture.linkedin import credentials, mapping, matching, sources
from chalicelib.capture.linkedin.credentials import Given
from chalicelib.capture.linkedin.mapping import Entry, Ticked
from chalicelib.capture.linkedin.models import ALL, Connection, Source
from chalicelib.capture.linkedin.sources import Wanted
from chalicelib.capture.models import CaptureItem
from chalicelib.dynamodb import Write, commit, delete, put_new, update
from chalicelib.errors import Conflict, Invalid, NotFound, Stale
from chalicelib.settings import settings

MOST_CONNECTIONS = 50
STALE = Stale("The connection has changed since you read it. Read it again and repeat the change.")


def webhook_of(connection_id: str) -> str:
    """Return the address that LinkedIn calls."""
    return f"{settings.public_url}/webhooks/linkedin/{connection_id}"


def find(connection_id: str) -> Connection:
    """Return a connection, read consistently. Raises NotFound."""
    connection = Connection.find(*Connection.at(connection_id))
    if connection is None:
        raise NotFound("There is no LinkedIn connection of this id.")
    return connection


def every() -> list[Connection]:
    """Return all connections: dozens at most."""
    return list(Connection.query(ALL, Connection.sk.startswith("CONNECTION#"), consistent_read=True))


def create(
    connection_id: str, name: str, owner_id: str, linkedin_version: str, wanted: Sequence[Wanted], now: datetime
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
    taken = [put_new(sources.made(connection_id, each)) for each in wanted]
    commit([put_new(connection), matching.moved_on(before)], taken)
    return connection


def _changed(connection: Connection, version: int, *actions: Any) -> Write:
    if connection.version != version:
        raise STALE
    moved = Connection.version.set(version + 1)
    return update(connection.key, moved, *actions, condition=Connection.version == version, refused=STALE)


def amend(
    connection_id: str, values: Mapping[str, Any], wanted: Sequence[Wanted] | None, version: int, now: datetime
) -> Connection:
    """Change a connection; `wanted`, where given, is all that it is to take. Raises NotFound, Stale, Conflict."""
    connection = find(connection_id)
    write = _changed(connection, version, *(getattr(Connection, name).set(value) for name, value in values.items()))
    commit([write], [] if wanted is None else sources.replaced(connection, wanted, now))
    return find(connection_id)


def authorise(connection_id: str, given: Given, version: int, now: datetime) -> Connection:
    """Keep what LinkedIn gave; every pull goes on from where it stood, at once. Raises NotFound, Stale."""
    connection = find(connection_id)
    kept = credentials.keep(connection_id, given, credentials.find(connection_id))
    open_again = (Connection.refused.remove(), Connection.refused_at.remove(), Connection.refused_by.remove())
    write = _changed(
        connection, version, Connection.authorised_at.set(now), Connection.quiet_until.remove(), *open_again
    )
    commit([write, kept], sources.at_once(connection, now))
    credentials.forget()
    return find(connection_id)


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
    commit([_changed(connection, version)], sources.anew(connection, now))
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
