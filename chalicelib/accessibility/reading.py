"""What somebody meets who reads HTML with the eyes, the ears or a finger; pure."""

from html.parser import HTMLParser

from msgspec import Struct

from chalicelib.accessibility.looks import HEADING, Attributes, Look, is_small, within

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CLOSES_ITSELF = {"p", "li", "td", "th", "tr", "option", "dt", "dd"}
SILENT = {"style", "script", "title", "template"}
DEEPEST = 200  # elements within each other; what lies deeper is read as if it lay there


class Link(Struct):
    """Something to press: what a screen reader says of it, and whether it is too small for a finger."""

    words: str = ""
    written: bool = False
    small_itself: bool = False
    small_picture: bool = False

    @property
    def small(self) -> bool:
        return self.small_itself or (self.small_picture and not self.written)  # an icon beside words is no target


class _Open(Struct):
    tag: str
    look: Look
    link: Link | None = None


class Reader(HTMLParser):
    """Collects headings, links, pictures without words, and texts that are too faint with their contrast."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.links: list[Link] = []
        self.faint: dict[str, float] = {}
        self.silent_pictures = 0
        self.said: list[str] = []
        self._open = [_Open("", Look())]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in CLOSES_ITSELF and self._open[-1].tag == tag:
            self._open.pop()
        look = within(self._open[-1].look, tag, given)
        if heading := HEADING.match(tag):
            self.headings.append(int(heading[1]))
        if tag in {"img", "area"}:
            self._picture(given)
        link = self._link(tag, given)
        if tag not in VOID:
            del self._open[DEEPEST:]
            self._open.append(_Open(tag, look, link))

    def _picture(self, given: Attributes) -> None:
        if "alt" not in given and given.get("role") != "presentation" and given.get("aria-hidden") != "true":
            self.silent_pictures += 1
        link = self._open[-1].link
        if link is not None:
            link.words += f" {given.get('alt', '')}"
            link.small_picture = link.small_picture or is_small(given)

    def _link(self, tag: str, given: Attributes) -> Link | None:
        if tag not in {"a", "button"} or (tag == "a" and "href" not in given):
            return self._open[-1].link
        link = Link(given.get("aria-label", ""), small_itself=is_small(given))
        if given.get("aria-hidden") != "true":
            self.links.append(link)
        return link

    def handle_endtag(self, tag: str) -> None:
        if any(each.tag == tag for each in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        top = self._open[-1]
        if top.tag in SILENT or not data.strip():
            return
        self.said.append(data)
        if top.link is not None:
            top.link.words += data
            top.link.written = True
        ratio = top.look.too_faint
        if ratio is not None:
            self.faint.setdefault(" ".join(data.split())[:40], ratio)
