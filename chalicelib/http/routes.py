"""Routes: views take calls and return models, and every failure becomes a problem in one place."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Blueprint, Request, Response
from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pynamodb.exceptions import PynamoDBException

from chalicelib.access.authorizer import authorize
from chalicelib.dynamodb import ConditionFailed
from chalicelib.errors import DomainError, Unavailable
from chalicelib.http.call import Call
from chalicelib.http.operation import JSON, Operation
from chalicelib.http.problems import details_of, problem, status_of
from chalicelib.http.replies import Reply, rendered
from chalicelib.http.requests import call_of, id_of
from chalicelib.http.schemas import Nothing
from chalicelib.observability import logger, note_failure

LARGEST = 256 * 1024  # bytes of a body, unless the route says otherwise

View = Callable[..., BaseModel | Reply | None]
Attend = Callable[[Call[Any], Operation], AbstractContextManager[None]]


class Attendance(Struct):
    """Who looks on while people change things; chalicelib.wiring says."""

    attend: Attend = lambda *_: nullcontext()


attendance = Attendance()
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Api(Blueprint):
    """A blueprint whose views take a Call and return a model or a Reply, and raise domain errors."""

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.operations: list[Operation] = []

    def on(
        self,
        verb: str,
        *,
        scope: str | None,
        body: type[BaseModel] = Nothing,
        query: type[BaseModel] = Nothing,
        returns: type[BaseModel] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        content_types: Sequence[str] = (JSON,),
        largest: int = LARGEST,
    ) -> Callable[[View], View]:
        """Register a view for a verb, such as `GET /contacts/{contact_id}`; `scope` None makes it public."""
        method, path = verb.split(" ")

        def decorate(view: View) -> View:
            summary = (view.__doc__ or view.__name__.replace("_", " ")).strip().split("\n")[0]
            operation = Operation(
                method, path, view.__name__, summary, body, query, returns, status, scope, tuple(content_types)
            )
            self.operations.append(operation)

            @wraps(view)
            def respond(**path_parameters: str) -> Response:
                return _answer(self.current_request, operation, view, path_parameters, largest)

            options: dict[str, Any] = {"content_types": list(content_types)}
            if scope is not None:
                options["authorizer"] = authorize
            self.route(path, methods=[method], name=view.__name__, **options)(respond)
            return view

        return decorate


def _attended(call: Call[Any], operation: Operation) -> AbstractContextManager[None]:
    changes = operation.method not in READING and not operation.public
    return attendance.attend(call, operation) if changes else nullcontext()


def _answer(request: Request, operation: Operation, view: View, path: Mapping[str, str], largest: int) -> Response:
    logger.append_keys(route=f"{operation.method} {operation.path}")
    try:
        call = call_of(request, operation, largest)
        with _attended(call, operation):
            result = view(call, **{name: id_of(name, unquote(value)) for name, value in path.items()})
        return rendered(result, operation.status)
    except DomainError as error:
        return problem(status_of(error), str(error), error.problems, more=error.more)
    except ValidationError as error:
        return problem(HTTPStatus.BAD_REQUEST, "Something in the request is not as it should be.", details_of(error))
    except (ClientError, BotoCoreError, PynamoDBException) as error:
        note_failure("a service did not answer as it should", error)
        busy = Unavailable("A service that we rely on does not answer at the moment. Try again in a few seconds.")
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(busy), headers={"Retry-After": "2"})
    except ConditionFailed as error:  # a race that no domain has words for
        note_failure("a condition failed that nobody expected", error)
        changed = "Something that this rests on was changed at this very moment. Read it again and repeat the change."
        return problem(HTTPStatus.CONFLICT, changed)
    except Exception as error:  # whatever it is, the client hears nothing of it, and no log its message
        note_failure("a request failed as nobody expected", error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here, not with what you sent.")
