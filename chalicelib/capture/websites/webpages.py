"""The pages of a website that figures are kept of: the first that people see, so that nobody can fill tables."""

from chalicelib.capture.models import CaptureItem
from chalicelib.capture.websites.addresses import page_of
from chalicelib.capture.websites.models import WebPage, WebPages
from chalicelib.clock import digest
from chalicelib.dynamodb import ConditionFailed, Key, commit, put_new, query_raw, update

MOST = 500
OTHER = "other"
"""What stands for every page beyond those."""


def number_of(website_id: str, address: str) -> str:
    """Return what figures call a page; one that is seen first is noted."""
    place = page_of(address)
    number = digest(website_id, place)[:12]
    known = WebPage.find(*WebPage.at(website_id, number), consistent=False)
    return number if known is not None or _noted(website_id, number, place) else OTHER


def _noted(website_id: str, number: str, place: str) -> bool:
    """Note a page where there is room, and return whether it is noted now, by whomever."""
    page = WebPage(*WebPage.at(website_id, number), address=place, number=number)
    room = WebPages.pages.does_not_exist() | (WebPages.pages < MOST)
    counted = update(
        Key(WebPages, *WebPages.at(website_id)), WebPages.pages.add(1), WebPages.kind.set(WebPages), condition=room
    )
    try:
        commit([put_new(page), counted])
    except ConditionFailed as failed:
        return bool(failed.of(WebPage))
    return True


def all_of(website_id: str) -> dict[str, str]:
    """Return the addresses of a website's pages by what figures call them."""
    pk, prefix = WebPage.at(website_id, "")
    return {raw["number"]["S"]: raw["address"]["S"] for raw in query_raw(CaptureItem, pk, prefix)}
