"""Asks every route that the app has, and says what is not as it should be about an answer."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from chalice.test import Client

from app import app
from chalicelib.access import service as access
from chalicelib.clock import new_id, now
from chalicelib.http import FORM, Nothing, Operation
from tests.support.wrong import shape

PROBLEM = "application/problem+json"
# What people see: they get a page, not a problem.
PAGES = ("/p/", "/e/", "/r/", "/t/", "/confirm/", "/subscriptions", "/unsubscribe/")
MOST = 64 * 1024  # bytes of an answer that says what is wrong
SENTENCE = re.compile(r"[A-Z“'\"\d].*\S+ .*[.?!]", re.DOTALL)


@dataclass(frozen=True)
class Route:
    """A route of Chalice's own table, with what our blueprint knows of it."""

    operation: Operation

    def __str__(self) -> str:
        return f"{self.operation.method} {self.operation.path}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.operation.path)

    @property
    def writes(self) -> bool:
        return self.operation.method in {"POST", "PUT", "PATCH"}

    @property
    def takes_json(self) -> bool:
        return self.operation.body is not Nothing

    @property
    def content_type(self) -> str:
        return self.operation.content_types[0]

    def path(self, ids: Mapping[str, str], **query: Any) -> str:
        """Return the path for certain ids, and the query that the route needs, or `query` besides."""
        needed = shape(self.operation.query).sample() or {}
        path = self.operation.path.format_map({name: ids.get(name, "unknown") for name in self.parameters})
        asked = urlencode({name: value for name, value in {**needed, **query}.items() if value is not None})
        return f"{path}?{asked}" if asked else path

    def body(self) -> Any:
        return shape(self.operation.body).sample() if self.takes_json else {}


def routes() -> list[Route]:
    """Every route of the app; one that is not registered by our blueprints fails here."""
    known = {(each.path, each.method): each for each in app.operations}
    registered = sorted(app.routes.data.items())
    return [Route(known[path, method]) for path, methods in registered for method in sorted(methods)]


ROUTES = routes()


@dataclass(frozen=True)
class Answer:
    asked: str
    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")

    def __str__(self) -> str:
        return f"{self.asked}: {self.status} {self.body[:300].decode(errors='replace')}"


class _Remembering:
    """The gateway's memory of its authorizer's answers, which it asks once in a minute."""

    def __init__(self, authorizer: Any) -> None:
        self._authorizer, self._known = authorizer, {}

    def authorize(self, path: str, event: Any, context: Any) -> Any:
        given = event["requestContext"]
        entry = app.routes[given["resourcePath"]].get(given["httpMethod"])
        if entry is None or entry.authorizer is None:
            return event, context
        token = event["headers"].get("authorization")
        if token not in self._known:
            asked, _ = self._authorizer.authorize(path, event, context)
            self._known[token] = asked["requestContext"]["authorizer"]
        given["authorizer"] = self._known[token]
        return event, context


class Asker:
    """Somebody who may do everything, and asks in odd ways."""

    def __init__(self) -> None:
        self._client = Client(app)
        gateway: Any = self._client.http
        gateway._local_gateway._authorizer = _Remembering(gateway._local_gateway._authorizer)
        self.root = self.key("*")

    def key(self, *scopes: str) -> str:
        _, text = access.create_key(new_id(), "key", scopes, ["*"], now())
        return f"Bearer {text}"

    def ask(self, what: str, route: Route, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask; a body that is not bytes goes as the JSON, or the form, that the route takes."""
        sent = {"Authorization": self.root, "Content-Type": route.content_type}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else _raw(body or {}, sent["Content-Type"])
        answer = self._client.http.request(route.operation.method, path, headers=sent, body=raw)
        given = answer.headers.get("Content-Type", "")
        return Answer(f"{route} {what}", answer.status_code, str(given), answer.body, answer.headers)

    def refused(self, authorization: str) -> bool:
        """Return whether the gateway lets nobody in who says this; only this one text makes it answer a 401."""
        route = next(each for each in ROUTES if each.operation.path == "/contacts")
        try:
            self.ask("as nobody", route, "/contacts", Authorization=authorization)
        except Exception as error:
            return str(error) == "Unauthorized"
        return False

    def made(self, route: Route) -> dict[str, str]:
        """Make what the parameters of a route name, where the API can make it. Returns ids by parameter.

        Where there may be no more of a kind, the last one has to do.
        """
        made: dict[str, str] = {}
        for name in route.parameters:
            if identity := self._make(route, name, made):
                made[name] = identity
        return made

    def _make(self, route: Route, parameter: str, within: Mapping[str, str]) -> str | None:
        """Make one, of its own if it can be, else where the route has it; `within` what earlier parameters name."""
        makers = [each for each in ROUTES if _makes(each, parameter)]
        above = [each for each in makers if route.operation.path.startswith(each.operation.path)]
        alone = [each for each in makers if not each.parameters]
        making = next(iter([*alone, *above, *makers]), None)
        if making is None:
            return None
        answer = self.ask("to make one", making, making.path(within), making.body())
        if answer.status == HTTPStatus.PRECONDITION_REQUIRED:
            return None  # made of records that have versions, such as a merge: its own tests make it
        assert answer.status in {HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT}, str(answer)
        if answer.status == HTTPStatus.CONFLICT:
            listing = next(each for each in ROUTES if str(each) == f"GET {making.operation.path}")
            answer = self.ask("to find one", listing, listing.path({}))
        return str([each["id"] for each in answer.json.get("items", [answer.json]) if each["id"]][-1])


def _makes(route: Route, parameter: str) -> bool:
    one = f"{route.operation.path}/{{{parameter}}}"
    return str(route).startswith("POST ") and any(each.operation.path.startswith(one) for each in ROUTES)


def _raw(body: Any, content_type: str) -> bytes:
    return urlencode(body, doseq=True).encode() if content_type == FORM else json.dumps(body).encode()


def faults(route: Route, answer: Answer) -> Iterator[str]:
    """Yield what is not as it should be about any answer, right or wrong."""
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield f"{answer}: a failure of ours"
    elif answer.status >= HTTPStatus.BAD_REQUEST and route.operation.method != "HEAD":
        yield from (f"{answer}: {fault}" for fault in _told(route, answer))


def _told(route: Route, answer: Answer) -> Iterator[str]:
    if len(answer.body) > MOST:
        yield f"{len(answer.body)} bytes are too much"
    if answer.content_type.startswith("text/html") and route.operation.path.startswith(PAGES):
        if b"<html lang=" not in answer.body:
            yield "no page"
    elif answer.content_type != PROBLEM:
        yield f"not a problem but {answer.content_type}"
    else:
        yield from _as_problem(answer)


def _as_problem(answer: Answer) -> Iterator[str]:
    told = answer.json
    if {"type", "title", "status", "detail"} - set(told) or told["status"] != answer.status:
        yield "a problem has type, title, status and detail"
    sentences = [told.get("detail", ""), *(each["message"] for each in told.get("errors", []))]
    yield from (f"no sentence: {each}" for each in sentences if not SENTENCE.fullmatch(each) or len(each) > 3000)
    yield from ("a field without end" for each in told.get("errors", []) if len(each["field"]) > 300)
