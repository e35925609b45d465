"""Operations over HTTP."""

from http import HTTPStatus

from chalicelib.http import Api, Call, Nothing
from chalicelib.operations import service
from chalicelib.operations.schemas import HealthView, Moved, OverdueView, Started, Up

api = Api(__name__)

LATE = 15 * 60  # seconds; the agenda is read every minute


@api.on("GET /health", scope=None, returns=Up)
def show_up(_: Call[Nothing]) -> Up:
    """Say that the API answers."""
    return Up()


@api.on("GET /operations/health", scope="operations:read", returns=HealthView)
def show_health(call: Call[Nothing]) -> HealthView:
    """Show how overdue work is and what lies in dead letters."""
    found, dead = service.overdue(call.now), service.dead_letters()
    healthy = not any(dead.values()) and all(each.seconds_overdue < LATE for each in found)
    return HealthView(healthy=healthy, overdue=[OverdueView.model_validate(each) for each in found], dead_letters=dead)


@api.on("POST /operations/dead-letters/{domain}/redrive", scope="operations:write", returns=Moved)
def redrive_dead_letters(_: Call[Nothing], domain: str) -> Moved:
    """Move up to a hundred dead letters back to where they came from."""
    return Moved(moved=service.redrive(domain))


@api.on("POST /operations/resync", scope="operations:write", returns=Started, status=HTTPStatus.ACCEPTED)
def start_resync(call: Call[Nothing]) -> Started:
    """Have every reaction look at every contact again; safe at any time."""
    return Started(job_id=service.resync(call.new_id, call.now).job_id)
