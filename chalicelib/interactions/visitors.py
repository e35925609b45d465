"""A browser that is known again: what its cookie holds is signed, so that nobody can pass for another visitor."""

from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct

from chalicelib.clock import from_text
from chalicelib.errors import Invalid
from chalicelib.settings import settings
from chalicelib.tokens import sign, verify

COOKIE = "itinera_visitor"
KEPT = timedelta(days=2 * 365)
"""How long a browser remembers who visits (WEB-3)."""
OWN_PERSONAL, PERSONAL = "v", "itinera_v"
"""The parameter by which a message's link says for whom it was: at our pages, and at those of other sites."""


class Personal(Struct, frozen=True):
    """What a message's link says: the contact that it was for, and what it came with."""

    contact_id: str | None = None
    journey_id: str | None = None
    email_id: str | None = None
    until: datetime | None = None
    """Until when it may fill forms beforehand (PRE-7)."""

    @classmethod
    def of(cls, token: str | None) -> Self:
        """Return what a token says; one that is damaged says nothing."""
        try:
            contact_id, journey_id, email_id, *more = verify("visitor", token) if token else ("", "", "")
            until = from_text(more[0]) if more else None
        except (Invalid, ValueError):
            return cls()
        return cls(contact_id or None, journey_id or None, email_id or None, until)


def token_of(visitor_id: str) -> str:
    """Return what a cookie holds of a visitor."""
    return sign("visitor-cookie", visitor_id)


def of_token(token: str) -> str | None:
    """Return the visitor that a token names, None for none and for a damaged one."""
    try:
        return verify("visitor-cookie", token)[0] if token else None
    except Invalid:
        return None


def of_cookies(cookies: str) -> str | None:
    """Return the visitor that a cookie of ours names, None for a damaged one."""
    return of_token(named(cookies, COOKIE) or "")


def named(cookies: str, name: str) -> str | None:
    """Return what the Cookie header says under a name."""
    pairs = (pair.strip().partition("=") for pair in cookies.split(";"))
    return next((value for each, _, value in pairs if each == name), None)


def cookie_of(visitor_id: str) -> str:
    """Return the Set-Cookie header that lets a browser be known again; no script reads that one."""
    return f"{kept(COOKIE, token_of(visitor_id))}; HttpOnly"


def kept(name: str, value: str) -> str:
    """Return the Set-Cookie header that lets a browser keep something for two years."""
    secure = "; Secure" if settings.public_url.startswith("https:") else ""
    return f"{name}={value}; Path=/; Max-Age={int(KEPT.total_seconds())}; SameSite=Lax{secure}"


FORGET = f"{COOKIE}=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly"
"""The Set-Cookie header that lets a browser be nobody again."""
