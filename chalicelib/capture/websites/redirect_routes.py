"""Redirect addresses over HTTP: for marketers, and for everybody who follows one."""

from http import HTTPStatus

from chalicelib import web
from chalicelib.capture.websites import redirects
from chalicelib.capture.websites.models import Redirect
from chalicelib.capture.websites.public import browser_of
from chalicelib.capture.websites.schemas import RedirectChange, RedirectView
from chalicelib.errors import NotFound
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing, Reply

api = Api(__name__)

REDIRECTS, REDIRECT = "/redirects", "/redirects/{redirect_id}"
READ, WRITE = "redirects:read", "redirects:write"
FRESH: dict[str, str | list[str]] = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@api.on(f"POST {REDIRECTS}", scope=WRITE, body=RedirectChange, returns=RedirectView, status=HTTPStatus.CREATED)
def create_redirect(call: Call[RedirectChange]) -> RedirectView:
    """Make an address of ours that leads elsewhere and counts who follows it."""
    return _view(redirects.create(call.new_id, call.body.model_dump(mode="json"), call.now))


@api.on(f"GET {REDIRECTS}", scope=READ, query=ListQuery, returns=Listing[RedirectView])
def list_redirects(call: Call[Nothing]) -> Listing[RedirectView]:
    """List redirects, latest first."""
    return Listing[RedirectView].of(redirects.all_of_them(call.query.asked), _view)


@api.on(f"GET {REDIRECT}", scope=READ, returns=RedirectView)
def show_redirect(_: Call[Nothing], redirect_id: str) -> RedirectView:
    """Show a redirect."""
    return _view(redirects.find(redirect_id))


@api.on(f"PUT {REDIRECT}", scope=WRITE, body=RedirectChange, returns=RedirectView)
def change_redirect(call: Call[RedirectChange], redirect_id: str) -> RedirectView:
    """Change where a redirect leads; send If-Match."""
    return _view(redirects.amend(redirect_id, call.body.model_dump(mode="json"), call.version))


@api.on(f"DELETE {REDIRECT}", scope=WRITE)
def delete_redirect(call: Call[Nothing], redirect_id: str) -> None:
    """Remove a redirect; send If-Match."""
    redirects.remove(redirect_id, call.version)


@api.on("GET /r/{redirect_id}", scope=None)
def follow_redirect(call: Call[Nothing], redirect_id: str) -> Reply:
    """Lead on to where a redirect leads."""
    try:
        return _on(redirects.follow(redirect_id, browser_of(call), call.now))
    except NotFound as error:
        return web.message("There is nothing here", str(error), HTTPStatus.NOT_FOUND)


@api.on("HEAD /r/{redirect_id}", scope=None)
def look_at_redirect(_: Call[Nothing], redirect_id: str) -> Reply:
    """Say where a redirect leads; nothing is recorded."""
    try:
        return _on(str(redirects.find(redirect_id, consistent=False).url))
    except NotFound as error:
        return web.message("There is nothing here", str(error), HTTPStatus.NOT_FOUND)


def _on(url: str) -> Reply:
    return Reply(status=HTTPStatus.FOUND, headers={**FRESH, "Location": url})


def _view(redirect: Redirect) -> RedirectView:
    return RedirectView(
        id=redirect.redirect_id,
        name=redirect.name,
        url=redirect.url,
        address=web.url(f"/r/{redirect.redirect_id}"),
        created_at=redirect.created_at,
        version=redirect.version,
    )
