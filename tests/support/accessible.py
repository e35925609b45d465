"""What a page must be so that everybody can use it, read from its HTML and its headers as browsers get them."""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CONTROLS = {"input", "select", "textarea"}
FOCUSABLE = {*CONTROLS, "a", "button"}
RTL = {"ar", "fa", "he", "ur"}
TOKENS = {
    *("on", "off", "name", "given-name", "family-name", "email", "tel", "organization", "organization-title"),
    *("address-line1", "address-level1", "address-level2", "postal-code", "country-name", "bday", "url", "language"),
}
ONE_LINE = {"text", "email", "tel", "url", "search", "password", ""}


@dataclass
class Node:
    """An element: its tag, attributes, text below it, and what it stands in."""

    tag: str
    given: Mapping[str, str] = field(default_factory=dict)
    parent: "Node | None" = None
    children: list["Node"] = field(default_factory=list)
    own: str = ""

    def all(self, *tags: str) -> list["Node"]:
        below = [found for child in self.children for found in child.all(*tags)]
        return [self, *below] if not tags or self.tag in tags else below

    @property
    def text(self) -> str:
        alt = self.given.get("alt", "") if self.tag == "img" else ""
        return " ".join(f"{self.own} {alt} {' '.join(child.text for child in self.children)}".split())

    def within(self, tag: str) -> "Node | None":
        node = self.parent
        while node is not None and node.tag != tag:
            node = node.parent
        return node

    def hidden(self) -> bool:
        node: Node | None = self
        while node is not None:
            if node.given.get("aria-hidden") == "true" or node.given.get("type") == "hidden":
                return True
            node = node.parent
        return False

    def __str__(self) -> str:
        return f"<{self.tag} {' '.join(f'{name}={value}' for name, value in self.given.items())}>"


