"""What made a score rise or fall between two moments, by rule; pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.clock import as_text, from_text

Given = Mapping[str, Any]
"""A contribution as it is stored."""


class Then(Struct, frozen=True):
    """What was stored of a score at a moment: by which version, what each rule gave, and which rules that version had.

    Without a version nothing was stored.
    """

    at: datetime
    version: int | None
    given: Mapping[str, Given]
    offered: Mapping[str, int]


class Change(Struct, frozen=True):
    """A rule that gave other points, and why."""

    rule_id: str
    name: str
    before: int
    after: int
    why: str


def differences(before: Then, after: Then) -> Iterator[Change]:
    """Yield the rules that gave other points; the differences sum to that of the scores."""
    for rule_id in dict.fromkeys([*after.given, *before.given]):
        was, now = before.given.get(rule_id), after.given.get(rule_id)
        points = (was["points"] if was else 0, now["points"] if now else 0)
        if points[0] != points[1]:
            named = now or was or {}
            yield Change(rule_id, named.get("name", ""), *points, _why(rule_id, before, after))


def _why(rule_id: str, before: Then, after: Then) -> str:
    was, now = before.given.get(rule_id), after.given.get(rule_id)
    if was is None:
        return _came(rule_id, now or {}, before, after)
    if now is None:
        return _went(rule_id, was, after)
    return _became(rule_id, was, now, before, after)


def _came(rule_id: str, now: Given, before: Then, after: Then) -> str:
    if before.version is not None and rule_id not in before.offered:
        return f"The rule came with version {after.version}."
    if now.get("occurrences"):
        return f"It counts {_counted(now)}."
    return f"It holds{_saw(now)}."


def _went(rule_id: str, was: Given, after: Then) -> str:
    if after.version is None:
        return "The score was taken away."
    if rule_id not in after.offered:
        return f"The rule is not in version {after.version} any more."
    return f"It does not hold any more; it had held{_saw(was)}{_aged(was, after)}."


def _aged(was: Given, after: Then) -> str:
    """Say what has aged since; whether the rule went by that or by something else nobody knows any more."""
    expires_at = from_text(was["expires_at"]) if was.get("expires_at") else None
    if expires_at is None or expires_at > after.at:
        return ""
    return f"; what it counted began to leave its range at {as_text(expires_at)}"


def _became(rule_id: str, was: Given, now: Given, before: Then, after: Then) -> str:
    if was.get("occurrences") != now.get("occurrences"):
        return f"It counted {_counted(was)}, and then {_counted(now)}."
    if before.offered.get(rule_id) == after.offered.get(rule_id):
        return f"Version {after.version} counts otherwise how often it gives its points than version {before.version}."
    return (
        f"Its points are {after.offered.get(rule_id)} by version {after.version};"
        f" they were {before.offered.get(rule_id)} by version {before.version}."
    )


def _counted(given: Given) -> str:
    number = given.get("occurrences", 0)
    return "one interaction" if number == 1 else f"{number} interactions"


def _saw(given: Given) -> str:
    return "".join(f", having seen {field} “{value}”" for field, value in given.get("saw", ()))
