"""The cookie of a browser that opened the subscription centre by a personal link: it leads there without one (SBC-5).

Not the cookie of visitors: that one is bound to whoever was typed into a form, which proves nothing of who types.
"""

from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from chalicelib.errors import Invalid
from chalicelib.settings import settings
from chalicelib.tokens import sign, verify

NAME = "itinera_centre"
KEPT = timedelta(days=30)


def cookie(token: str) -> str:
    """Return the cookie for the send that a link names: it goes to the centre only, and by no other site's forms."""
    address = urlsplit(settings.public_url)
    secure = "; Secure" if address.scheme == "https" else ""
    value = sign("centre-cookie", *verify("send", token))
    kept = f"Max-Age={int(KEPT.total_seconds())}"
    return f"{NAME}={value}; Path={address.path}/subscriptions; {kept}; HttpOnly; SameSite=Lax{secure}"


def token_in(cookies: str) -> str:
    """Return the token of the centre that a browser's cookies lead to; empty where none of them is ours."""
    try:
        found = SimpleCookie(cookies).get(NAME)
        return sign("send", *verify("centre-cookie", found.value)) if found is not None else ""
    except (CookieError, Invalid):
        return ""
