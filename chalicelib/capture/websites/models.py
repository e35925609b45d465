"""Rows of the capture table about websites: their records, their origins and pages, and how fast a visitor is."""

from datetime import datetime

from pynamodb.attributes import BooleanAttribute, JSONAttribute, TTLAttribute, UnicodeAttribute

from chalicelib.capture.models import CaptureItem
from chalicelib.clock import as_text
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, TextsAttribute, shard

LISTED = "website"
LISTED_REDIRECTS = "redirect"


class Website(CaptureItem, discriminator="website"):
    """A site whose pages carry one script (WEB-1), or a page of ours, which has its own (PAG-3)."""

    website_id = UnicodeAttribute()
    name = UnicodeAttribute()
    url = UnicodeAttribute()
    origins = JSONAttribute()
    session_minutes = IntegerAttribute(default=30)
    asks_first = BooleanAttribute(default=True)
    anonymize = BooleanAttribute(default=False)
    parameters = JSONAttribute()
    banner = JSONAttribute(null=True)
    page_id = UnicodeAttribute(null=True)
    created_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(website_id: str) -> tuple[str, str]:
        return f"WEBSITE#{website_id}", "WEBSITE"

    def list_as(self, now: datetime) -> None:
        """Take its place in the list of all, which the index by_form holds beside the submissions of forms."""
        self.form_shard, self.submitted_at = f"{LISTED}#{shard(self.website_id)}", now


class Origin(CaptureItem, discriminator="origin"):
    """A registered website has pages of this origin."""

    website_id = UnicodeAttribute()

    @staticmethod
    def at(origin: str, website_id: str) -> tuple[str, str]:
        return f"ORIGIN#{origin}", f"WEBSITE#{website_id}"


class WebPage(CaptureItem, discriminator="web_page"):
    """A page of a website that figures are kept of, by its address without parameters."""

    address = UnicodeAttribute()
    number = UnicodeAttribute()

    @staticmethod
    def at(website_id: str, number: str) -> tuple[str, str]:
        return f"WEBSITE#{website_id}", f"PAGE#{number}"


class WebPages(CaptureItem, discriminator="web_pages"):
    """How many pages of a website figures are kept of."""

    pages = IntegerAttribute()

    @staticmethod
    def at(website_id: str) -> tuple[str, str]:
        return f"WEBSITE#{website_id}", "PAGES"


class Pace(CaptureItem, discriminator="pace"):
    """What a visitor (or an address that has no visitor yet) told within a minute; kept for an hour."""

    told = TextsAttribute()
    expires = TTLAttribute()

    @staticmethod
    def at(whose: str, minute: datetime) -> tuple[str, str]:
        return f"PACE#{whose}", f"MINUTE#{as_text(minute)[:16]}"


class Redirect(CaptureItem, discriminator="redirect"):
    """An address of ours that leads elsewhere and counts who follows it (WEB-2)."""

    redirect_id = UnicodeAttribute()
    name = UnicodeAttribute()
    url = UnicodeAttribute()
    created_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(redirect_id: str) -> tuple[str, str]:
        return f"REDIRECT#{redirect_id}", "REDIRECT"

    def list_as(self, now: datetime) -> None:
        self.form_shard, self.submitted_at = f"{LISTED_REDIRECTS}#{shard(self.redirect_id)}", now
