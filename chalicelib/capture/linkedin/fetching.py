"""Use cases: do what a delivery of LinkedIn asks for: fetch one response, or let its member take it back."""

from datetime import datetime

from chalicelib.capture.linkedin import taking, withdrawing
from chalicelib.capture.linkedin.asking import LinkedIn, noted, read_lead
from chalicelib.capture.linkedin.client import Refused, Throttled, Unreachable
from chalicelib.capture.linkedin.models import Connection, Source, connection_key, source_key
from chalicelib.dynamodb import read

FOREIGN, LEFT, ASIDE = "foreign", "left to the pull", "set aside"


def fetch(
    connection_id: str, response_id: str, owner: str, lead_type: str, now: datetime, *, insist: bool = False
) -> str:
    """Take the response that a delivery tells of, and return what became of it.

    Where LinkedIn cannot be asked just now it is left to the pull, which asks for all that was submitted since; unless
    the pull itself wants it (`insist`), which has gone on behind it: then the queue brings it again.
    """
    connection, source = read([connection_key(connection_id), source_key(connection_id, lead_type, owner)])
    if connection is None or source is None or source.leaving:
        return FOREIGN
    before = taking.held([response_id])[response_id]
    if not before.open:
        return taking.KNOWN
    try:
        return _fetched(connection, source, response_id, before, now)
    except (Refused, Unreachable) as error:
        noted(connection, source, error, now)
        if insist:
            raise
        return LEFT


def _fetched(connection: Connection, source: Source, response_id: str, before: taking.Held, now: datetime) -> str:
    if connection.quiet_until is not None and connection.quiet_until > now:
        raise Throttled((connection.quiet_until - now).total_seconds())
    linkedin = LinkedIn(connection, now)
    raw = linkedin.ask(lambda each: each.lead(response_id))
    if raw is None:
        return FOREIGN  # LinkedIn does not have it, or not yet: then the pull finds it
    lead = read_lead(connection, raw, now)
    if lead is None:
        return ASIDE
    if lead.id != response_id or (lead.owner, lead.lead_type) != (source.owner, source.lead_type):
        return FOREIGN
    return taking.take(connection, lead, linkedin.form(lead), before, now)


def withdraw(connection_id: str, response_id: str, owner: str, lead_type: str, now: datetime) -> bool:
    """Let a member take a response back, of a source that is taken or a response that came here (decision 42)."""
    [source] = read([source_key(connection_id, lead_type, owner)])
    response = taking.held([response_id])[response_id].response
    ours = response is not None and response.connection_id == connection_id
    return (source is not None or ours) and withdrawing.withdraw(connection_id, response_id, now)
