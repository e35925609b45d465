"""The local cloud's LinkedIn: a stand-in of its lead sync API, over real HTTP on loopback, with its versions, roles,
pages, throttling and tokens; and what makes it deliver, late, twice or not at all.
"""

import argparse
import hmac
import json
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import Request, urlopen

from infra.local.linkedin_leads import Json, notice

LARGEST_BODY = 1_000_000
MONTHS_OF_A_VERSION = 12


class Refused(Exception):
    """What LinkedIn says no with."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


@dataclass
class LinkedIn:
    """Leads, subscriptions, tokens and roles; safe to use from many threads."""

    client_id: str = "client"
    client_secret: str = "unit-test-client-secret"  # noqa: S105  nobody's
    tokens: dict[str, float] = field(default_factory=lambda: {"token-1": float("inf")})
    refresh_tokens: set[str] = field(default_factory=lambda: {"refresh-1"})
    without_role: set[str] = field(default_factory=set)
    leads: dict[str, Json] = field(default_factory=dict)
    subscriptions: dict[str, Json] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    faults: list[Refused] = field(default_factory=list)
    quota: int | None = None
    retry_after: str = "2"
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, lead: Json) -> Json:
        """Let a member send a form."""
        with self.lock:
            self.leads[lead["id"]] = lead
        return lead

    def refresh(self, form: dict[str, str]) -> Json:
        known = (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)
        if form.get("grant_type") != "refresh_token" or not known or form["refresh_token"] not in self.refresh_tokens:
            raise Refused(400, "invalid_grant")
        with self.lock:
            token = f"token-{len(self.tokens) + 1}"
            self.tokens[token] = time.time() + 60 * 86400
        return {"access_token": token, "expires_in": 60 * 86400, "refresh_token": form["refresh_token"]}

    def check(self, headers: Any) -> None:
        """Refuse what LinkedIn refuses before it looks at what is asked."""
        if self.faults:
            raise self.faults.pop(0)
        if self.quota is not None:
            if self.quota == 0:
                raise Refused(429, "Throttled", **({"Retry-After": self.retry_after} if self.retry_after else {}))
            self.quota -= 1
        token = (headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) < time.time():
            raise Refused(401, "The token is invalid or has expired.")
        if headers.get("X-Restli-Protocol-Version") != "2.0.0":
            raise Refused(400, "Rest.li 2.0.0, please.")
        _check_version(headers.get("LinkedIn-Version") or "")

    def check_role(self, owner: str) -> None:
        if owner in self.without_role:
            raise Refused(403, "Not enough permissions to access: leadFormResponses")

    def found(self, query: dict[str, str]) -> Json:
        """Answer a search: a page of the leads of an owner, of a type, within a stretch of time."""
        owner, type_ = owner_of(query["owner"]), query["leadType"].removeprefix("(leadType:").removesuffix(")")
        self.check_role(owner)
        stretch = re.fullmatch(r"\(start:(\d+),end:(\d+)\)", query["submittedAtTimeRange"])
        if stretch is None:
            raise Refused(400, "submittedAtTimeRange is no complex value.")
        since, until = int(stretch[1]), int(stretch[2])
        with self.lock:
            mine = [
                lead
                for lead in self.leads.values()
                if owner in lead["owner"].values() and lead["leadType"] == type_
                if since <= lead["submittedAt"] < until and lead["id"] not in self.hidden
            ]
        mine.sort(key=lambda lead: (lead["submittedAt"], lead["id"]))
        start, count = int(query.get("start", 0)), int(query.get("count", 10))
        page = [_projected(lead, query.get("fields", "")) for lead in mine[start : start + count]]
        return {"paging": {"start": start, "count": count, "total": len(mine), "links": []}, "elements": page}

    def one(self, identity: str, fields: str) -> Json:
        lead = self.leads.get(identity)
        if lead is None or identity in self.hidden:
            raise Refused(404, "Not found.")
        self.check_role(next(iter(lead["owner"].values())))
        return _projected(lead, fields)

    def form(self, identity: str) -> Json:
        forms = [lead["form"] for lead in self.leads.values() if str(lead["form"]["id"]) == identity]
        if not forms:
            raise Refused(404, "Not found.")
        newest: Json = forms[-1]
        return newest

    def subscribe(self, body: Json) -> str:
        self.check_role(next(iter(body["owner"].values())))
        with self.lock:
            identity = str(4000 + len(self.subscriptions))
            self.subscriptions[identity] = body
        return identity

    # What it tells -------------------------------------------------------------------------------------------------

    def signed(self, told: Any) -> tuple[bytes, str]:
        """Return the body of a delivery and its signature."""
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        return body, hmac.digest(self.client_secret.encode(), b"hmacsha256=" + body, sha256).hex()

    def deliver(self, lead: Json, action: str = "CREATED") -> list[int]:
        """Tell every webhook that is subscribed to a lead's owner; returns their statuses."""
        body, signature = self.signed(notice(lead, action))
        mine = [each for each in self.subscriptions.values() if each["owner"] == lead["owner"]]
        return [_posted(each["webhook"], body, signature) for each in mine if each["leadType"] == lead["leadType"]]


def _check_version(given: str) -> None:
    if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", given):
        raise Refused(400, "A LinkedIn-Version is needed.")
    today = datetime.now(UTC)
    age = (today.year - int(given[:4])) * 12 + today.month - int(given[4:])
    if age > MONTHS_OF_A_VERSION or age < 0:
        raise Refused(426, f"Requested version {given} is not active")


