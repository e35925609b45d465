"""Warnings about language, words, headings, pictures, colours and targets, for all that is published; pure."""

import re
from collections.abc import Iterable, Iterator
from unicodedata import bidirectional

from chalicelib.accessibility.looks import TARGET
from chalicelib.accessibility.reading import Reader
from chalicelib.errors import Problem

Found = Iterator[Problem]

RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ji", "ks", "ps", "sd", "syr", "ug", "ur", "yi"}
SCRIPTS = {"arab", "hebr", "syrc", "thaa", "nkoo", "adlm"}
FEW = 20  # letters; fewer say nothing about a language
PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{%[^%]*%\}")


def direction(language: str) -> str:
    """Return which way a language is written: ltr or rtl."""
    first, *more = language.lower().split("-")
    script = next((each for each in more if len(each) == 4), "")
    return "rtl" if script in SCRIPTS or (not script and first in RIGHT_TO_LEFT) else "ltr"


def about_language(language: str | None, html: str) -> Found:
    """Warn where the language is not said, or cannot be that of the text: screen readers pronounce by it."""
    if language is None:
        yield Problem("language", "The language is not set, so English is assumed.")
    said = PLACEHOLDER.sub(" ", " ".join(Reader(html).said))
    letters = [each for each in said if each.isalpha()]
    backwards = sum(bidirectional(each) in {"R", "AL"} for each in letters)
    if len(letters) >= FEW and (backwards * 2 > len(letters)) != (direction(language or "en") == "rtl"):
        yield Problem("language", "The text runs in the other direction than this language is written in.")


EMPTY_WORDS = {"click here", "here", "more", "read more", "link", "this", "click", "hier", "mehr", "learn more", "go"}


def about_words(words: str, where: str, what: str = "link text") -> Found:
    """Warn of a text that does not say where it leads when it is read by itself, in a list of links."""
    said = " ".join(words.split())
    if not said:
        yield Problem(where, f"A {what.removesuffix(' text')} has no text.")
    elif said.casefold().rstrip(".…!>» ") in EMPTY_WORDS:
        yield Problem(where, f"The {what} “{said}” does not say where it leads.")


def about_html(parts: Iterable[tuple[str, str]], *, titled: bool) -> Found:
    """Warn about HTML that users wrote, as (where it stands, HTML), in the order in which people read it.

    `titled` says that a title stands above it already, so that its own headings begin at the second level.
    """
    level = int(titled)
    for where, html in parts:
        reader = Reader(html)
        yield from _met(reader, where)
        if titled and 1 in reader.headings:
            yield Problem(where, "The page's title is its first heading; begin yours at the second.")
        if any(after - before > 1 for before, after in zip([level, *reader.headings], reader.headings, strict=False)):
            yield Problem(where, "The headings skip a level.")
        level = reader.headings[-1] if reader.headings else level


def _met(reader: Reader, where: str) -> Found:
    if reader.silent_pictures:
        yield Problem(where, f"Images without alternative text (alt): {reader.silent_pictures}.")
    for words, ratio in list(reader.faint.items())[:5]:
        needed = "small text needs 4.5 to 1, large text 3 to 1"
        yield Problem(where, f"“{words}” stands out from its background by {ratio:.1f} to 1 only; {needed}.")
    for link in reader.links:
        yield from about_words(link.words, where)
    if any(link.small for link in reader.links):
        yield Problem(where, f"Something to press is smaller than {TARGET} by {TARGET} pixels.")
