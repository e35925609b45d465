"""Operations over HTTP: health, dead letters, doing everything once more."""

from collections.abc import Mapping
from http import HTTPStatus

from chalicelib.definitions.routes import job_view
from chalicelib.definitions.schemas import JobView
from chalicelib.http import Api, Call, Nothing
from chalicelib.operations import service
from chalicelib.operations.schemas import (
    ConnectedView,
    DeadLetters,
    DeadLetterView,
    HealthView,
    QueueView,
    RecountRequest,
    Redriven,
    Up,
    WaitingView,
)
from chalicelib.scoring.bulk import recount_now

api = Api(__name__)


@api.on("GET /health", scope=None, returns=Up)
def show_health(_: Call[Nothing]) -> Up:
    """Say that the API answers."""
    return Up(status="up")


@api.on("GET /operations/health", scope="operations:read", returns=HealthView)
def show_operations_health(call: Call[Nothing]) -> HealthView:
    """Show how late due work is, how much waits on the queues, and what was set aside."""
    return HealthView(
        due_work=[WaitingView.model_validate(each) for each in service.due_work(call.now)],
        queues=_queues(service.depths()),
        dead_letters=_queues(service.dead_letters()),
        connections=[ConnectedView.model_validate(each) for each in service.connections(call.now)],
    )


@api.on("GET /operations/dead-letters/{domain}", scope="operations:read", returns=DeadLetters)
def list_dead_letters(_: Call[Nothing], domain: str) -> DeadLetters:
    """Show which messages a domain has set aside, without what they hold."""
    waiting, found = service.letters_of(domain)
    return DeadLetters(waiting=waiting, items=[DeadLetterView.model_validate(each) for each in found])


@api.on("POST /operations/dead-letters/{domain}/redrive", scope="operations:write", returns=Redriven)
def redrive_dead_letters(_: Call[Nothing], domain: str) -> Redriven:
    """Give up to 100 messages that a domain set aside to their queues again."""
    moved, stayed = service.redrive(domain)
    return Redriven(moved=moved, stayed=stayed)


@api.on("POST /operations/resync", scope="operations:write", returns=JobView, status=HTTPStatus.ACCEPTED)
def start_resync(call: Call[Nothing]) -> JobView:
    """Have every reaction look at everybody again: the cure after an outage; safe at any time."""
    return job_view(service.resync(call.new_id, call.now))


@api.on(
    "POST /operations/recount",
    scope="operations:write",
    body=RecountRequest,
    returns=JobView,
    status=HTTPStatus.ACCEPTED,
)
def start_recount(call: Call[RecountRequest]) -> JobView:
    """Hold stored scores against what the facts say now: everybody's, or a seventh's as each night does."""
    return job_view(recount_now(call.new_id, call.body.part, call.now))


def _queues(depths: Mapping[str, int]) -> list[QueueView]:
    return [QueueView(name=name, waiting=waiting) for name, waiting in depths.items()]
