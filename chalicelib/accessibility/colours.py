"""Colours as CSS and old HTML write them, and how well one can be read on the other (WCAG 2.2, 1.4.3); pure."""

import re

Colour = tuple[int, int, int]

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
LINK: Colour = (0, 0, 238)  # what browsers give a link without a colour

NAMES: dict[str, Colour] = {
    "black": BLACK,
    "white": WHITE,
    "silver": (192, 192, 192),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "lightgray": (211, 211, 211),
    "lightgrey": (211, 211, 211),
    "darkgray": (169, 169, 169),
    "darkgrey": (169, 169, 169),
    "red": (255, 0, 0),
    "maroon": (128, 0, 0),
    "orange": (255, 165, 0),
    "yellow": (255, 255, 0),
    "olive": (128, 128, 0),
    "lime": (0, 255, 0),
    "green": (0, 128, 0),
    "aqua": (0, 255, 255),
    "cyan": (0, 255, 255),
    "teal": (0, 128, 128),
    "blue": (0, 0, 255),
    "navy": (0, 0, 128),
    "fuchsia": (255, 0, 255),
    "magenta": (255, 0, 255),
    "purple": (128, 0, 128),
    "pink": (255, 192, 203),
}
HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})\Z")
RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:\s*[,/]\s*(?:1|1\.0+|100%))?\s*\)\Z")


def colour(written: str) -> Colour | None:
    """Return a colour, None for one that cannot be told: transparent, a variable, a name that we do not know."""
    text = written.strip().lower().removesuffix("!important").strip()
    if text in NAMES:
        return NAMES[text]
    if found := HEX.match(text):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * each for each in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := RGB.match(text):
        red, green, blue = (min(255, int(each)) for each in found.groups())
        return red, green, blue
    return None


def contrast(one: Colour, other: Colour) -> float:
    """Return the ratio of two colours' luminances: from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(of: Colour) -> float:
    red, green, blue = (_linear(each / 255) for each in of)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
