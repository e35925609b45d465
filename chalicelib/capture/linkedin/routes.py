"""LinkedIn over HTTP: the address that LinkedIn calls, and connections, matching and submissions for people."""

import json
from datetime import datetime
from http import HTTPStatus
from typing import Any

from msgspec.structs import astuple

from chalicelib import queues
from chalicelib.capture.linkedin import connections, credentials, matching, messages, service, signatures
from chalicelib.capture.linkedin.connections import Wanted
from chalicelib.capture.linkedin.credentials import Given
from chalicelib.capture.linkedin.mapping import Entry, Ticked
from chalicelib.capture.linkedin.models import Connection, Response, SetAside, Source, Strategy, TestLead
from chalicelib.capture.linkedin.reading import Unreadable, notice_of
from chalicelib.capture.linkedin.schemas import (
    AsideView,
    Authorisation,
    Challenge,
    ConnectionChange,
    Connections,
    ConnectionView,
    CountsView,
    Mapping,
    NewConnection,
    NewStrategy,
    Responses,
    ResponsesQuery,
    ResponseView,
    SourceGiven,
    SourceView,
    StatusView,
    Strategies,
    StrategyView,
    TestLeadView,
)
from chalicelib.capture.schemas import ProblemView
from chalicelib.errors import Invalid, Unauthenticated
from chalicelib.http import JSON, Api, Call, Listing, ListQuery, Nothing, Reply

api = Api(__name__)

LARGEST = 1024 * 1024  # bytes of a delivery (decision 42)

# LinkedIn ----------------------------------------------------------------------------------------------------------


@api.on("GET /webhooks/linkedin/{connection_id}", scope=None, query=Challenge)
def answer_linkedin(call: Call[Nothing], connection_id: str) -> Reply:
    """Prove to LinkedIn that this address is ours."""
    challenge = call.query.challengeCode
    answer = signatures.answer(credentials.client_secret(connection_id), challenge)
    body = json.dumps({"challengeCode": challenge, "challengeResponse": answer})
    return Reply(body, content_type=JSON, headers={"Cache-Control": "no-store"})


@api.on("POST /webhooks/linkedin/{connection_id}", scope=None, largest=LARGEST)
def receive_linkedin(call: Call[Nothing], connection_id: str) -> Reply:
    """Take a delivery of LinkedIn: what it tells of is fetched by whoever reads the queue."""
    secret = credentials.client_secret(connection_id)
    if not signatures.proves(secret, call.raw, call.headers.get("x-li-signature")):
        raise Unauthenticated("This delivery is not signed by LinkedIn for this connection.")
    try:
        notice = notice_of(call.raw)
    except Unreadable as unreadable:
        service.set_aside(connection_id, call.raw, unreadable, call.now)
    else:
        queues.send(messages.QUEUE, [messages.noticed(connection_id, *astuple(notice))])
    return Reply("{}", content_type=JSON)


# People ------------------------------------------------------------------------------------------------------------


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


@api.on("GET /linkedin-submissions", scope="linkedin:read", query=ResponsesQuery, returns=Listing[ResponseView])
def list_linkedin_submissions(call: Call[Nothing]) -> Listing[ResponseView]:
    """List the LinkedIn submissions of a connection, or those that failed."""
    query = call.query
    if (query.connection_id is None) == (query.state is None):
        raise Invalid("Ask by connection_id, or by state (failure).")
    if query.connection_id is not None:
        return Listing[ResponseView].of(service.responses_of(query.connection_id, query.asked), _response)
    return Listing[ResponseView].of(service.failures(query.asked), _response)


@api.on("GET /linkedin-submissions/{submission_id}", scope="linkedin:read", returns=ResponseView)
def show_linkedin_submission(_: Call[Nothing], submission_id: str) -> ResponseView:
    """Show a LinkedIn submission and what it resolved to."""
    return _response(service.find(submission_id))


