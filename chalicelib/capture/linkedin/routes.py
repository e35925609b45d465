"""Connections to LinkedIn over HTTP, as people set them up and watch them."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from chalicelib.capture.linkedin import connections, service, standing
from chalicelib.capture.linkedin.credentials import Given
from chalicelib.capture.linkedin.mapping import Entry, Ticked
from chalicelib.capture.linkedin.models import Connection, SetAside, Source, TestLead
from chalicelib.capture.linkedin.schemas import (
    AsideView,
    Authorisation,
    ConnectionChange,
    Connections,
    ConnectionView,
    CountsView,
    Mapping,
    NewConnection,
    SourceGiven,
    SourceView,
    StatusView,
    TestLeadView,
)
from chalicelib.capture.linkedin.sources import Wanted
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing

api = Api(__name__)


@api.on(
    "POST /linkedin-connections",
    scope="linkedin:write",
    body=NewConnection,
    returns=ConnectionView,
    status=HTTPStatus.CREATED,
)
def create_linkedin_connection(call: Call[NewConnection]) -> ConnectionView:
    """Make a connection to LinkedIn; it pulls as soon as it is authorised."""
    new = call.body
    owner = new.owner_id or call.caller.id
    return _view(connections.create(call.new_id, new.name, owner, new.linkedin_version, _wanted(new.sources), call.now))


@api.on("GET /linkedin-connections", scope="linkedin:read", returns=Connections)
def list_linkedin_connections(_: Call[Nothing]) -> Connections:
    """List all connections to LinkedIn."""
    return Connections(items=[_view(each) for each in connections.every()])


@api.on("GET /linkedin-connections/{connection_id}", scope="linkedin:read", returns=StatusView)
def show_linkedin_connection(call: Call[Nothing], connection_id: str) -> StatusView:
    """Show how a connection to LinkedIn goes."""
    return _status(connection_id, call.now)


@api.on(
    "PATCH /linkedin-connections/{connection_id}", scope="linkedin:write", body=ConnectionChange, returns=StatusView
)
def change_linkedin_connection(call: Call[ConnectionChange], connection_id: str) -> StatusView:
    """Change a connection and what it takes; send If-Match."""
    version = call.version
    given = call.body.model_dump(exclude={"sources"}, exclude_none=True)
    sources = None if call.body.sources is None else _wanted(call.body.sources)
    connections.amend(connection_id, given, sources, version, call.now)
    return _status(connection_id, call.now)


@api.on("DELETE /linkedin-connections/{connection_id}", scope="linkedin:write")
def delete_linkedin_connection(call: Call[Nothing], connection_id: str) -> None:
    """Delete a connection that takes nothing any more; what came through it stays."""
    connections.remove(connection_id, call.version)


@api.on(
    "PUT /linkedin-connections/{connection_id}/authorisation",
    scope="linkedin:write",
    body=Authorisation,
    returns=StatusView,
)
def authorise_linkedin_connection(call: Call[Authorisation], connection_id: str) -> StatusView:
    """Keep the secrets that LinkedIn gave; the pull goes on from where it stood. No answer ever shows them."""
    version, given = call.version, call.body
    tokens = Given(
        client_id=given.client_id,
        client_secret=given.client_secret.get_secret_value(),
        access_token=given.access_token.get_secret_value(),
        refresh_token=given.refresh_token.get_secret_value() if given.refresh_token else None,
        access_expires_at=given.access_expires_at,
        refresh_expires_at=given.refresh_expires_at,
    )
    connections.authorise(connection_id, tokens, version, call.now)
    return _status(connection_id, call.now)


@api.on("PUT /linkedin-connections/{connection_id}/mapping", scope="linkedin:write", body=Mapping, returns=StatusView)
def map_linkedin_connection(call: Call[Mapping], connection_id: str) -> StatusView:
    """Say where answers go and what ticked boxes allow; what leads are matched by has to be mapped."""
    version = call.version
    entries = [Entry(**each.model_dump()) for each in call.body.entries]
    consents = [Ticked(**each.model_dump()) for each in call.body.consents]
    connections.map_answers(connection_id, entries, consents, version, call.now)
    return _status(connection_id, call.now)


@api.on("POST /linkedin-connections/{connection_id}/reset", scope="linkedin:write", returns=StatusView)
def reset_linkedin_connection(call: Call[Nothing], connection_id: str) -> StatusView:
    """Pull everything anew; nothing that is there already is made twice."""
    connections.reset(connection_id, call.version, call.now)
    return _status(connection_id, call.now)


@api.on(
    "GET /linkedin-connections/{connection_id}/test-leads",
    scope="linkedin:read",
    query=ListQuery,
    returns=Listing[TestLeadView],
)
def list_linkedin_test_leads(call: Call[Nothing], connection_id: str) -> Listing[TestLeadView]:
    """List the test leads of the last month, which went nowhere."""
    return Listing[TestLeadView].of(service.test_leads(connection_id, call.query.asked), _test)


@api.on(
    "GET /linkedin-connections/{connection_id}/set-aside",
    scope="linkedin:read",
    query=ListQuery,
    returns=Listing[AsideView],
)
def list_linkedin_set_aside(call: Call[Nothing], connection_id: str) -> Listing[AsideView]:
    """List deliveries that LinkedIn signed and nobody understands."""
    return Listing[AsideView].of(service.deliveries_aside(connection_id, call.query.asked), _aside)


@api.on("DELETE /linkedin-connections/{connection_id}/set-aside/{aside_id}", scope="linkedin:write")
def dismiss_linkedin_set_aside(_: Call[Nothing], connection_id: str, aside_id: str) -> None:
    """Forget a delivery that somebody has looked at."""
    service.dismiss(connection_id, aside_id)


def _wanted(sources: list[SourceGiven]) -> list[Wanted]:
    return [Wanted(each.owner, each.lead_type, each.back_pull_days) for each in sources]


def _view(connection: Connection) -> ConnectionView:
    return ConnectionView.model_validate(_shown(connection))


def _shown(connection: Connection) -> dict[str, Any]:
    named = ("name", "owner_id", "linkedin_version", "authorised_at", "refused", "refused_at", "created_at", "version")
    return {
        **{name: getattr(connection, name) for name in named},
        "id": connection.connection_id,
        "state": standing.state_of(connection),
        "webhook": connections.webhook_of(connection.connection_id),
        "mapping": {"entries": connection.mapping, "consents": connection.consents},
    }


def _status(connection_id: str, now: datetime) -> StatusView:
    found = standing.status(connection_id, now)
    return StatusView(
        **_shown(found.connection),
        client_id=found.client_id,
        refresh_expires_at=found.refresh_expires_at,
        sources=[_source(each) for each in found.sources],
        counts=CountsView(**found.counts),
        warnings=found.warnings,
    )


def _source(source: Source) -> SourceView:
    named = ("owner", "lead_type", "back_pull_days", "pulled_until", "last_pull_at", "last_error", "last_error_at")
    given = {name: getattr(source, name) for name in named}
    return SourceView(**given, subscribed=source.subscription is not None, next_pull_at=source.due)


def _test(lead: TestLead) -> TestLeadView:
    return TestLeadView(response_id=lead.response_id, submitted_at=lead.submitted_at, answers=lead.answers)


def _aside(row: SetAside) -> AsideView:
    return AsideView(id=row.aside_id, received_at=row.submitted_at, reason=row.reason, body=row.body, bytes=row.bytes)
