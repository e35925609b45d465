"""Instants and ids: the shell asks here for now and for something new, and passes them on as arguments."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, tzinfo


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """Return a new ULID: 26 letters and digits that sort by time of creation."""
    from ulid import ULID

    return str(ULID())


def as_text(instant: datetime) -> str:
    """Return `instant` as we store and show it: UTC, microseconds, of one length, so that text sorts as time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def from_text(text: str) -> datetime:
    """Read what `as_text` wrote, or any ISO 8601 instant with a zone. Raises ValueError for one without."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)


def on_clocks(local: datetime, zone: tzinfo) -> datetime:
    """Return the instant when the clocks of `zone` show `local`.

    A time that is skipped moves forward by the gap; of one that comes twice the first counts (decision 28).
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def digest(*parts: str) -> str:
    """Return a short name for `parts` that is the same wherever it is made: 26 characters, fit for keys and paths.

    The parts are told apart ("ab", "c" differs from "a", "bc"). 152 bits: no collision to be met with.
    """
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return urlsafe_b64encode(hashlib.sha256(joined.encode()).digest()[:19]).decode().rstrip("=")
