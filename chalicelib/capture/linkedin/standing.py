"""How a connection stands: what it takes and how that goes, what came of it, what somebody should look at (LNK-2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.capture.linkedin import connections, credentials
from chalicelib.capture.linkedin.models import Connection, Counts, Secrets, Source
from chalicelib.capture.models import CaptureItem
from chalicelib.clock import as_text

OLD_MONTHS = 9
"""LinkedIn forgets a version of its API after a year."""

RENEW_WITHIN = timedelta(days=30)
NOT_AUTHORISED, CONNECTED, NEEDS_REAUTHORISATION = "not_authorised", "connected", "needs_reauthorisation"
COUNTED = ("created", "matched", "failed", "test", "withdrawn")


class Status(Struct, frozen=True):
    """A connection, what it takes and how that goes, what came of it, and what somebody should look at."""

    connection: Connection
    client_id: str | None
    refresh_expires_at: datetime | None
    sources: list[Source]
    counts: Mapping[str, int]
    warnings: list[str]


def state_of(connection: Connection) -> str:
    if connection.refused is not None:
        return NEEDS_REAUTHORISATION
    return CONNECTED if connection.authorised_at is not None else NOT_AUTHORISED


def status(connection_id: str, now: datetime) -> Status:
    """Return all there is to see of a connection. Raises NotFound."""
    connection = connections.find(connection_id)
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


def warnings_of(connection: Connection, now: datetime) -> list[str]:
    """Return `warnings`, reading what they need."""
    return warnings(connection, credentials.find(connection.connection_id), now)


def warnings(connection: Connection, secrets: Secrets | None, now: datetime) -> list[str]:
    """Say what somebody should look at before it breaks."""
    told = [connection.refused] if connection.refused else []
    if is_old(connection.linkedin_version, now):
        told.append("LinkedIn ends versions of its API after a year. Set a newer LinkedIn-Version and try it.")
    ends = _ends(secrets) if secrets else None
    if ends is not None and ends - now < RENEW_WITHIN:
        told.append(f"The authorisation ends on {as_text(ends)[:10]}. Authorise the connection anew before that.")
    return told


def _ends(secrets: Secrets) -> datetime | None:
    """Return when nobody is let in any more: with the token that renews the others, else with the only one."""
    return secrets.refresh_expires_at if secrets.refresh_token is not None else secrets.access_expires_at


def is_old(linkedin_version: str, now: datetime) -> bool:
    """Return whether a version (YYYYMM) is more than nine months old."""
    year, month = int(linkedin_version[:4]), int(linkedin_version[4:])
    return (now.year - year) * 12 + now.month - month > OLD_MONTHS
