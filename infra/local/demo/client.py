"""A small HTTP client: the API as a program uses it, pages and messages as a browser does."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

PATIENT = {429, 500, 502, 503, 504}  # 500: the gateway's answer where the authorizer's function was too busy


class Refused(Exception):
    """The API answered with a problem."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


def send(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, tries: int = 14
) -> Answer:
    """Make one request; busy servers and broken connections are tried again, redirects are not followed."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    for attempt in range(tries):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            got = response.getheaders()
            content = response.read()
        except (OSError, http.client.HTTPException):
            if attempt == tries - 1:
                raise
            time.sleep(min(0.2 * 2**attempt, 2.0))
            continue
        finally:
            connection.close()
        if response.status not in PATIENT or attempt == tries - 1:
            cookies = [value for name, value in got if name.lower() == "set-cookie"]
            return Answer(response.status, {name.lower(): value for name, value in got}, content, cookies)
        time.sleep(min(0.2 * 2**attempt, 2.0))
    raise AssertionError


@dataclass(frozen=True, slots=True)
class Client:
    """The API, with a key."""

    base: str
    key: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Call the API and return its JSON. Raises Refused for a problem."""
        sent = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid4().hex,  # what is sent again after a broken connection makes nothing twice
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        content = None if body is None else json.dumps(body).encode()
        answer = send(method, f"{self.base}{path}", content, sent)
        if answer.status >= 400:
            raise Refused(answer.status, answer.json)
        return answer.json

    def get(self, path: str, **query: Any) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        return self.call("GET", f"{path}?{urlencode(given)}" if given else path)

    def every(self, path: str, **query: Any) -> list[Any]:
        """Return all items of a list."""
        items: list[Any] = []
        cursor = None
        while True:
            page = self.get(path, limit=100, cursor=cursor, **query)
            items += page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return items

    def publish(self, path: str, name: str, document: Any, **body: Any) -> str:
        """Make a definition, publish it, and return its id."""
        made = self.call("POST", path, {"name": name, "document": document})
        tag = f'"{made["version"]}"'
        self.call("POST", f"{path}/{made['id']}/publish", body or {}, If_Match=tag)
        return str(made["id"])


@dataclass(slots=True)
class Browser:
    """A person's browser: it keeps cookies and follows redirects."""

    agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    cookies: dict[str, str] = field(default_factory=dict)

    def open(self, url: str, form: Mapping[str, str] | None = None) -> Answer:
        """Open a page, or send a form to it, and return where the redirects end."""
        method, body = ("POST", urlencode(form).encode()) if form is not None else ("GET", None)
        for _ in range(5):
            headers = {"User-Agent": self.agent, "Accept": "text/html,*/*"}
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            if self.cookies:
                headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            answer = send(method, url, body, headers)
            for cookie in answer.cookies:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            if answer.status not in {301, 302, 303, 307}:
                return answer
            url, method, body = answer.headers["location"], "GET", None
        return answer
