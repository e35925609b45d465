"""The script of a website: one file of ours, called with what its record says."""

import json
from html import escape
from typing import Any
from urllib.parse import urlsplit

from chalicelib import web
from chalicelib.capture.websites.addresses import USUAL
from chalicelib.capture.websites.models import Website
from chalicelib.interactions.visitors import COOKIE, KEPT, OWN_PERSONAL, PERSONAL
from chalicelib.settings import settings

FILE = "track.js"
SESSION, CHOICE = "itinera_session", "itinera_choice"


def address(website_id: str) -> str:
    return web.url(f"/w/{website_id}")


def tag(website_id: str) -> str:
    """Return what is put into every page of a website (WEB-1)."""
    return f'<script async src="{escape(address(website_id))}"></script>'


def own_origin() -> str:
    parts = urlsplit(settings.public_url)
    return f"{parts.scheme}://{parts.netloc}"


def text(site: Website) -> str:
    """Return the script of a website. What people wrote stays data: JSON in letters of ASCII."""
    content, _ = web.static(FILE)
    return f"{content.rstrip()}({json.dumps(_settings(site), sort_keys=True)});\n"


def _settings(site: Website) -> dict[str, Any]:
    return {
        "to": address(site.website_id),
        "forms": web.url("/forms/"),
        "own": site.page_id is not None,
        "ask": site.asks_first,
        "anonymize": site.anonymize,
        "banner": site.banner,
        "parameters": sorted({*USUAL, *site.parameters}),
        "session": site.session_minutes * 60,
        "kept": int(KEPT.total_seconds()),
        "names": {
            "visitor": COOKIE,
            "session": SESSION,
            "choice": CHOICE,
            "personal": OWN_PERSONAL if site.page_id is not None else PERSONAL,
        },
    }
