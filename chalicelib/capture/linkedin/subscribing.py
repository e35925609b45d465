"""Subscriptions: LinkedIn is told to tell us, and told to stop."""

from datetime import datetime

from chalicelib.capture.linkedin import noting
from chalicelib.capture.linkedin.asking import LinkedIn
from chalicelib.capture.linkedin.client import Refused
from chalicelib.capture.linkedin.connections import webhook_of
from chalicelib.capture.linkedin.models import Connection, Source
from chalicelib.capture.linkedin.windows import SWEEP_EVERY
from chalicelib.dynamodb import commit, delete
from chalicelib.observability import note_failure


def subscribe(connection: Connection, source: Source, now: datetime) -> None:
    """Have LinkedIn tell us of this source's leads; looked at again once a day, as LinkedIn may have ended it."""
    checked = source.swept_at is not None and now - source.swept_at < SWEEP_EVERY
    if source.subscription is not None and checked:
        return
    linkedin, webhook = LinkedIn(connection, now), webhook_of(connection.connection_id)
    owner, lead_type = source.owner, source.lead_type
    source.subscription = _subscribed(linkedin, source, webhook) or linkedin.ask(
        lambda each: each.subscribe(owner, lead_type, webhook)
    )


def _subscribed(linkedin: LinkedIn, source: Source, webhook: str) -> str | None:
    known = linkedin.ask(lambda each: list(each.subscriptions(source.owner, source.lead_type)))
    return next((identity for identity, address in known if address == webhook), None)


def leave(connection: Connection, source: Source, now: datetime) -> None:
    """Take back the subscription and forget the source. Where we are not let in, deliveries come and are ignored."""
    linkedin, subscription = LinkedIn(connection, now), source.subscription
    if subscription is not None:
        try:
            linkedin.ask(lambda each: each.unsubscribe(subscription))
        except Refused as refused:
            note_failure("a subscription at LinkedIn was left", refused, connection_id=connection.connection_id)
    commit([delete(source.key, Source.version == source.version)])
    noting.let_in(connection, source.sk)
