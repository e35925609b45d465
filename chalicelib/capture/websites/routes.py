"""Websites over HTTP, for marketers."""

from http import HTTPStatus

from chalicelib.capture.websites import scripts, service
from chalicelib.capture.websites.models import Website
from chalicelib.capture.websites.schemas import WebsiteChange, WebsiteView, banner_of
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing

api = Api(__name__)

WEBSITES, WEBSITE = "/websites", "/websites/{website_id}"
READ, WRITE = "websites:read", "websites:write"


@api.on(f"POST {WEBSITES}", scope=WRITE, body=WebsiteChange, returns=WebsiteView, status=HTTPStatus.CREATED)
def create_website(call: Call[WebsiteChange]) -> WebsiteView:
    """Make a website; its script goes into each of its pages."""
    return _view(service.create(call.new_id, call.body.model_dump(mode="json"), call.now))


@api.on(f"GET {WEBSITES}", scope=READ, query=ListQuery, returns=Listing[WebsiteView])
def list_websites(call: Call[Nothing]) -> Listing[WebsiteView]:
    """List websites, latest first; those of pages of ours are among them."""
    return Listing[WebsiteView].of(service.all_of_them(call.query.asked), _view)


@api.on(f"GET {WEBSITE}", scope=READ, returns=WebsiteView)
def show_website(_: Call[Nothing], website_id: str) -> WebsiteView:
    """Show a website."""
    return _view(service.find(website_id))


@api.on(f"PUT {WEBSITE}", scope=WRITE, body=WebsiteChange, returns=WebsiteView)
def change_website(call: Call[WebsiteChange], website_id: str) -> WebsiteView:
    """Change a website; send If-Match. Its pages notice within five minutes."""
    return _view(service.amend(website_id, call.body.model_dump(mode="json"), call.version))


@api.on(f"DELETE {WEBSITE}", scope=WRITE)
def delete_website(call: Call[Nothing], website_id: str) -> None:
    """Remove a website; its script tells nothing any more. Send If-Match."""
    service.remove(website_id, call.version)


def _view(site: Website) -> WebsiteView:
    return WebsiteView(
        id=site.website_id,
        name=site.name,
        url=site.url,
        origins=site.origins,
        session_minutes=site.session_minutes,
        asks_first=site.asks_first,
        anonymize=site.anonymize,
        parameters=site.parameters,
        banner=banner_of(site.banner),
        page_id=site.page_id,
        script=scripts.tag(site.website_id),
        created_at=site.created_at,
        version=site.version,
    )