@api.on("POST /linkedin-submissions/{submission_id}/retry", scope="linkedin:write", returns=ResponseView)
def retry_linkedin_submission(call: Call[Nothing], submission_id: str) -> ResponseView:
    """Try a failed LinkedIn submission again."""
    return _response(service.retry(submission_id, call.now))


@api.on("GET /leads/{lead_id}/linkedin-submissions", scope="linkedin:read", returns=Responses)
def list_linkedin_submissions_of_lead(_: Call[Nothing], lead_id: str) -> Responses:
    """List the LinkedIn submissions that are attached to a lead, newest first."""
    return Responses(items=[_response(each) for each in service.responses_of_lead(lead_id)])


@api.on(
    "POST /linkedin-strategies",
    scope="linkedin:write",
    body=NewStrategy,
    returns=StrategyView,
    status=HTTPStatus.CREATED,
)
def create_linkedin_strategy(call: Call[NewStrategy]) -> StrategyView:
    """Make a way to match leads from LinkedIn; it counts once it is activated."""
    new = call.body
    made = matching.create(
        call.new_id,
        new.name,
        new.lead_fields,
        always_create_lead=new.always_create_lead,
        enable_contact_creation=new.enable_contact_creation,
        now=call.now,
    )
    return _strategy(made)


@api.on("GET /linkedin-strategies", scope="linkedin:read", returns=Strategies)
def list_linkedin_strategies(call: Call[Nothing]) -> Strategies:
    """List the ways to match leads from LinkedIn."""
    return Strategies(items=[_strategy(each) for each in matching.records(call.now)])


@api.on("POST /linkedin-strategies/{strategy_id}/activate", scope="linkedin:write", returns=StrategyView)
def activate_linkedin_strategy(call: Call[Nothing], strategy_id: str) -> StrategyView:
    """Let a strategy replace the active one."""
    return _strategy(matching.activate(strategy_id, call.now))


@api.on("DELETE /linkedin-strategies/{strategy_id}", scope="linkedin:write")
def delete_linkedin_strategy(_: Call[Nothing], strategy_id: str) -> None:
    """Delete a strategy that is not active."""
    matching.remove(strategy_id)


# Views -------------------------------------------------------------------------------------------------------------


def _wanted(sources: list[SourceGiven]) -> list[Wanted]:
    return [Wanted(each.owner, each.lead_type, each.back_pull_days) for each in sources]


def _view(connection: Connection) -> ConnectionView:
    return ConnectionView.model_validate(_shown(connection))


def _shown(connection: Connection) -> dict[str, Any]:
    named = ("name", "owner_id", "linkedin_version", "authorised_at", "refused", "refused_at", "created_at", "version")
    return {
        **{name: getattr(connection, name) for name in named},
        "id": connection.connection_id,
        "state": connections.state_of(connection),
        "webhook": connections.webhook_of(connection.connection_id),
        "mapping": {"entries": connection.mapping, "consents": connection.consents},
    }


def _status(connection_id: str, now: datetime) -> StatusView:
    found = connections.status(connection_id, now)
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


def _strategy(strategy: Strategy) -> StrategyView:
    return StrategyView(
        id=strategy.strategy_id,
        name=strategy.name,
        active=matching.is_active(strategy.strategy_id),
        lead_fields=list(matching.lead_fields(strategy)),
        always_create_lead=strategy.always_create_lead,
        enable_contact_creation=strategy.enable_contact_creation,
    )


def _response(response: Response) -> ResponseView:
    given = {name: getattr(response, name) for name in ResponseView.model_fields if name not in {"id", "problems"}}
    problems = [ProblemView.model_validate(each) for each in response.problems or []]
    return ResponseView(**given, id=response.submission_id, problems=problems)


def _test(lead: TestLead) -> TestLeadView:
    return TestLeadView(response_id=lead.response_id, submitted_at=lead.submitted_at, answers=lead.answers)


def _aside(row: SetAside) -> AsideView:
    return AsideView(id=row.aside_id, received_at=row.submitted_at, reason=row.reason, body=row.body, bytes=row.bytes)
