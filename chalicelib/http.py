"""The edge to the web: views take calls and return models, and every failure becomes a problem+json in one place."""

import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, wraps
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar, cast
from urllib.parse import parse_qsl, unquote

from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Blueprint, Chalice, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json
from pynamodb.exceptions import PynamoDBException

from chalicelib import errors
from chalicelib.access.authorizer import authorize
from chalicelib.access.scopes import require
from chalicelib.access.service import PUBLIC, Caller
from chalicelib.clock import digest, new_id, now
from chalicelib.dynamodb import ConditionFailed
from chalicelib.errors import DomainError, Invalid, NotFound, PreconditionRequired, Problem, TooLarge, Unavailable
from chalicelib.lists import MOST, Asked, Page
from chalicelib.observability import logger

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
LARGEST = 256 * 1024  # bytes of a body, unless the route says otherwise
LONGEST_ID = 200  # letters of an id in a path; ours have far fewer, a key of DynamoDB ends at 1,024 bytes
LONGEST_KEY = 255  # letters of an Idempotency-Key
LONGEST_TAG = 18  # digits of an ETag, quotes apart
LONGEST_NAME = 200  # letters of a field's name as an answer repeats it
MOST_TOLD = 50  # mistakes that one answer tells

STATUS_OF: dict[type[DomainError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Gone: HTTPStatus.GONE,
    errors.Stale: HTTPStatus.PRECONDITION_FAILED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Unprocessable: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Schema(BaseModel):
    """What clients send and get: unknown fields are refused, text is trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, from_attributes=True, allow_inf_nan=False)


class Nothing(Schema):
    """No body, no query."""


class ListQuery(Schema):
    """What every list understands."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 25
    cursor: Annotated[str, Field(max_length=6000)] | None = None

    @property
    def asked(self) -> Asked:
        return Asked(self.limit, self.cursor)


Shown = TypeVar("Shown", bound=BaseModel)


class Listing(Schema, Generic[Shown]):
    """A page of a list."""

    items: list[Shown]
    next_cursor: str | None = None

    @classmethod
    def of(cls, found: Page[Any], view: Callable[[Any], Shown]) -> "Listing[Shown]":
        return cls(items=[view(item) for item in found.items], next_cursor=found.next_cursor)


Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True)
class Call(Generic[Body]):
    """One request, parsed and checked."""

    request: Request
    body: Body
    query: Any
    caller: Caller
    now: datetime = field(default_factory=now)

    @cached_property
    def headers(self) -> Mapping[str, str]:
        return cast(Mapping[str, str], self.request.headers)

    @property
    def idempotency_key(self) -> str | None:
        """What makes this request the same as an earlier one. Raises Invalid."""
        given = self.headers.get("idempotency-key") or None
        if given is not None and len(given) > LONGEST_KEY:
            raise Invalid(f"The Idempotency-Key may have {LONGEST_KEY} letters at most.")
        return given

    @cached_property
    def new_id(self) -> str:
        """The id of what this request makes: the same again where the request names an Idempotency-Key."""
        if self.idempotency_key is None:
            return new_id()
        named = cast("Mapping[str, str]", self.request.uri_params or {})  # one key may serve two records: two requests
        return digest(
            self.caller.id, str(self.request.context.get("resourcePath")), *named.values(), self.idempotency_key
        )

    @property
    def version(self) -> int:
        """The version of the record that this request changes. Raises PreconditionRequired, Invalid."""
        tag = self.headers.get("if-match")
        if tag is None:
            raise PreconditionRequired("Send If-Match with the ETag of the record as you read it.")
        digits = tag.strip().strip('"')
        if not digits.isdecimal() or len(digits) > LONGEST_TAG:
            raise Invalid('If-Match must hold the ETag as it came, such as “"3"”.')
        return int(digits)

    @property
    def raw(self) -> bytes:
        return cast(bytes, self.request.raw_body)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is not a plain JSON model with the route's status."""

    body: str | bytes | BaseModel = ""
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route takes and gives, as the OpenAPI page tells it."""

    method: str
    path: str
    name: str
    summary: str
    body: type[BaseModel]
    query: type[BaseModel]
    returns: type[BaseModel] | None
    status: HTTPStatus
    scope: str | None
    content_types: tuple[str, ...]

    @property
    def public(self) -> bool:
        """Whether everybody may call it, as people do who follow a link; what others append to it does not matter."""
        return self.scope is None


OPERATIONS: list[Operation] = []

View = Callable[..., BaseModel | Reply | None]


class Api(Blueprint):
    """A blueprint whose views take a Call and return a model or a Reply, and raise domain errors."""

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
            OPERATIONS.append(operation)

            @wraps(view)
            def respond(**path_parameters: str) -> Response:
                return _answer(self.current_request, operation, view, path_parameters, largest)

            options: dict[str, Any] = {"content_types": list(content_types)}
            if scope is not None:
                options["authorizer"] = authorize
            self.route(path, methods=[method], name=view.__name__, **options)(respond)
            return view

        return decorate


def _answer(request: Request, operation: Operation, view: View, path: Mapping[str, str], largest: int) -> Response:
    logger.append_keys(route=f"{operation.method} {operation.path}")
    try:
        call = _call(request, operation, largest)
        result = view(call, **{name: _id(name, unquote(value)) for name, value in path.items()})
        return _rendered(result, operation.status)
    except DomainError as error:
        return problem(_status(error), str(error), error.problems)
    except ValidationError as error:
        return problem(HTTPStatus.BAD_REQUEST, "Something in the request is not as it should be.", _details(error))
    except (ClientError, BotoCoreError, PynamoDBException) as error:
        _note("a service did not answer as it should", error)
        busy = Unavailable("A service that we rely on does not answer at the moment. Try again in a few seconds.")
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(busy), headers={"Retry-After": "2"})
    except ConditionFailed as error:  # a race that no domain has words for
        _note("a condition failed that nobody expected", error)
        changed = "Something that this rests on was changed at this very moment. Read it again and repeat the change."
        return problem(HTTPStatus.CONFLICT, changed)
    except Exception as error:  # whatever it is, the client hears nothing of it, and no log its message
        _note("a request failed as nobody expected", error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here, not with what you sent.")


def _note(what: str, error: Exception) -> None:
    """Log an error by its kind and place: what it says may hold what somebody sent or what a record holds."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    cause = type(error.__cause__).__name__ if error.__cause__ else None
    logger.error(what, error=type(error).__name__, code=code, cause=cause, places=places)


def _id(name: str, given: str) -> str:
    """Return an id of the path. Raises NotFound for one that no record can have; tokens are checked as such."""
    if name != "token" and len(given) > LONGEST_ID:
        raise NotFound(f"There is nothing of this {name.replace('_', ' ')}.")
    return given


def _call(request: Request, operation: Operation, largest: int) -> Call[Any]:
    caller = _caller(request)
    if operation.scope is not None:
        require(caller.scopes, operation.scope)
    if len(request.raw_body) > largest:
        raise TooLarge(f"The body may have {largest:,} bytes at most.")
    return Call(request, _body(request, operation), _query(request, operation), caller)


def _caller(request: Request) -> Caller:
    given = request.context.get("authorizer") or {}
    if "principalId" not in given:
        return PUBLIC
    return Caller(given["principalId"], frozenset(given.get("scopes", "").split()))


def _body(request: Request, operation: Operation) -> BaseModel:
    if operation.body is Nothing:
        return Nothing()
    content = json_of(request.raw_body or b"{}")
    if not isinstance(content, dict):
        raise Invalid("The body must be a JSON object.")
    return operation.body.model_validate(content)


def json_of(raw: bytes | str) -> Any:
    """Return what a body says. Raises Invalid for no JSON, no UTF-8, half a letter, NaN, and 200 levels and more."""
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Invalid("The body is not JSON.") from error


def _query(request: Request, operation: Operation) -> BaseModel:
    """Return the query. Raises Invalid for what is not known here, but on public routes, where others append things."""
    given, known = query_of(request), operation.query.model_fields
    unknown = [name for name in given if name not in known]
    if unknown and not operation.public:
        takes = (
            f"Only these can be asked for here: {', '.join(sorted(known))}." if known else "No filter is known here."
        )
        problems = [Problem(name[:LONGEST_NAME], SAID["extra_forbidden"]) for name in unknown[:MOST_TOLD]]
        raise Invalid(takes, problems)
    return operation.query.model_validate({name: value for name, value in given.items() if name in known})


def query_of(request: Request) -> dict[str, Any]:
    """Return the query's parameters; one that comes several times is a list."""
    given = request.query_params
    if given is None:
        return {}
    return {name: values[0] if len(values := given.getlist(name)) == 1 else values for name in given}


def form_of(call: Call[Any]) -> dict[str, str | list[str]]:
    """Return the fields of a urlencoded body. Raises Invalid if it is not UTF-8 or has over 200 fields."""
    try:
        pairs = parse_qsl(call.raw.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise Invalid("The form could not be read.") from error
    fields: dict[str, str | list[str]] = {}
    for name, value in pairs:
        before = fields.get(name)
        fields[name] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    return fields


def _rendered(result: BaseModel | Reply | None, status: HTTPStatus) -> Response:
    if result is None:
        return Response("", status_code=HTTPStatus.NO_CONTENT)
    if isinstance(result, BaseModel):
        return Response(_json(result), status_code=status, headers={"Content-Type": JSON, **_tag(result)})
    headers = {"Content-Type": result.content_type, **result.headers}
    if isinstance(result.body, BaseModel):
        headers |= {"Content-Type": JSON, **_tag(result.body)}
        return Response(_json(result.body), status_code=result.status, headers=headers)
    return Response(result.body, status_code=result.status, headers=headers)


def _json(model: BaseModel) -> str:
    return model.model_dump_json(by_alias=True)


def _tag(model: BaseModel) -> dict[str, str]:
    version = getattr(model, "version", None)
    return {} if version is None else {"ETag": f'"{version}"'}


def _status(error: DomainError) -> HTTPStatus:
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def problem(
    status: HTTPStatus, detail: str, problems: Sequence[Problem] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Return an RFC 9457 problem."""
    content: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    if problems:
        content["errors"] = [each.as_dict() for each in problems]
    fields: dict[str, str | list[str]] = {"Content-Type": "application/problem+json", **(headers or {})}
    return Response(json.dumps(content, ensure_ascii=False), status_code=status, headers=fields)


SAID: dict[str, str] = {
    "extra_forbidden": "There is no field of this name.",
    "missing": "This field is required.",
    "string_type": "This must be text.",
    "int_type": "This must be a whole number.",
    "int_parsing": "This must be a whole number.",
    "int_from_float": "This must be a whole number.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
    "list_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "datetime_from_date_parsing": "This must be an instant such as 2026-11-24T08:00:00Z.",
    "datetime_parsing": "This must be an instant such as 2026-11-24T08:00:00Z.",
    "timezone_aware": "This instant needs a time zone, such as a Z at its end.",
}


def _details(error: ValidationError) -> list[Problem]:
    return [
        Problem(_place(each["loc"]), _sentence(each["type"], each["msg"]))
        for each in error.errors(include_url=False, include_input=False)[:MOST_TOLD]
    ]


def _place(parts: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in parts)[:LONGEST_NAME] or "body"


def _sentence(kind: str, message: str) -> str:
    text = SAID.get(kind, message.removeprefix("Value error, "))
    return text if text.endswith(".") else f"{text}."


class Application(Chalice):
    """The app, with two repairs: a request without Accept may get bytes, and Chalice's own errors are problems too."""

    def __call__(self, event: Any, context: Any) -> Any:
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        event["headers"] = {**headers, "accept": "*/*"}
        answer = super().__call__(event, context)
        return answer if answer["statusCode"] < HTTPStatus.BAD_REQUEST else _as_problem(answer)


KNOWN_ELSEWHERE = {
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not know this method.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of a type that is not taken here; look at the Content-Type.",
}


def _as_problem(answer: dict[str, Any]) -> dict[str, Any]:
    if isinstance(answer["body"], str) and answer["body"].startswith('{"Code"'):
        status = HTTPStatus(answer["statusCode"])
        replaced = problem(status, KNOWN_ELSEWHERE.get(status, f"{status.description or status.phrase}."))
        answer["body"] = replaced.body
        answer["headers"] = {**answer.get("headers", {}), **replaced.headers}
        answer.get("multiValueHeaders", {}).pop("Content-Type", None)
    return answer
