"""The routes that recipients' mail programs and browsers call: tracking, subscription centre, one-click."""

from base64 import b64decode
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from http import HTTPStatus
from typing import Any

from msgspec.structs import replace

from chalicelib.clock import new_id
from chalicelib.errors import Invalid, NotFound, Unavailable
from chalicelib.http import FORM, MULTIPART, Api, Call, Nothing, Reply, form_of
from chalicelib.interactions import visitors
from chalicelib.messages import centre, choosing, chosen, pointed, preferring, remembering, tracking, words
from chalicelib.messages.optin import words as confirmations
from chalicelib.messages.pages import page
from chalicelib.settings import settings

api = Api(__name__)

GIF = b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
SMALL = 8 * 1024
FRESH: dict[str, str | list[str]] = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def _agent(call: Call[Any]) -> str:
    return str(call.headers.get("user-agent") or "")


def _redirect(url: str | None) -> Reply:
    if url is None:
        return Reply(status=HTTPStatus.NO_CONTENT, headers=FRESH)
    return Reply(status=HTTPStatus.FOUND, headers={**FRESH, "Location": url})


@api.on("GET /t/{token}", scope=None)
def follow_link(call: Call[Nothing], token: str) -> Reply:
    """Follow a tracked link."""
    return kindly(lambda: _redirect(tracking.follow(token, new_id(), _agent(call), call.now)))


@api.on("HEAD /t/{token}", scope=None)
def look_at_link(_: Call[Nothing], token: str) -> Reply:
    """Say where a tracked link leads; nothing is recorded."""
    return kindly(lambda: _redirect(tracking.destination(token)))


@api.on("GET /o/{token}", scope=None)
def note_open(call: Call[Nothing], token: str) -> Reply:
    """Show the pixel of a message."""
    tracking.opened(token, new_id(), _agent(call), call.now)
    return Reply(GIF, content_type="image/gif", headers=FRESH)


@api.on("HEAD /o/{token}", scope=None)
def look_at_pixel(_: Call[Nothing], token: str) -> Reply:  # noqa: ARG001  whoever only looks has opened nothing
    """Say that there is a pixel; nothing is recorded."""
    return Reply(b"", content_type="image/gif", headers=FRESH)


@api.on("GET /subscriptions/{token}", scope=None)
def show_subscription_centre(_: Call[Nothing], token: str) -> Reply:
    """Show what the recipient of a message allows."""
    return kindly(lambda: _centre(token))


@api.on("GET /subscriptions", scope=None)
def show_own_subscription_centre(call: Call[Nothing]) -> Reply:
    """Show the centre to a browser that was there by a personal link before (SBC-5)."""
    return kindly(lambda: _own(call))


@api.on("POST /subscriptions/{token}", scope=None, content_types=(FORM,), largest=4 * SMALL)
def submit_subscription_centre(call: Call[Nothing], token: str) -> Reply:
    """Save what the recipient of a message chose."""

    def saved() -> Reply:
        send = centre.behind(token)
        if send is not None and pointed.relied_on(send) is not None:
            ticked = preferring.read(form_of(call))
            return _preferences(token, preferring.save(send, ticked, call.new_id, call.now), saved=True)
        visitor_id = visitors.of_cookies(call.headers.get("cookie", ""))
        found = choosing.submit(token, call.new_id, call.now, chosen.read(form_of(call)), visitor_id)
        return _shown(token, found, saved=not found.wrong)

    return kindly(saved)


@api.on("GET /unsubscribe/{token}", scope=None)
def show_unsubscribe(_: Call[Nothing], token: str) -> Reply:
    """Show the subscription centre; nothing changes, for scanners open links too (invariant 10)."""
    return kindly(lambda: _centre(token))


@api.on("POST /unsubscribe/{token}", scope=None, content_types=(FORM, MULTIPART), largest=SMALL)
def unsubscribe(call: Call[Nothing], token: str) -> Reply:
    """Unsubscribe with one click, as mail programs do it (RFC 8058)."""
    if _fields(call).get("List-Unsubscribe") != "One-Click":
        raise Invalid("The body must be List-Unsubscribe=One-Click.")
    centre.unsubscribe(token, call.now)
    return Reply("You are unsubscribed.", content_type="text/plain; charset=utf-8", headers=FRESH)


def _fields(call: Call[Any]) -> dict[str, Any]:
    kind = str(call.headers.get("content-type") or FORM)
    if not kind.lower().startswith(MULTIPART):
        return dict(form_of(call))
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + call.raw)
    parts = message.iter_parts() if message.is_multipart() else ()
    return {str(part.get_param("name", header="content-disposition")): _content(part) for part in parts}


def _content(part: Any) -> str:
    """Return what a part says, whatever it says of its own encoding; one that has parts itself says nothing."""
    raw: bytes | None = part.get_payload(decode=True)
    return (raw or b"").decode("utf-8", "replace").strip()


def _centre(token: str) -> Reply:
    """Show the subscription centre, or of a message that names a compliance profile what that offers."""
    send = centre.behind(token)
    if send is None or pointed.relied_on(send) is None:
        return _shown(token, centre.of_send(send))
    found = preferring.show(send)
    return _redirect(found.external) if found.external else _preferences(token, found)


def _preferences(token: str, found: preferring.Preferring, *, saved: bool = False) -> Reply:
    return page(
        "preferences.html",
        action=f"{settings.public_url}/subscriptions/{token}",
        language=found.language,
        words=words.of(found.language),
        shown=found,
        saved=saved,
    )


def _own(call: Call[Any]) -> Reply:
    token = remembering.token_in(call.headers.get("cookie") or "")
    found = centre.show(token) if token else None
    if found is None or found.contact_id is None:
        raise Invalid("Open this page by the link in one of our messages: only that tells us who you are.")
    return _shown(token, found)


def _shown(token: str, found: centre.Centre, *, saved: bool = False) -> Reply:
    shown = page(
        "centre.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if found.wrong else HTTPStatus.OK,
        action=f"{settings.public_url}/subscriptions/{token}",
        language=found.language,
        words=words.of(found.language),
        look=confirmations.of(found.language).look,
        centre=found,
        saved=saved,
    )
    if found.contact_id is None:
        return shown
    return replace(shown, headers={**shown.headers, "Set-Cookie": remembering.cookie(token)})


def kindly(use: Callable[[], Reply]) -> Reply:
    """Answer a person whose link is broken or gone with a page, not with JSON (SBC-5)."""
    try:
        return use()
    except Invalid as error:
        title, status = "We cannot tell whose link this is, or who you are", HTTPStatus.BAD_REQUEST
        return page("notice.html", status, title=title, text=str(error))
    except Unavailable as error:
        return page("notice.html", HTTPStatus.SERVICE_UNAVAILABLE, title="Not just now", text=str(error))
    except NotFound as error:
        return page("notice.html", HTTPStatus.NOT_FOUND, title="There is nothing here any more", text=str(error))
