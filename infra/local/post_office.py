"""The local cloud's post office: speaks SES v2, keeps the mail, publishes its events, and shows a readable inbox."""

import argparse
import html
import json
import queue
import re
import signal
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.letters import BadRequest, Json, Letter, letter_from, links_and_images
from infra.local.mail_events import ACCOUNT, REGION, Outcome, events_of, is_infected, outcome_at, stamp

KEPT = 10_000
LARGEST_BODY = 40_000_000
DAILY_QUOTA = 1_000_000.0
SUBJECT = "Amazon SES Email Event Notification"


class Refused(Exception):
    """An error of SES: its name, its status and its message."""

    def __init__(self, name: str, status: int, message: str) -> None:
        super().__init__(message)
        self.name, self.status = name, status


class Rate:
    """A bucket of tokens: at most `per_second` messages a second, as many at once."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self._clock = clock
        self._tokens, self._at = max(per_second, 1.0), clock()
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Take tokens for so many recipients, or none at all."""
        with self._lock:
            now = self._clock()
            full = max(self.per_second, 1.0)
            self._tokens = min(full, self._tokens + (now - self._at) * self.per_second)
            self._at = now
            if self._tokens < min(count, full):
                return False
            self._tokens -= count
            return True


class Publisher:
    """Hands events to the configuration set's topic, in order, on a thread of its own."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[str, Json]] = queue.Queue(maxsize=100_000)
        self._sns: Any = boto3.client("sns", region_name=REGION)
        threading.Thread(target=self._run, daemon=True).start()

    def __call__(self, configuration_set: str, event: Json) -> None:
        self._waiting.put((configuration_set, event))

    def _run(self) -> None:
        while True:
            configuration_set, event = self._waiting.get()
            topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{configuration_set}-email-events"
            try:
                self._sns.publish(TopicArn=topic, Subject=SUBJECT, Message=json.dumps(event))
            except (ClientError, BotoCoreError) as error:
                print(f"{event['eventType']} was not published: {error}", file=sys.stderr, flush=True)


class PostOffice:
    """The letters, the suppression list and the rate; safe to use from many threads."""

    def __init__(self, publish: Callable[[str, Json], None], rate: float, kept: int = KEPT) -> None:
        self.rate = Rate(rate)
        self._publish = publish
        self._kept = kept
        self._letters: OrderedDict[str, Letter] = OrderedDict()
        self._suppressed: dict[str, Json] = {}
        self._sent = 0
        self._lock = threading.Lock()

    def send(self, request: Json) -> Json:
        try:
            letter = letter_from(request)
        except BadRequest as error:
            raise Refused("BadRequestException", 400, str(error)) from error
        if not self.rate.take(len(letter.recipients)):
            raise Refused("TooManyRequestsException", 429, "Maximum sending rate exceeded.")
        letter = replace(letter, outcomes=self._outcomes(letter))
        with self._lock:
            self._sent += len(letter.recipients)
            self._letters[letter.id] = letter
            while len(self._letters) > self._kept:
                self._letters.popitem(last=False)
        if letter.configuration_set:
            for event in events_of(letter):
                self._publish(letter.configuration_set, event)
        return {"MessageId": letter.id}

    def _outcomes(self, letter: Letter) -> dict[str, str]:
        if is_infected(letter):
            return dict.fromkeys(letter.recipients, Outcome.REJECTED)
        with self._lock:
            outcomes = {address: outcome_at(address, self._suppressed) for address in letter.recipients}
        reasons = {Outcome.BOUNCED: "BOUNCE", Outcome.COMPLAINED: "COMPLAINT"}
        for address, outcome in outcomes.items():
            # SES puts them on the account's list itself, but not its simulator's mailboxes.
            if outcome in reasons and not address.lower().endswith("@simulator.amazonses.com"):
                self.suppress({"EmailAddress": address, "Reason": reasons[outcome]})
        return dict(outcomes)

    def account(self) -> Json:
        quota = {
            "Max24HourSend": DAILY_QUOTA,
            "MaxSendRate": self.rate.per_second,
            "SentLast24Hours": float(self._sent),
        }
        healthy = {"EnforcementStatus": "HEALTHY", "ProductionAccessEnabled": True, "SendingEnabled": True}
        return {"SendQuota": quota, "DedicatedIpAutoWarmupEnabled": False, **healthy}

    def suppress(self, request: Json) -> Json:
        address, reason = str(request.get("EmailAddress") or ""), request.get("Reason")
        if "@" not in address or reason not in {"BOUNCE", "COMPLAINT"}:
            raise Refused("BadRequestException", 400, "An address and a reason, BOUNCE or COMPLAINT, are needed.")
        row = {"EmailAddress": address, "Reason": reason, "LastUpdateTime": time.time()}
        with self._lock:
            self._suppressed[address.lower()] = row
        return {}

    def _suppression(self, address: str) -> Json:
        with self._lock:
            row = self._suppressed.get(address.lower())
        if row is None:
            raise Refused("NotFoundException", 404, f"Email address {address} does not exist on your suppression list.")
        return row

    def suppression(self, address: str) -> Json:
        return {"SuppressedDestination": self._suppression(address)}

    def unsuppress(self, address: str) -> Json:
        self._suppression(address)
        with self._lock:
            self._suppressed.pop(address.lower(), None)
        return {}

    def suppressions(self, query: dict[str, list[str]]) -> Json:
        size, start = int(query.get("PageSize", ["100"])[0]), int(query.get("NextToken", ["0"])[0])
        reasons = query.get("Reason", ["BOUNCE", "COMPLAINT"])
        with self._lock:
            rows = [row for row in self._suppressed.values() if row["Reason"] in reasons]
        more = {"NextToken": str(start + size)} if start + size < len(rows) else {}
        return {"SuppressedDestinationSummaries": rows[start : start + size], **more}

    def letter(self, letter_id: str) -> Letter:
        with self._lock:
            found = self._letters.get(letter_id)
        if found is None:
            raise Refused("NotFoundException", 404, "There is no such message.")
        return found

    def letters(self, to: str = "") -> list[Letter]:
        """The letters in the order they came, all or those to one address."""
        with self._lock:
            every = list(self._letters.values())
        return [one for one in every if not to or to.lower() in {address.lower() for address in one.recipients}]

    def clear(self) -> None:
        with self._lock:
            self._letters.clear()


def as_json(letter: Letter) -> Json:
    """A letter as tests and the demo read it."""
    body = letter.body("html")
    links, images = links_and_images(body)
    return {
        "id": letter.id,
        "at": stamp(letter.at),
        "from": letter.sender,
        "to": list(letter.recipients),
        "outcomes": {address: str(outcome) for address, outcome in letter.outcomes.items()},
        "subject": letter.subject,
        "headers": dict(letter.headers()),
        "tags": {name: values[0] for name, values in letter.tags.items()},
        "html": body,
        "text": letter.body("plain"),
        "links": links,
        "images": images,
    }


STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d0d7de;
vertical-align:top;overflow-wrap:anywhere}pre{white-space:pre-wrap}iframe{width:100%;height:34rem;border:0}
.delivered{color:#1a7f37}.bounced,.soft-bounced,.complained,.suppressed,.rejected{color:#b3261e}"""
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'"
# The message's own HTML: no script, no forms, nothing of this origin; images as a mail program would load them.
BODY_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src http: https: data:; style-src 'unsafe-inline'"
)


