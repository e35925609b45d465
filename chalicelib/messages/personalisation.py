"""What users write for each recipient: Liquid with limits; what it may name, and what is wrong with a template."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from html import escape as html_escape
from typing import Any

MESSAGE_FIELDS = frozenset({"subscription_center_url", "unsubscribe_url"})
CONFIRMATION_FIELDS = frozenset(
    {
        "confirmation_url",
        "confirmation_request_type",
        "confirmation_object_name",
        "confirmation_object_description",
        "confirmation_object_value",
    }
)
"""What a message that asks for a confirmation knows (DOI-5); it has no centre, for it may be to nobody we know."""
FORBIDDEN_TAGS = frozenset({"include", "render"})


class Unrenderable(Exception):
    """A template broke a limit or could not be rendered for these values."""


@cache
def _environment(*, escape: bool) -> Any:
    from liquid import Environment

    class Limited(Environment):
        loop_iteration_limit = 10_000
        output_stream_limit = 500_000
        local_namespace_limit = 100_000

    return Limited(autoescape=escape)


@lru_cache(maxsize=1000)
def _compiled(source: str, *, escape: bool) -> Any:
    return _environment(escape=escape).from_string(source)


FORM_CONFIRMATION_FIELDS = frozenset({"confirmation_url", "subscription_list_names"})
"""What a message that asks to confirm a form knows besides what was submitted (DOI-8)."""


class Bulleted(str):
    """Names as a message shows them: a list in HTML, lines in plain text, and in a subject one after the other."""

    def __new__(cls, names: Iterable[str]) -> "Bulleted":
        return super().__new__(cls, "\n".join(f"- {each}" for each in names))

    def __html__(self) -> str:
        items = "".join(f"<li>{html_escape(each.removeprefix('- '))}</li>" for each in self.splitlines())
        return f"<ul>{items}</ul>" if items else ""


def render(source: str, values: Mapping[str, Any], *, escape: bool) -> str:
    """Return a template's text; an absent value is empty (EML-13). Raises Unrenderable."""
    from liquid.exceptions import LiquidError

    try:
        return str(_compiled(source, escape=escape).render(**values))
    except LiquidError as error:
        raise Unrenderable(type(error).__name__) from error


def line(source: str, values: Mapping[str, Any]) -> str:
    """Return a template as one line for a header."""
    return " ".join(render(source, values, escape=False).split())


def is_dynamic(source: str) -> bool:
    return "{{" in source or "{%" in source


def names(source: str) -> set[tuple[str, ...]]:
    """Return the variables that a template reads, as paths; empty if it does not compile."""
    from liquid.exceptions import LiquidError

    try:
        found = _compiled(source, escape=True).analyze().globals
    except LiquidError:
        return set()
    return {tuple(str(part) for part in variable.segments) for each in found.values() for variable in each}


def faults(source: str, sources: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Yield a sentence for everything that keeps a template from being rendered (EML-3, EML-9)."""
    from liquid.exceptions import LiquidError

    try:
        analysis = _compiled(source, escape=True).analyze()
    except LiquidError as error:
        yield f"The placeholders do not compile: {str(error).splitlines()[0]}."
        return
    for tag in sorted(FORBIDDEN_TAGS & set(analysis.tags)):
        yield f"The tag “{tag}” is not available in messages."
    for name in sorted(set(analysis.filters) - set(_environment(escape=True).filters)):
        yield f"There is no filter “{name}”."
    for path in sorted(names(source)):
        yield from _unknown(path, sources)


def _unknown(path: tuple[str, ...], sources: Mapping[str, frozenset[str]]) -> Iterator[str]:
    known = sources.get(path[0])
    if known is None:
        yield f"“{path[0]}” is not known here. Messages know {', '.join(sorted(sources))}."
    elif known.isdisjoint({".".join(path[1:end]) for end in (2, 3, 4)}):
        yield f"There is no “{'.'.join(path)}”."
