"""The pages that people see: rendered on the server, without script, under a strict policy."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from chalicelib.accessibility.checks import direction
from chalicelib.http import Reply

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _style() -> str:
    return (TEMPLATES / "centre.css").read_text(encoding="utf-8")


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.globals["direction"] = direction
    return environment


@cache
def _policy() -> str:
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def page(name: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Reply:
    """Return a page, never kept by caches and telling nobody where its visitors came from."""
    body = _environment().get_template(name).render(**{"style": _style(), "language": "en", **values})
    headers: dict[str, str | list[str]] = {
        "Content-Security-Policy": _policy(),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    return Reply(body, status=status, headers=headers)
