"""Pages that people see: our own templates, a strict policy for what they may load, files under a digest."""

from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib import resources
from typing import Any

from chalicelib.accessibility.checks import direction
from chalicelib.http import Reply
from chalicelib.settings import settings

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def url(path: str) -> str:
    """Return where people reach a path of ours."""
    return f"{settings.public_url}{path}"


def page(template: str, status: HTTPStatus = HTTPStatus.OK, cookie: str | None = None, **content: Any) -> Reply:
    """Return a page made from one of our templates."""
    headers: dict[str, str | list[str]] = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if cookie is not None:
        headers["Set-Cookie"] = cookie
    return Reply(_environment().get_template(template).render(**content), status, headers=headers)


def message(
    title: str, text: str, status: HTTPStatus = HTTPStatus.OK, language: str = "en", *, named: bool = False
) -> Reply:
    """Return a page that says one thing; `named` says it in the title of its window too."""
    return page("message.html", status, title=title, text=text, language=language, said=text if named else "")


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("chalicelib", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(url=url, static=static_url, direction=direction)
    return environment


@cache
def static(name: str) -> tuple[str, str]:
    """Return a static file's content and its digest. Raises FileNotFoundError."""
    # Looked up among our own files, so that a name from outside never becomes part of a path.
    found = next(
        (each for each in resources.files("chalicelib").joinpath("static").iterdir() if each.name == name), None
    )
    if found is None:
        raise FileNotFoundError(name)
    content = found.read_text()
    return content, sha256(content.encode()).hexdigest()[:16]


def type_of(name: str) -> str:
    """Return the content type of a static file."""
    kind = "text/javascript" if name.endswith(".js") else "text/css"
    return f"{kind}; charset=utf-8"


def static_url(name: str) -> str:
    return url(f"/static/{static(name)[1]}/{name}")


def cleaned(html: str) -> str:
    """Return HTML that users wrote without anything that could act."""
    import nh3

    return nh3.clean(html, link_rel="noopener")
