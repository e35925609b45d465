"""What publishing a draft would do to a lead: from what is stored of it to what the draft says; pure."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct


class Effect(StrEnum):
    """What would change for a lead."""

    GAINS_SCORE = "gains_score"
    LOSES_SCORE = "loses_score"
    RISES = "rises"
    FALLS = "falls"
    GAINS_GRADE = "gains_grade"
    LOSES_GRADE = "loses_grade"
    CHANGES_GRADE = "changes_grade"
    BECOMES_READY = "becomes_ready"


class Side(Struct, frozen=True):
    """A score and its grade."""

    score: int
    grade: str | None


def effects(before: Side | None, after: Side | None, *, becomes_ready: bool) -> list[Effect]:
    """Return everything that would change; of score, of grade and of readiness one each at most."""
    return [*_of_score(before, after), *_of_grade(before, after), *([Effect.BECOMES_READY] if becomes_ready else [])]


def change(before: Side | None, after: Side | None) -> int:
    """Return by how much the score would change, where none counts as nothing."""
    return (after.score if after else 0) - (before.score if before else 0)


def _of_score(before: Side | None, after: Side | None) -> Iterator[Effect]:
    if before is None or after is None:
        if before is not after:
            yield Effect.GAINS_SCORE if before is None else Effect.LOSES_SCORE
    elif before.score != after.score:
        yield Effect.RISES if after.score > before.score else Effect.FALLS


def _of_grade(before: Side | None, after: Side | None) -> Iterator[Effect]:
    was, will_be = before.grade if before else None, after.grade if after else None
    if was == will_be:
        return
    if was is None or will_be is None:
        yield Effect.GAINS_GRADE if was is None else Effect.LOSES_GRADE
    else:
        yield Effect.CHANGES_GRADE