def _posted(url: str, body: bytes, signature: str) -> int:
    headers = {"Content-Type": "application/json", "X-LI-Signature": signature}
    with urlopen(Request(url, body, headers), timeout=10) as answer:  # noqa: S310  our own address
        return int(answer.status)


def _projected(lead: Json, fields: str) -> Json:
    """Return what was asked for: the form only where the projection names it."""
    return lead if "form:(" in fields else {name: value for name, value in lead.items() if name != "form"}


def owner_of(given: str) -> str:
    """Read an owner parameter. Its parentheses are syntax and must have come as such, those of a URN may not."""
    found = re.fullmatch(r"\((?:value:\()?(?:sponsoredAccount|organization):(urn%3Ali%3A\w+%3A\d+)\)*", given)
    if found is None:
        raise Refused(400, f"Invalid query parameters passed to request: {given}")
    return unquote(found[1])


def _raw(query: str) -> dict[str, str]:
    """Return the parameters as they came: Rest.li reads syntax before it decodes."""
    return dict(each.split("=", 1) for each in query.split("&") if "=" in each)


class Handler(BaseHTTPRequestHandler):
    """One HTTP connection."""

    protocol_version = "HTTP/1.1"
    linkedin: LinkedIn

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            return self._reply(413, {}, {})
        body = self.rfile.read(length)
        try:
            status, content, headers = self._answered(body)
        except Refused as refused:
            status, content, headers = (
                refused.status,
                {"message": str(refused), "status": refused.status},
                refused.headers,
            )
        except (KeyError, ValueError) as error:
            status, content, headers = 400, {"message": f"Not understood: {error}"}, {}
        return self._reply(status, content, headers)

    def _answered(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        place = urlsplit(self.path)
        if place.path == "/health":
            return 200, {"status": "up"}, {}
        if place.path == "/oauth/v2/accessToken":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return 200, self.linkedin.refresh(form), {}
        if place.path.startswith("/stand-in/"):
            return 200, CONTROLS[place.path](self.linkedin, json.loads(body)), {}
        self.linkedin.asked.append(f"{self.command} {self.path}")
        self.linkedin.check(self.headers)
        for method, pattern, view in VIEWS:
            found = re.fullmatch(pattern, place.path)
            if method == self.command and found:
                return view(self.linkedin, unquote(found[1]) if found.groups() else "", _raw(place.query), body)
        raise Refused(404, "Not found.")

    def _reply(self, status: int, content: Any, headers: dict[str, str]) -> None:
        raw = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names are the library's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""


Answered = tuple[int, Any, dict[str, str]]
View = Callable[[LinkedIn, str, dict[str, str], bytes], Answered]


def _responses(linkedin: LinkedIn, _: str, query: dict[str, str], __: bytes) -> Answered:
    return 200, linkedin.found(query), {}


def _response(linkedin: LinkedIn, identity: str, query: dict[str, str], _: bytes) -> Answered:
    return 200, linkedin.one(identity, query.get("fields", "")), {}


def _form(linkedin: LinkedIn, identity: str, _: dict[str, str], __: bytes) -> Answered:
    return 200, linkedin.form(identity), {}


def _subscriptions(linkedin: LinkedIn, _: str, query: dict[str, str], __: bytes) -> Answered:
    owner = owner_of(query["owner"])
    linkedin.check_role(owner)
    mine = [{"id": int(i), **each} for i, each in linkedin.subscriptions.items() if owner in each["owner"].values()]
    return 200, {"elements": mine, "paging": {"start": 0, "count": 50, "total": len(mine)}}, {}


def _subscribe(linkedin: LinkedIn, _: str, __: dict[str, str], body: bytes) -> Answered:
    return 201, None, {"x-restli-id": linkedin.subscribe(json.loads(body))}


def _unsubscribe(linkedin: LinkedIn, identity: str, _: dict[str, str], __: bytes) -> Answered:
    linkedin.subscriptions.pop(identity, None)
    return 204, None, {}


VIEWS: list[tuple[str, str, View]] = [
    ("GET", "/rest/leadFormResponses", _responses),
    ("GET", "/rest/leadFormResponses/([^/]+)", _response),
    ("GET", r"/rest/leadForms/(\d+)", _form),
    ("GET", "/rest/leadNotifications", _subscriptions),
    ("POST", "/rest/leadNotifications", _subscribe),
    ("DELETE", r"/rest/leadNotifications/(\d+)", _unsubscribe),
]

CONTROLS: dict[str, Callable[[LinkedIn, Json], Any]] = {
    "/stand-in/leads": lambda linkedin, lead: linkedin.add(lead)["id"],
    "/stand-in/deliveries": lambda linkedin, told: linkedin.deliver(linkedin.leads[told["id"]], told["action"]),
}
"""What a person, or a test of the whole, has it do."""


class Server(ThreadingHTTPServer):
    """Listens on loopback only."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, linkedin: LinkedIn) -> None:
        super().__init__(("127.0.0.1", port), type("LinkedInHandler", (Handler,), {"linkedin": linkedin}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)

    def stop(_: int, __: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    Server(parser.parse_args().port, LinkedIn()).serve_forever()


if __name__ == "__main__":
    main()
