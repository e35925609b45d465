"""What the pull notes on a connection: that LinkedIn refuses it, lets it in again, or wants to be left alone."""

from datetime import datetime
from typing import Any

from chalicelib.capture.linkedin.models import Connection, connection_key
from chalicelib.dynamodb import ConditionFailed, commit, update
from chalicelib.errors import DomainError


def refused(connection_id: str, by: str, error: DomainError, now: datetime) -> None:
    """Remember that LinkedIn does not let us in: shown, alarmed, until somebody authorises or it lets us in again."""
    _note(
        connection_id,
        Connection.refused.set(str(error)),
        Connection.refused_at.set(now),
        Connection.refused_by.set(by),
    )


def let_in(connection: Connection, by: str) -> None:
    """Remember that whoever was refused is let in again, or asks no more."""
    if connection.refused_by == by:
        _note(
            connection.connection_id,
            Connection.refused.remove(),
            Connection.refused_at.remove(),
            Connection.refused_by.remove(),
        )


def quiet(connection_id: str, until: datetime) -> None:
    """Remember that LinkedIn wants to be left alone for a while."""
    _note(connection_id, Connection.quiet_until.set(until))


def _note(connection_id: str, *actions: Any) -> None:
    try:
        commit([update(connection_key(connection_id), *actions, condition=Connection.pk.exists())])
    except ConditionFailed:
        return  # it was deleted
