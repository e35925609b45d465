"""A connection's secrets: sealed with a secret that few functions may read; tokens are renewed before they end."""

import time
from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.capture.linkedin import client
from chalicelib.capture.linkedin.models import Secrets
from chalicelib.dynamodb import ConditionFailed, Write, commit, put_changed, put_new
from chalicelib.errors import NotFound, Stale
from chalicelib.settings import settings
from chalicelib.tokens import seal, unseal

REMEMBERED = 60.0
"""Seconds for which a process remembers a client secret: LinkedIn asks every two hours, and gives three seconds."""

EARLY = timedelta(days=2)
"""A token is renewed so long before it ends."""


class Given(Struct, frozen=True):
    """What an application and a member of LinkedIn give us."""

    client_id: str
    client_secret: str
    access_token: str
    refresh_token: str | None = None
    access_expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None


def find(connection_id: str) -> Secrets | None:
    return Secrets.find(*Secrets.at(connection_id))


def keep(connection_id: str, given: Given, before: Secrets | None) -> Write:
    """Return the write that keeps what was given, in the place of what was kept before."""
    secrets = before or Secrets(*Secrets.at(connection_id))
    secrets.client_id = given.client_id
    secrets.client_secret = _sealed(connection_id, given.client_secret)
    secrets.refresh_token = None  # one that was given before would bring back whom this authorisation replaces
    _take(secrets, connection_id, given.access_token, given.refresh_token)
    secrets.access_expires_at, secrets.refresh_expires_at = given.access_expires_at, given.refresh_expires_at
    return put_new(secrets) if before is None else put_changed(secrets)


def _take(secrets: Secrets, connection_id: str, access: str, refresh: str | None) -> None:
    secrets.access_token = _sealed(connection_id, access)
    if refresh is not None:
        secrets.refresh_token = _sealed(connection_id, refresh)


def _sealed(connection_id: str, text: str) -> str:
    return seal(f"linkedin/{connection_id}", text, settings.linkedin_secret_name)


def _opened(connection_id: str, sealed: str) -> str:
    return unseal(f"linkedin/{connection_id}", sealed, settings.linkedin_secret_name)


_known: dict[str, tuple[float, str]] = {}


def client_secret(connection_id: str) -> str:
    """Return what LinkedIn signs with, at most a minute old: one read, and none where it is remembered.

    Raises NotFound where nobody has authorised such a connection.
    """
    asked, secret = _known.get(connection_id, (float("-inf"), ""))
    if time.monotonic() - asked >= REMEMBERED:
        secrets = find(connection_id)
        if secrets is None:
            raise NotFound("There is no LinkedIn connection at this address.")
        secret = _opened(connection_id, secrets.client_secret)
        _known[connection_id] = time.monotonic(), secret
    return secret


def forget() -> None:
    _known.clear()


def access_token(connection_id: str, now: datetime) -> str:
    """Return a token that is good for a while yet. Raises Refused where nobody gave one or none can be had any more."""
    secrets = find(connection_id)
    if secrets is None:
        raise client.Refused("Nobody has authorised this connection yet.")
    ends = secrets.access_expires_at
    if ends is not None and secrets.refresh_token is not None and ends - now < EARLY:
        return renewed(connection_id, _opened(connection_id, secrets.access_token), now)
    return _opened(connection_id, secrets.access_token)


def renewed(connection_id: str, refused: str, now: datetime) -> str:
    """Return another token than the one that was refused (or is about to end). Raises Refused where there is none."""
    secrets = find(connection_id)
    if secrets is None:
        raise client.Refused("Nobody has authorised this connection yet.")
    current = _opened(connection_id, secrets.access_token)
    if current != refused:
        return current  # somebody else has renewed it meanwhile
    if secrets.refresh_token is None:
        raise client.Refused("LinkedIn does not take the token (any more), and no other came with it. Authorise anew.")
    fresh = client.refresh(
        secrets.client_id,
        _opened(connection_id, secrets.client_secret),
        _opened(connection_id, secrets.refresh_token),
    )
    _take(secrets, connection_id, fresh.access, fresh.refresh)
    secrets.access_expires_at = now + timedelta(seconds=fresh.access_seconds)
    if fresh.refresh_seconds is not None:
        secrets.refresh_expires_at = now + timedelta(seconds=fresh.refresh_seconds)
    try:
        commit([put_changed(secrets)])
    except (ConditionFailed, Stale):
        return renewed(connection_id, refused, now)
    return fresh.access