class Page(HTMLParser):
    """A page as a tree; `broken` names what a validator would refuse."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.broken: list[str] = [] if html.lower().startswith("<!doctype html>") else ["no doctype"]
        self.root = self._at = Node("")
        self.feed(html)
        self.close()
        if self._at is not self.root:
            self.broken.append(f"{self._at} is never closed")

    def handle_starttag(self, tag, attrs):
        names = Counter(name for name, _ in attrs)
        self.broken += [f"<{tag}> has {name} twice" for name, times in names.items() if times > 1]
        node = Node(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.children.append(node)
        if tag not in VOID:
            self._at = node

    def handle_endtag(self, tag):
        if tag != self._at.tag:
            self.broken.append(f"</{tag}> closes {self._at}")
            return
        self._at = self._at.parent

    def handle_data(self, data):
        self._at.own += f" {data}"


Headers = Mapping[str, str]
Faults = Iterator[str]


def faults(html: str, headers: Headers) -> list[str]:
    """Return everything that is wrong with a page, as sentences."""
    page = Page(html)
    return [*page.broken, *(fault for check in CHECKS for fault in check(page.root, headers))]


def language(root: Node, _: Headers) -> Faults:
    [html] = root.all("html")
    lang = html.given.get("lang", "")
    if not re.fullmatch(r"[a-zA-Z]{2,3}(-[A-Za-z0-9]{2,8})*", lang):
        yield f"lang is “{lang}”"
    wanted = "rtl" if lang.lower().split("-")[0] in RTL else "ltr"
    if html.given.get("dir", "ltr") != wanted:
        yield f"dir is {html.given.get('dir')}, not {wanted}"


def outline(root: Node, _: Headers) -> Faults:
    for tag in ("title", "h1", "main"):
        found = root.all(tag)
        if len(found) != 1 or not found[0].text:
            yield f"{len(found)} <{tag}>"
    levels = [int(each.tag[1]) for each in root.all("h1", "h2", "h3", "h4", "h5", "h6")]
    if any(after - before > 1 for before, after in zip([0, *levels], levels, strict=False)):
        yield f"headings skip a level: {levels}"


def viewport(root: Node, _: Headers) -> Faults:
    found = [each.given["content"] for each in root.all("meta") if each.given.get("name") == "viewport"]
    if found != ["width=device-width, initial-scale=1"]:
        yield f"viewport {found}"
    if not any(each.given.get("charset") == "utf-8" for each in root.all("meta")):
        yield "no charset"


def references(root: Node, _: Headers) -> Faults:
    ids = Counter(each.given["id"] for each in root.all() if "id" in each.given)
    yield from (f"id {name} {times} times" for name, times in ids.items() if times > 1)
    for each in root.all():
        named = [*each.given.get("aria-describedby", "").split(), *each.given.get("for", "").split()]
        href = each.given.get("href", "")
        named += [href[1:]] if href.startswith("#") else []
        yield from (f"{each} names {name}, which is not there" for name in named if name not in ids)


def labels(root: Node, _: Headers) -> Faults:
    named = {each.given["for"] for each in root.all("label") if each.text and "for" in each.given}
    for control in root.all(*CONTROLS):
        if not control.hidden() and control.given.get("id") not in named:
            yield f"{control} has no label"


def groups(root: Node, _: Headers) -> Faults:
    for group in root.all("fieldset"):
        if not [each for each in group.children if each.tag == "legend" and each.text]:
            yield f"{group} has no legend"
    for radio in root.all("input"):
        if radio.given.get("type") == "radio" and radio.within("fieldset") is None:
            yield f"{radio} belongs to no group"


def errors(root: Node, _: Headers) -> Faults:
    ids = {each.given["id"]: each for each in root.all() if "id" in each.given}
    for each in root.all():
        told = [ids[name].text for name in each.given.get("aria-describedby", "").split() if name in ids]
        if each.given.get("aria-invalid") == "true" and not any(told):
            yield f"{each} is wrong, but nothing says why"
    for each in root.all():
        if each.given.get("class") == "errors":
            yield from _summary(each, ids)


def _summary(box: Node, ids: Mapping[str, Node]) -> Faults:
    if box.given.get("role") != "alert" or "autofocus" not in box.given or box.given.get("tabindex") != "-1":
        yield "the summary of errors does not get the focus"
    for link in box.all("a"):
        target = ids.get(link.given["href"][1:])
        if target is not None and target.tag not in CONTROLS:
            yield f"{link} leads to {target}, which takes no focus"


def autocomplete(root: Node, _: Headers) -> Faults:
    for each in root.all(*CONTROLS):
        token = each.given.get("autocomplete")
        if token is not None and token not in TOKENS:
            yield f"{each} has an unknown autocomplete"
        if token is None and each.given.get("type") in {"email", "tel"}:
            yield f"{each} does not say what it is"
        if "maxlength" in each.given and each.tag == "input" and each.given.get("type", "") not in ONE_LINE:
            yield f"{each} cannot have a maxlength"


def policy(root: Node, headers: Headers) -> Faults:
    allowed = headers["Content-Security-Policy"]
    if (
        "default-src 'none'" not in allowed
        or "unsafe" in allowed
        or "script-src" in allowed.replace("script-src 'self'", "")
    ):
        yield f"policy {allowed}"
    if root.all("link") and "style-src 'self'" not in allowed:
        yield "a linked style sheet that the policy does not let"


def inline(root: Node, headers: Headers) -> Faults:
    for each in root.all():
        if _within(each, headers) or "style" in each.given or any(name.startswith("on") for name in each.given):
            yield f"{each} is not let by the policy"
    for each in root.all("style"):
        digest = b64encode(sha256(each.own.removeprefix(" ").encode()).digest()).decode()
        if f"'sha256-{digest}'" not in headers["Content-Security-Policy"]:
            yield "a style sheet that the policy does not let"


def _within(each: Node, headers: Headers) -> bool:
    """Return whether this is a script that stands in the page, or that its policy does not let it load."""
    allowed = "async" in each.given and "script-src 'self'" in headers["Content-Security-Policy"]
    return each.tag == "script" and not (allowed and "src" in each.given and not each.own.strip())


def words(root: Node, _: Headers) -> Faults:
    for each in root.all("a", "button"):
        if not each.text and not each.hidden():
            yield f"{each} has no text"
    yield from (f"{each} has no alt" for each in root.all("img") if "alt" not in each.given)


def focus(root: Node, _: Headers) -> Faults:
    """Tab goes in the order of reading, and never to what is hidden."""
    for each in root.all():
        if int(each.given.get("tabindex", "0")) > 0:
            yield f"{each} takes the focus out of turn"
        reached = each.tag in FOCUSABLE and each.given.get("tabindex") != "-1" and each.given.get("type") != "hidden"
        if reached and each.hidden():
            yield f"{each} is hidden but takes the focus"


CHECKS: tuple[Callable[[Node, Headers], Faults], ...] = (
    language,
    outline,
    viewport,
    references,
    labels,
    groups,
    errors,
    autocomplete,
    policy,
    inline,
    words,
    focus,
)
