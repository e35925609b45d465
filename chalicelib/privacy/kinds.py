"""What people may demand, by when it has to be done, and how a request goes on; pure."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

MONTHS = 1
"""Until a request has to be answered (GDPR art. 12(3)); its owner may take up to two more and says why."""


class Type(StrEnum):
    FIND = "find"
    EXPORT = "export"
    CORRECT = "correct"
    RESTRICT = "restrict"
    OBJECT = "object"
    RELEASE = "release"
    ERASE = "erase"


class Progress(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"


AT_WORK = frozenset({Progress.OPEN, Progress.IN_PROGRESS})

TITLES: Mapping[Type, str] = {
    Type.FIND: "What do you know of me?",
    Type.EXPORT: "Give me my data",
    Type.CORRECT: "Correct my data",
    Type.RESTRICT: "Do not use my data",
    Type.OBJECT: "No marketing, no profiling",
    Type.RELEASE: "You may use my data again",
    Type.ERASE: "Forget me",
}


def deadline(received_at: datetime, months: int = MONTHS) -> datetime:
    """Return the instant some months later, by the calendar, at the month's end where it has no such day."""
    number = received_at.month - 1 + months
    year, month = received_at.year + number // 12, number % 12 + 1
    return received_at.replace(year=year, month=month, day=min(received_at.day, monthrange(year, month)[1]))
