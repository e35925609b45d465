"""LinkedIn as one connection may ask it, and what its refusals lead to."""

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.capture.linkedin import credentials, noting, service, taking
from chalicelib.capture.linkedin.client import Client, Refused, Throttled, Unreachable
from chalicelib.capture.linkedin.models import Connection, Source
from chalicelib.capture.linkedin.reading import FORM_URN, Form, Lead, Unreadable, form_of, lead_of
from chalicelib.capture.linkedin.windows import pause
from chalicelib.errors import DomainError
from chalicelib.observability import metrics
from chalicelib.settings import settings

Answer = TypeVar("Answer")


class LinkedIn:
    """LinkedIn as one connection may ask it; a token that is refused is renewed once."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection, self._now = connection, now
        self._forms: dict[str, Form] = {}

    def ask(self, question: Callable[[Client], Answer]) -> Answer:
        """Ask something. Raises Refused, Throttled, Unavailable."""
        identity, version = self._connection.connection_id, self._connection.linkedin_version
        token = credentials.access_token(identity, self._now)
        try:
            return question(Client(token, version))
        except Refused as refused:
            if refused.status != 401:
                raise
            return question(Client(credentials.renewed(identity, token, self._now), version))

    def form(self, lead: Lead) -> Form:
        """Return the version of the form that was answered; it is asked for once, and kept for good."""
        urn = lead.form_urn or ""
        if urn not in self._forms:
            self._forms[urn] = taking.form_known(urn) or self._read_form(urn, lead)
        return self._forms[urn]

    def _read_form(self, urn: str, lead: Lead) -> Form:
        found = FORM_URN.fullmatch(urn)
        if found is None:
            return form_of(urn, {})
        # A response brings the very version that it answers; the form alone would be the newest one.
        whole = self.ask(lambda linkedin: linkedin.lead(lead.id)) or {}
        document = whole.get("form") or self.ask(lambda linkedin: linkedin.form(found[1]))
        if not isinstance(document, dict):
            raise Unreachable("LinkedIn does not tell the form of this response. It is asked again later.")
        return taking.keep_form(urn, document, self._now)


def noted(connection: Connection, source: Source, error: DomainError, now: datetime) -> timedelta:
    """Show on the connection that it is not let in or throttled, and return how long to leave LinkedIn alone."""
    if isinstance(error, Refused):
        noting.refused(connection.connection_id, source.sk, error, now)
        metrics.add_metric(name="LinkedInRefused", unit=MetricUnit.Count, value=1)
        return usual_pause()
    asked = error.seconds if isinstance(error, Throttled) else None
    wait = pause(source.attempts, asked, random.random)
    if isinstance(error, Throttled):
        noting.quiet(connection.connection_id, now + wait)
    return wait


def usual_pause() -> timedelta:
    return timedelta(minutes=int(settings.linkedin_pull_minutes))


def read_lead(connection: Connection, raw: Any, now: datetime) -> Lead | None:
    """Read a response; one that cannot be is set aside for a person."""
    try:
        return lead_of(raw)
    except Unreadable as unreadable:
        service.set_aside(connection.connection_id, _bytes(raw), unreadable, now)
        return None


def _bytes(raw: Any) -> bytes:
    return json.dumps(raw, sort_keys=True).encode()
