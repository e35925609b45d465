"""Use cases: make and change websites, find the one that a page belongs to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from chalicelib.capture.models import CaptureItem
from chalicelib.capture.websites.models import LISTED, Origin, Website
from chalicelib.clock import digest
from chalicelib.dynamodb import Key, Write, commit, delete, put, put_changed, put_new
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.lists import Asked, Page, page, partitions
from chalicelib.web import url as ours

NOBODYS = NotFound("There is no website of this id.")


def create(website_id: str, values: Mapping[str, Any], now: datetime) -> Website:
    """Make a website. The same id again returns what it made the first time."""
    site = Website(*Website.at(website_id), website_id=website_id, created_at=now, **values)
    site.list_as(now)
    try:
        commit([put_new(site, refused=Conflict("made already")), *_registered(website_id, site.origins)])
    except Conflict:
        return find(website_id)
    return site


def find(website_id: str) -> Website:
    """Return a website, read consistently. Raises NotFound."""
    site = Website.find(*Website.at(website_id))
    if site is None:
        raise NOBODYS
    return site


def served(website_id: str) -> Website:
    """Return a website as its script and what that tells need it; a change may take a second. Raises NotFound."""
    site = Website.find(*Website.at(website_id), consistent=False)
    if site is None:
        raise NOBODYS
    return site


def all_of_them(asked: Asked) -> Page[Website]:
    """Return websites, latest first."""
    return page(CaptureItem.by_form, partitions(LISTED), asked, newest_first=True, kind=Website)


def amend(website_id: str, values: Mapping[str, Any], version: int) -> Website:
    """Change a website, and which origins it has. Raises NotFound, Stale."""
    site = _read(website_id, version)
    before = set(site.origins)
    for name, value in values.items():
        setattr(site, name, value)
    now_ours = set(site.origins)
    gone = [delete(_origin(website_id, each)) for each in sorted(before - now_ours)]
    commit([put_changed(site)], gone, _registered(website_id, sorted(now_ours - before)))
    return site


def remove(website_id: str, version: int) -> None:
    """Remove a website: what its script tells is not taken any more. Raises NotFound, Stale, Conflict."""
    site = _read(website_id, version)
    if site.page_id:
        raise Conflict("This website belongs to a page and goes with it. Anonymize it, so that it records nothing.")
    refused = Stale("It has changed meanwhile.")
    gone = delete(site.key, Website.version == version, refused=refused)
    commit([gone], [delete(_origin(website_id, each)) for each in site.origins])


def _read(website_id: str, version: int) -> Website:
    site = find(website_id)
    if site.version != version:
        raise Stale("The website has changed since you read it. Read it again and repeat the change.")
    return site


def _registered(website_id: str, origins: Sequence[str]) -> list[Write]:
    return [put(Origin(*Origin.at(each, website_id), website_id=website_id)) for each in origins]


def _origin(website_id: str, origin: str) -> Key:
    return Key(Origin, *Origin.at(origin, website_id))


def is_tracked(url: str) -> bool:
    """Return whether an address lies on a website that is registered; a change may take a second."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    pk, _ = Origin.at(f"{parts.scheme}://{parts.netloc.lower()}", "")
    return next(iter(Origin.query(pk, limit=1)), None) is not None


# Pages of ours -----------------------------------------------------------------------------------------------------


def id_of_page(page_id: str) -> str:
    """Return the website that a page of ours is (PAG-3)."""
    return digest("website-of-page", page_id)


def of_page_if_any(page_id: str) -> Website | None:
    """Return the website of a page; one that went live before there were any has none."""
    return Website.find(*Website.at(id_of_page(page_id)), consistent=False)


def of_page(page_id: str, name: str, slug: str, now: datetime) -> list[Write]:
    """Return the write that gives a page its website when it goes live first; later ones leave it as people made it."""
    website_id = id_of_page(page_id)
    if Website.find(*Website.at(website_id)) is not None:
        return []
    site = Website(
        *Website.at(website_id),
        website_id=website_id,
        name=name,
        url=ours(f"/p/{slug}"),
        origins=[],
        asks_first=False,
        parameters=[],
        page_id=page_id,
        created_at=now,
    )
    site.list_as(now)
    return [put_new(site, refused=Stale("The page is being published by somebody else at this very moment."))]
