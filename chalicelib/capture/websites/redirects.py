"""Use cases: addresses of ours that lead elsewhere, and who follows them (WEB-2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.capture import visiting
from chalicelib.capture.models import CaptureItem
from chalicelib.capture.websites import pace
from chalicelib.capture.websites.addresses import campaign_of, cut
from chalicelib.capture.websites.collecting import Browser
from chalicelib.capture.websites.models import LISTED_REDIRECTS, Redirect
from chalicelib.clock import new_id
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, commit, delete, put_changed, put_new
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.interactions import plans as interactions
from chalicelib.interactions import visitors
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.lists import Asked, Page, page, partitions


def create(redirect_id: str, values: Mapping[str, Any], now: datetime) -> Redirect:
    """Make a redirect. The same id again returns what it made the first time."""
    redirect = Redirect(*Redirect.at(redirect_id), redirect_id=redirect_id, created_at=now, **values)
    redirect.list_as(now)
    try:
        commit([put_new(redirect, refused=Conflict("made already"))])
    except Conflict:
        return find(redirect_id)
    return redirect


def find(redirect_id: str, *, consistent: bool = True) -> Redirect:
    """Return a redirect. Raises NotFound."""
    redirect = Redirect.find(*Redirect.at(redirect_id), consistent=consistent)
    if redirect is None:
        raise NotFound("There is no such address.")
    return redirect


def all_of_them(asked: Asked) -> Page[Redirect]:
    """Return redirects, latest first."""
    return page(CaptureItem.by_form, partitions(LISTED_REDIRECTS), asked, newest_first=True, kind=Redirect)


def amend(redirect_id: str, values: Mapping[str, Any], version: int) -> Redirect:
    """Change where a redirect leads, or its name. Raises NotFound, Stale."""
    redirect = _read(redirect_id, version)
    for name, value in values.items():
        setattr(redirect, name, value)
    commit([put_changed(redirect)])
    return redirect


def remove(redirect_id: str, version: int) -> None:
    """Remove a redirect; its address leads nowhere any more. Raises NotFound, Stale."""
    redirect = _read(redirect_id, version)
    commit([delete(redirect.key, Redirect.version == version, refused=Stale("It has changed meanwhile."))])


def _read(redirect_id: str, version: int) -> Redirect:
    redirect = find(redirect_id)
    if redirect.version != version:
        raise Stale("The redirect has changed since you read it. Read it again and repeat the change.")
    return redirect


# Who follows it ----------------------------------------------------------------------------------------------------


def follow(redirect_id: str, browser: Browser, now: datetime) -> str:
    """Record that somebody followed it, and return where it leads. Raises NotFound.

    Whoever has no cookie of ours counts as somebody unknown, and none is set: nobody was asked. Whoever refuses to be
    tracked, and whoever follows it more often than people do, is led on and not counted.
    """
    redirect = find(redirect_id, consistent=False)
    known = visitors.of_cookies(browser.cookies)
    new = None if browser.refuses else _followed(redirect, known, browser, now)
    if new is not None:
        step = pace.step(known, browser.network, new.source_event, now)
        try:
            commit([step], interactions.record(new, now))
        except ConditionFailed as failed:
            pace.refused(failed, new.source_event)
    return str(redirect.url)


def _followed(redirect: Redirect, known: str | None, browser: Browser, now: datetime) -> NewInteraction | None:
    bound = visiting.contact_of(known) if known else None
    who = next(iter(contacts.who_are([bound] if bound else ())), None)
    if who is not None and not consent.of_person(who).tracking:
        return None  # PRV-12
    url = cut(redirect.url)
    return NewInteraction(
        type=InteractionType.REDIRECT_LINK_CLICKED,
        at=now,
        source="redirect",
        source_event=new_id(),
        contact_id=who.id if who is not None else None,
        visitor_id=known or new_id(),
        attributes={
            "redirect_id": redirect.redirect_id,
            "url": url,
            "country": browser.country,
            **campaign_of(url),
        },
    )
