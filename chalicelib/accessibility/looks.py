"""How text looks inside an element, by what HTML says of itself: inline styles and attributes; pure.

Style sheets are not read. What cannot be told, such as a colour over a picture, is None: let go rather than guessed.
"""

import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.accessibility.colours import BLACK, LINK, WHITE, Colour, colour, contrast

Attributes = Mapping[str, str]

HEADING = re.compile(r"h([1-6])\Z")
LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(px|pt)?\Z")
TARGET = 24  # px, WCAG 2.2, 2.5.8


class Look(Struct, frozen=True):
    """How text looks inside an element; None is what cannot be told."""

    text: Colour | None = BLACK
    behind: Colour | None = WHITE
    size: float | None = 16.0
    bold: bool = False
    hidden: bool = False
    chosen: bool = False

    @property
    def needed(self) -> float:
        large = (self.size or 0.0) >= (18.66 if self.bold else 24.0)
        return 3.0 if large or self.size is None else 4.5

    @property
    def too_faint(self) -> float | None:
        """The contrast of text that somebody chose colours for, where it is too little."""
        if not self.chosen or self.hidden or self.text is None or self.behind is None:
            return None
        ratio = contrast(self.text, self.behind)
        return ratio if ratio < self.needed else None


def _styles(given: Attributes) -> dict[str, str]:
    pairs = (each.partition(":") for each in given.get("style", "").split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs if value.strip()}


def within(outer: Look, tag: str, given: Attributes) -> Look:
    """Return how text looks inside an element, by what its own attributes and styles say."""
    styles = _styles(given)
    text = styles.get("color", given.get("color") if tag == "font" else None)
    behind = styles.get("background-color", styles.get("background", given.get("bgcolor")))
    look = replace(
        outer,
        size=_size(outer.size, tag, styles),
        bold=outer.bold or tag in {"b", "strong", "th"} or HEADING.match(tag) is not None or _is_bold(styles),
        hidden=outer.hidden or styles.get("display") == "none" or given.get("aria-hidden") == "true",
    )
    if tag == "a" and "href" in given and text is None:
        look = replace(look, text=LINK)
    if text is not None:
        look = replace(look, text=colour(text), chosen=True)
    if behind is not None or "background-image" in styles or "background" in given:
        look = replace(look, behind=_behind(behind, outer, styles, given), chosen=True)
    return look


def _behind(written: str | None, outer: Look, styles: Mapping[str, str], given: Attributes) -> Colour | None:
    if "background-image" in styles or "background" in given or written is None:
        return None  # a picture
    return outer.behind if written in {"transparent", "none", "inherit"} else colour(written)


def _size(outer: float | None, tag: str, styles: Mapping[str, str]) -> float | None:
    if "font-size" in styles:
        return _pixels(styles["font-size"])
    return {"h1": 32.0, "h2": 24.0, "h3": 18.72, "small": 13.0}.get(tag, outer)


def _is_bold(styles: Mapping[str, str]) -> bool:
    weight = styles.get("font-weight", "")
    return weight in {"bold", "bolder"} or (weight.isdecimal() and int(weight) >= 700)


def _pixels(written: str) -> float | None:
    found = LENGTH.match(written.strip().lower())
    return float(found[1]) * (4 / 3 if found[2] == "pt" else 1) if found else None


def is_small(given: Attributes) -> bool:
    """Return whether an element says of itself that it is smaller than a finger needs; running text never does."""
    styles = _styles(given)
    sizes = (_pixels(styles.get(name, given.get(name, ""))) for name in ("width", "height"))
    return any(size is not None and size < TARGET for size in sizes)