def _page(title: str, body: str) -> str:
    escaped = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escaped}</title><style>{STYLE}</style><h1>{escaped}</h1>{body}</html>"
    )


def _row(letter: Letter) -> str:
    outcomes = "".join(
        f'<div class="{html.escape(outcome)}">{html.escape(address)}: {html.escape(outcome)}</div>'
        for address, outcome in letter.outcomes.items()
    )
    subject = html.escape(letter.subject) or "(no subject)"
    return (
        f'<tr><td>{stamp(letter.at)[11:19]}</td><td><a href="/messages/{letter.id}">{subject}</a></td>'
        f"<td>{html.escape(letter.sender)}</td><td>{outcomes}</td></tr>"
    )


def inbox_page(letters: list[Letter], to: str) -> str:
    shown = list(reversed(letters))[:500]
    form = (
        f'<form action="/"><label>To <input name="to" type="email" value="{html.escape(to)}"></label> '
        f"<button>Show</button></form><p>{len(letters)} messages, the newest {len(shown)} shown.</p>"
    )
    head = "<tr><th>Time (UTC)</th><th>Subject</th><th>From</th><th>To</th></tr>"
    return _page("Local inbox", f"{form}<table>{head}{''.join(map(_row, shown))}</table>")


def message_page(letter: Letter) -> str:
    def table(pairs: list[tuple[str, str]]) -> str:
        rows = (f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in pairs)
        return f"<table>{''.join(rows)}</table>"

    tags = [(name, ", ".join(values)) for name, values in letter.tags.items()]
    frame = (
        f'<iframe title="The message as HTML" src="/messages/{letter.id}/body" '
        f'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )
    text = f"<h2>As text</h2><pre>{html.escape(letter.body('plain'))}</pre>"
    links = f'<p><a href="/">Inbox</a> · <a href="/messages/{letter.id}/raw">Source</a></p>'
    return _page(
        letter.subject or "(no subject)",
        f"{links}{frame}{text}<h2>Headers</h2>{table(letter.headers())}<h2>Tags</h2>{table(tags)}",
    )


class Answer:
    """What goes back over HTTP."""

    def __init__(self, body: str | bytes | Json | list[Json], kind: str = "application/json", policy: str = "") -> None:
        encoded = body if isinstance(body, str | bytes) else json.dumps(body)
        self.body = encoded.encode() if isinstance(encoded, str) else encoded
        self.kind, self.policy = kind, policy


def html_answer(text: str, policy: str = PAGE_POLICY) -> Answer:
    return Answer(text, "text/html; charset=utf-8", policy)


class Request:
    """What came over HTTP."""

    def __init__(self, path: str, body: bytes) -> None:
        split = urlsplit(path)
        self.path, self.query = split.path, parse_qs(split.query)
        self._body = body

    def json(self) -> Json:
        try:
            parsed = json.loads(self._body or b"{}")
        except ValueError as error:
            raise Refused("BadRequestException", 400, "The body is not JSON.") from error
        if not isinstance(parsed, dict):
            raise Refused("BadRequestException", 400, "The body is no object.")
        return parsed

    @property
    def to(self) -> str:
        return self.query.get("to", [""])[0]


View = Callable[[PostOffice, Request, str], Answer]


def _body_view(office: PostOffice, _: Request, letter_id: str) -> Answer:
    letter = office.letter(letter_id)
    shown = letter.body("html") or f"<pre>{html.escape(letter.body('plain'))}</pre>"
    return html_answer(f'<!doctype html><base target="_blank">{shown}', BODY_POLICY)


def _raw_view(office: PostOffice, _: Request, letter_id: str) -> Answer:
    return Answer(office.letter(letter_id).mime.as_bytes(), "text/plain; charset=utf-8")


def _clear(office: PostOffice, _: Request, __: str) -> Answer:
    office.clear()
    return Answer({})


def _set_rate(office: PostOffice, request: Request, _: str) -> Answer:
    office.rate = Rate(float(request.json().get("rate", office.rate.per_second)))
    return Answer({"rate": office.rate.per_second})


SUPPRESSIONS = "/v2/email/suppression/addresses"
ROUTES: list[tuple[str, str, View]] = [
    ("POST", "/v2/email/outbound-emails", lambda office, request, _: Answer(office.send(request.json()))),
    ("GET", "/v2/email/account", lambda office, _, __: Answer(office.account())),
    ("PUT", SUPPRESSIONS, lambda office, request, _: Answer(office.suppress(request.json()))),
    ("GET", SUPPRESSIONS, lambda office, request, _: Answer(office.suppressions(request.query))),
    ("GET", SUPPRESSIONS + "/([^/]+)", lambda office, _, address: Answer(office.suppression(unquote(address)))),
    ("DELETE", SUPPRESSIONS + "/([^/]+)", lambda office, _, address: Answer(office.unsuppress(unquote(address)))),
    ("GET", "/health", lambda _, __, ___: Answer({"status": "up"})),
    ("GET", "/", lambda office, request, _: html_answer(inbox_page(office.letters(request.to), request.to))),
    ("GET", "/messages", lambda office, request, _: Answer([as_json(one) for one in office.letters(request.to)])),
    ("DELETE", "/messages", _clear),
    ("PUT", "/rate", _set_rate),
    ("GET", "/messages/([0-9a-f-]+)", lambda office, _, one: html_answer(message_page(office.letter(one)))),
    ("GET", "/messages/([0-9a-f-]+)/body", _body_view),
    ("GET", "/messages/([0-9a-f-]+)/raw", _raw_view),
]


def answer(office: PostOffice, method: str, request: Request) -> Answer:
    for verb, pattern, view in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if verb == method and found:
            return view(office, request, found[1] if found.groups() else "")
    raise Refused("UnknownOperationException", 404, "The post office does not know this operation.")


class Handler(BaseHTTPRequestHandler):
    """One HTTP connection."""

    protocol_version = "HTTP/1.1"
    office: PostOffice

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        # A page elsewhere must not read the mail through a name that resolves to this machine.
        host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host")
        if length > LARGEST_BODY or host not in {"127.0.0.1", "localhost"}:
            self.close_connection = True
            self._reply(HTTPStatus.FORBIDDEN, Answer({"message": "Refused."}), {})
            return
        request = Request(self.path, self.rfile.read(length))
        try:
            self._reply(HTTPStatus.OK, answer(self.office, self.command, request), {})
        except Refused as refused:
            self._reply(refused.status, Answer({"message": str(refused)}), {"x-amzn-ErrorType": refused.name})

    def _reply(self, status: int, reply: Answer, headers: dict[str, str]) -> None:
        self.send_response(status)
        policy = {"Content-Security-Policy": reply.policy} if reply.policy else {}
        safe = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        size = {"Content-Type": reply.kind, "Content-Length": str(len(reply.body))}
        for name, value in {**size, **policy, **safe, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names are the library's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Say nothing: addresses would stand in the log."""


class Server(ThreadingHTTPServer):
    """Listens on loopback only."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, office: PostOffice) -> None:
        handler = type("OfficeHandler", (Handler,), {"office": office})
        super().__init__(("127.0.0.1", port), handler)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, default=200.0, help="messages a second")
    arguments = parser.parse_args()

    def stop(_: int, __: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    server = Server(arguments.port, PostOffice(Publisher(), arguments.rate))
    print(f"The post office opened at {datetime.now(UTC):%H:%M:%S}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
