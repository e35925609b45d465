"""Who looks at a page of ours: a browser, what it allows, and through which message it came."""

import re
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.capture import prefilling, visiting
from chalicelib.capture.prefilling import Recognised
from chalicelib.capture.websites import scripts
from chalicelib.capture.websites import service as websites
from chalicelib.clock import new_id
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.definitions.lifecycle import Live
from chalicelib.interactions import visitors
from chalicelib.interactions.visitors import Personal

SESSION = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Visit(Struct, frozen=True):
    """Who looks at a page: a browser, and through which message it came (if it did)."""

    visitor_id: str
    fresh: bool
    session_id: str = ""
    choice: str = ""
    """What was answered to the banner: yes, no, or nothing yet."""
    link: str = ""
    refuses: bool = False
    """Whether the browser asks not to be tracked."""
    elsewhere: bool = False
    """Whether what it sends was sent from another site's page, which can answer for nobody."""
    tracked: bool = True
    contact_id: str | None = None
    journey_id: str | None = None
    email_id: str | None = None
    linked_id: str | None = None
    """The contact that the message was for; it may have been passed on, so it changes nobody (SUB-2, SUB-4)."""
    recognised: Recognised = Recognised()
    """By what forms may be filled beforehand."""

    @property
    def cookie(self) -> str | None:
        """Return what the browser is to keep: nothing that was not allowed, and nothing that it has."""
        if self.tracked:
            return visitors.cookie_of(self.visitor_id) if self.fresh else None
        return None if self.fresh else visitors.FORGET


def visit_of(
    cookies: str, token: str | None, now: datetime, *, refuses: bool = False, elsewhere: bool = False
) -> Visit:
    """Return who visits, by the cookie of the browser and by the link of a message; damaged ones count for nothing."""
    visitor_id, link = visitors.of_cookies(cookies), Personal.of(token)
    choice = visitors.named(cookies, scripts.CHOICE) or ""
    visit = Visit(
        visitor_id or new_id(), visitor_id is None, _session(cookies), choice, refuses=refuses, elsewhere=elsewhere
    )
    known = visiting.contact_of(visit.visitor_id) if visitor_id else None
    found = contacts.who_are(each for each in (link.contact_id, known) if each)
    contact_id = found[0].id if found else None
    return replace(
        visit,
        contact_id=contact_id,
        journey_id=link.journey_id,
        email_id=link.email_id,
        linked_id=link.contact_id,
        recognised=Recognised(link.contact_id, link.until, prefilling.read(cookies, now)),
        link=str(token) if link != Personal() else "",
    )


def asked(visit: Visit, live: Live) -> Visit:
    """Return a visit as it may be recorded: nothing is known of who refused (PRV-12), or was not asked yet."""
    site = websites.of_page_if_any(live.id)
    if site is not None and site.anonymize:
        return replace(visit, tracked=False, recognised=Recognised())  # WEB-3
    refused = visit.refuses or visit.choice == "no"
    open_question = bool(live.document.get("banner")) and visit.choice != "yes"
    allowed = not refused and not open_question and consent.may_track(visit.contact_id)
    return replace(visit, tracked=allowed)


def _session(cookies: str) -> str:
    """Return the session that the browser is in, or one that begins; the script keeps it (WEB-3)."""
    found = visitors.named(cookies, scripts.SESSION) or ""
    return found if SESSION.fullmatch(found) else new_id()
