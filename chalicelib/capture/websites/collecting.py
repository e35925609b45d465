"""The use case of the script: take what a visitor did on a page of a registered website, or leave it."""

from datetime import datetime

from msgspec import Struct

from chalicelib.capture import visiting
from chalicelib.capture.websites import pace, scripts, service, webpages
from chalicelib.capture.websites.addresses import campaign_of, cut, host_of
from chalicelib.capture.websites.models import Website
from chalicelib.capture.websites.schemas import Told
from chalicelib.clock import digest, new_id
from chalicelib.conditions.sources import Identity
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.errors import Forbidden
from chalicelib.interactions import plans as interactions
from chalicelib.interactions import visitors
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.interactions.visitors import Personal

TYPES = {"visit": InteractionType.WEBSITE_VISITED, "click": InteractionType.WEBSITE_CLICKED}


class Browser(Struct, frozen=True):
    """What a request says besides its body: where it comes from, and whether it asks not to be tracked."""

    origin: str = ""
    cookies: str = ""
    network: str = ""
    country: str = ""
    refuses: bool = False


class Visit(Struct, frozen=True):
    """Whose visit it is."""

    visitor_id: str
    fresh: bool
    personal: Personal
    who: Identity | None = None
    bound: bool = False


def collect(website_id: str, told: Told, browser: Browser, now: datetime) -> str | None:
    """Record what the script tells, once, and return the token of a visitor that is met first.

    Nothing is recorded or set for who refuses it: by the browser, by the banner, as a contact; nor where the website
    anonymizes or has to ask first. Raises NotFound, Forbidden for pages that are not registered, TooMany.
    """
    site = service.served(website_id)
    _require_origin(site, browser.origin)
    if browser.refuses or site.anonymize or (site.asks_first and not told.allowed):
        return None
    visit = _visit(site, told, browser)
    if visit.fresh and site.page_id is not None:
        return None  # our own page would have set the cookie, had it been allowed
    if visit.who is not None and not consent.of_person(visit.who).tracking:
        return None  # PRV-12
    _record(site, told, visit, browser, now)
    if visit.who is not None and not visit.bound:
        visiting.bind(visit.visitor_id, visit.who.id, now)
    return visitors.token_of(visit.visitor_id) if visit.fresh else None


def _require_origin(site: Website, origin: str) -> None:
    ours = site.page_id is not None and origin == scripts.own_origin()
    if not ours and origin not in site.origins:
        raise Forbidden("Pages of this origin tell nothing here. Add the origin to the website.")


def _visit(site: Website, told: Told, browser: Browser) -> Visit:
    """Return whose visit it is: by a message's link, by the browser (EML-29: whoever the message was for)."""
    known = visitors.of_cookies(browser.cookies) if site.page_id is not None else visitors.of_token(told.visitor)
    personal, visitor_id = Personal.of(told.personal), known or new_id()
    bound = visiting.contact_of(visitor_id) if known else None
    found = contacts.who_are(each for each in (personal.contact_id, bound) if each)
    return Visit(visitor_id, known is None, personal, found[0] if found else None, bound is not None)


def _record(site: Website, told: Told, visit: Visit, browser: Browser, now: datetime) -> None:
    """Record it with the step of the visitor's pace, in one transaction; a repeat is done already."""
    step = pace.step(None if visit.fresh else visit.visitor_id, browser.network, told.event, now)
    new = _interaction(site, told, visit, browser, now)
    try:
        commit([step], interactions.record(new, now) if new is not None else [])
    except ConditionFailed as failed:
        if said := pace.refused(failed, told.event):
            raise said from failed


def _interaction(site: Website, told: Told, visit: Visit, browser: Browser, now: datetime) -> NewInteraction | None:
    type_, url = TYPES.get(told.kind), cut(told.url, site.parameters)
    if type_ is None or not url:
        return None
    attributes = {
        "website_id": site.website_id,
        "page_id": site.page_id,
        "web_page": webpages.number_of(site.website_id, url),
        "url": url,
        "link": cut(told.link, site.parameters) if told.kind == "click" else "",
        "referrer": host_of(told.referrer),
        "session_id": told.session,
        "country": browser.country,
        "journey_id": visit.personal.journey_id,
        "email_id": visit.personal.email_id,
        **campaign_of(url),
    }
    return NewInteraction(
        type=type_,
        at=now,
        source="website",
        source_event=digest(visit.visitor_id, told.event),
        contact_id=visit.who.id if visit.who is not None else None,
        visitor_id=visit.visitor_id,
        attributes=attributes,
    )
