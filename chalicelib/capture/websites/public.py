"""What the pages of websites ask for: their script, and to be heard."""

import re
from http import HTTPStatus
from typing import Any

from chalicelib.capture.websites import collecting, scripts, service
from chalicelib.capture.websites.collecting import Browser
from chalicelib.capture.websites.schemas import Known, Told
from chalicelib.http import FORM, Api, Call, Nothing, Reply, form_of

api = Api(__name__)

SMALL = 4 * 1024
COUNTRY = re.compile(r"[A-Z]{2}")


def browser_of(call: Call[Any]) -> Browser:
    """Return what a request says of its browser. A content network in front of us adds the country."""
    headers, identity = call.headers, call.request.context.get("identity") or {}
    country = headers.get("cloudfront-viewer-country", "")
    return Browser(
        origin=headers.get("origin", ""),
        cookies=headers.get("cookie", ""),
        network=str(identity.get("sourceIp", "")),
        country=country if COUNTRY.fullmatch(country) else "",
        refuses=refuses(call),
    )


def refuses(call: Call[Any]) -> bool:
    """Return whether the browser asks not to be tracked, by Do Not Track or Global Privacy Control."""
    return "1" in {call.headers.get("dnt"), call.headers.get("sec-gpc")}


def from_elsewhere(call: Call[Any]) -> bool:
    """Return whether a page of another site sent this, as far as the browser says so."""
    if site := call.headers.get("sec-fetch-site"):
        return bool(site != "same-origin")
    return call.headers.get("origin", scripts.own_origin()) != scripts.own_origin()


@api.on("GET /w/{website_id}", scope=None)
def show_website_script(_: Call[Nothing], website_id: str) -> Reply:
    """Show the script that a website's pages carry."""
    headers: dict[str, str | list[str]] = {
        "Cache-Control": "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    text = scripts.text(service.served(website_id))
    return Reply(text, content_type="text/javascript; charset=utf-8", headers=headers)


@api.on("POST /w/{website_id}", scope=None, content_types=(FORM,), returns=Known, largest=SMALL)
def tell_of_visit(call: Call[Nothing], website_id: str) -> Reply:
    """Take what a website's script tells."""
    told, browser = Told.model_validate(form_of(call)), browser_of(call)
    visitor = collecting.collect(website_id, told, browser, call.now)
    headers = {"Access-Control-Allow-Origin": browser.origin, "Vary": "Origin", "Cache-Control": "no-store"}
    if visitor is None:
        return Reply("", HTTPStatus.NO_CONTENT, headers=headers)
    return Reply(Known(visitor=visitor), headers=headers)
