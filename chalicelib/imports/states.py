"""The states of an import (IMP-6), and what a row comes to; pure."""

from enum import StrEnum


class State(StrEnum):
    """Submitted: the file may come, be looked at, be mapped and be tried; then it is read, mapped and imported."""

    SUBMITTED = "submitted"
    PARSING = "parsing"
    TRANSFORMING = "transforming"
    IMPORTING = "importing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


READING = (State.PARSING, State.TRANSFORMING)
RUNNING = (*READING, State.IMPORTING)


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


KEPT_OFF = "kept_off"
"""A row is imported, but the person left a list that the import names, and stays off it."""


class Verdict(StrEnum):
    """What an import came to as a whole."""

    SUCCESS = "success"
    PARTIAL = "partial_failure"
    FAILURE = "failure"


class Undone(StrEnum):
    """What became of a record that an import made when it was undone."""

    DELETED = "deleted"
    CHANGED = "changed"
    IN_USE = "in_use"


class Undoing(StrEnum):
    """How far the undoing of an import is."""

    RUNNING = "running"
    DONE = "done"


def verdict(counts: dict[str, int]) -> Verdict:
    failed = counts.get(Outcome.FAILED, 0)
    if not failed:
        return Verdict.SUCCESS
    return Verdict.PARTIAL if sum(counts.get(each, 0) for each in Outcome) > failed else Verdict.FAILURE
