"""Addresses as they are kept: without what may tell who somebody is; and what a campaign put into them."""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

USUAL = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "campaign",
    "utm_term": "term",
    "utm_content": "content",
}
"""Parameters that campaigns mark their links with, and what each says."""

LONGEST, LONGEST_VALUE, MOST_PARAMETERS = 500, 100, 100
PERSONAL = re.compile(r"@|%(?:25)*40|(?:\+|%(?:25)*2[Bb])\d{7,}")
"""What looks like an address or a telephone number, however often it was encoded."""
MASK = "-"


def cut(url: str, parameters: Collection[str] = ()) -> str:
    """Return an address without its fragment, user, and every parameter but the usual ones and `parameters`.

    What looks like somebody's address or number is masked wherever it stands. Empty for what is no web address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        given = parse_qsl(parts.query, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    netloc = host if port is None else f"{host}:{port}"
    kept = [(name, value) for name, value in given if _may_stay(name, value, parameters)]
    path = "/".join(_masked(segment) for segment in parts.path.split("/"))
    return urlunsplit((parts.scheme, netloc, path or "/", urlencode(kept), ""))[:LONGEST]


def _may_stay(name: str, value: str, parameters: Collection[str]) -> bool:
    return (name in USUAL or name in parameters) and len(value) <= LONGEST_VALUE and not PERSONAL.search(value)


def _masked(segment: str) -> str:
    return MASK if PERSONAL.search(segment) else quote(segment, safe="%!$&'()*+,;=:~")


def page_of(address: str) -> str:
    """Return which page an address leads to: without its parameters."""
    return urlunsplit(urlsplit(address)._replace(query=""))


def host_of(url: str) -> str:
    """Return the host that a visit came from; where somebody was on it is nobody's business."""
    return urlsplit(cut(url)).netloc


def campaign_of(address: str) -> dict[str, str]:
    """Return source, medium, campaign, term and content, as far as an address that was cut says them."""
    given = dict(parse_qsl(urlsplit(address).query))
    return {meaning: given[name] for name, meaning in USUAL.items() if name in given}
