"""Users' HTML, made safe and its links rewritten, in one pass; what mail programs need stays."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

ATTRIBUTES = {
    "*": {"style", "class", "id", "dir", "lang", "title", "align", "valign", "width", "height", "bgcolor", "role"}
    | {"aria-label", "aria-hidden"},
    "a": {"href", "target", "name"},
    "area": {"href", "alt", "shape", "coords"},
    "img": {"src", "srcset", "alt", "border"},
    "table": {"border", "cellpadding", "cellspacing", "background"},
    "td": {"colspan", "rowspan", "background", "headers"},
    "th": {"colspan", "rowspan", "scope", "background"},
    "font": {"color", "face", "size"},
    "col": {"span"},
    "ol": {"start", "type"},
}
SCHEMES = {"http", "https", "mailto", "tel"}
LINKS = {("a", "href"), ("area", "href")}
BODY = re.compile(r"<(/?)body\b", re.IGNORECASE)
URL_IN_TEXT = re.compile(r"https?://[^\s<>\"'()\[\]]+[^\s<>\"'()\[\].,;:!?]")

Rewrite = Callable[[str], str]


def clean(html: str, rewrite: Rewrite) -> str:
    """Return HTML without scripts, forms and handlers, each web link replaced by what `rewrite` makes of it."""
    import nh3

    def each(element: str, attribute: str, value: str) -> str:
        return rewrite(value) if (element, attribute) in LINKS and is_web(value) else value

    return nh3.clean(
        BODY.sub(r"<\1div", html),  # the body's own colours stay, as a division's
        tags=nh3.ALLOWED_TAGS | {"style", "font", "section", "main"},
        clean_content_tags={"script", "title", "object", "iframe", "template"},
        attributes=ATTRIBUTES,
        attribute_filter=each,
        link_rel=None,
        url_schemes=SCHEMES,
    )


def is_web(url: str) -> bool:
    return url.strip().lower().startswith(("http://", "https://"))


def rewritten_text(text: str, rewrite: Rewrite) -> str:
    """Return plain text with each address in it replaced by what `rewrite` makes of it."""
    return URL_IN_TEXT.sub(lambda found: rewrite(found.group()), text)


def plain(html: str) -> str:
    """Return HTML as text, for who reads no HTML."""
    import html2text

    reader = html2text.HTML2Text(bodywidth=0)
    reader.ignore_images, reader.single_line_break, reader.inline_links = True, False, True
    return reader.handle(html).strip()


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if (tag, name) in LINKS and value]


def links_in(html: str, text: str) -> list[str]:
    """Return the web addresses that a template names itself, each once, in order; those it computes are not among."""
    collector = _Collector()
    collector.feed(html)
    found = [*collector.links, *URL_IN_TEXT.findall(text)]
    fixed = [url.strip() for url in found if is_web(url) and "{{" not in url and "{%" not in url]
    return list(dict.fromkeys(fixed))
