"""The page behind the link of a confirmation: looking at it changes nothing, its button confirms (DOI-3)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from chalicelib.capture import confirming
from chalicelib.http import FORM, Api, Call, Nothing, Reply
from chalicelib.messages.optin import links, words
from chalicelib.messages.optin.models import Confirmation
from chalicelib.messages.optin.rules import VALID_DAYS, Outcome
from chalicelib.messages.pages import page
from chalicelib.messages.public import kindly
from chalicelib.messages.words import DEFAULT
from chalicelib.settings import settings as deployed

api = Api(__name__)

SMALL = 8 * 1024
STATUSES: Mapping[Outcome, HTTPStatus] = {
    Outcome.OPEN: HTTPStatus.OK,
    Outcome.CONFIRMED: HTTPStatus.OK,
    Outcome.LATE: HTTPStatus.GONE,
    Outcome.GONE: HTTPStatus.NOT_FOUND,
    Outcome.MOVED: HTTPStatus.CONFLICT,
    Outcome.WITHDRAWN: HTTPStatus.CONFLICT,
    Outcome.CLOSED: HTTPStatus.CONFLICT,
}


@api.on("GET /confirm/{token}", scope=None)
def show_confirmation(call: Call[Nothing], token: str) -> Reply:
    """Show what a link confirms; scanners look as well, so nothing changes (invariant 10)."""
    return kindly(lambda: _shown(call, token))


@api.on("POST /confirm/{token}", scope=None, content_types=(FORM,), largest=SMALL)
def confirm(call: Call[Nothing], token: str) -> Reply:
    """Confirm what was asked for, and lead on to where the organisation thanks for it."""
    return kindly(lambda: _confirmed(call, token))


def _shown(call: Call[Any], token: str) -> Reply:
    row, outcome = _found(call, token)
    if row is None or outcome is not Outcome.OPEN:
        return _told(row, outcome)
    shown = page(
        "confirm.html",
        language=row.language,
        words=words.of(row.language),
        asked=confirming.asked(row),
        action=f"{deployed.public_url}/confirm/{token}",
    )
    return _leading(shown, confirming.thanks(row))


def _found(call: Call[Any], token: str) -> tuple[Confirmation | None, Outcome]:
    named = links.read(token)
    row = links.find(named)
    if named.late(row, call.now) and (row is None or row.confirmed_at is None):
        return row, Outcome.LATE
    return (row, confirming.judge(row)) if row is not None else (None, Outcome.GONE)


def _confirmed(call: Call[Any], token: str) -> Reply:
    row, outcome = _found(call, token)
    if row is not None and outcome is Outcome.OPEN:
        outcome = confirming.confirm(row, call.now)
    onward = confirming.thanks(row) if row is not None and outcome is Outcome.CONFIRMED else None
    if onward is not None:
        return Reply("", HTTPStatus.SEE_OTHER, headers={"Location": onward, "Referrer-Policy": "no-referrer"})
    return _told(row, outcome)


def _told(row: Confirmation | None, outcome: Outcome) -> Reply:
    language = row.language if row is not None else DEFAULT
    days = row.valid_days if row is not None and row.valid_days else VALID_DAYS
    title, text = words.told(language, outcome, days)
    return page("notice.html", STATUSES[outcome], language=language, title=title, text=text)


def _leading(reply: Reply, onward: str | None) -> Reply:
    """Let the page's form end where it leads on to: browsers hold a redirect to form-action as well."""
    if onward is None:
        return reply
    parts = urlsplit(onward)
    policy = str(reply.headers["Content-Security-Policy"])
    allowed = policy.replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")
    return replace(reply, headers={**reply.headers, "Content-Security-Policy": allowed})
