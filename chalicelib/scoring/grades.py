"""Grades: names for ranges of scores, without a gap and without an overlap (SCO-21, decision 13)."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from chalicelib.errors import Problem
from chalicelib.scoring.model import Grade, GradeOperator

_LOWEST, _HIGHEST = float("-inf"), float("inf")
Placed = tuple[int, Grade]
"""A grade with its place in the document."""


def plain(grade: Grade) -> Grade:
    """Return a grade with its range from `min` to `max`, however it was written (RSC-6)."""
    match grade.operator, grade.values:
        case GradeOperator.LESS_THAN, [value]:
            return Grade(name=grade.name, max=value - 1)
        case GradeOperator.MORE_THAN, [value]:
            return Grade(name=grade.name, min=value + 1)
        case GradeOperator.BETWEEN, [low, high]:
            return Grade(name=grade.name, min=low, max=high)
    return grade


def grade_of(score: int, grades: Sequence[Grade]) -> str | None:
    """Return the name of the grade of a score; a score outside all grades has none."""
    for grade in grades:
        if (grade.min is None or grade.min <= score) and (grade.max is None or score <= grade.max):
            return grade.name
    return None


def problems_of(grades: Sequence[Grade]) -> Iterator[Problem]:
    """Yield what is wrong with the grades, in whichever order they stand."""
    badly = list(_badly_written(grades))
    yield from badly
    if badly:
        return
    grades = [plain(grade) for grade in grades]
    placed = sorted(enumerate(grades), key=lambda placed: (_low(placed[1]), _high(placed[1])))
    yield from _unordered(placed)
    for lower, upper in pairwise(placed):
        yield from _neighbours(lower, upper)
    names = [grade.name for grade in grades]
    for at, name in enumerate(names):
        if name in names[:at]:
            yield Problem(f"/grades/{at}/name", f"There are two grades {name}.")


def _badly_written(grades: Sequence[Grade]) -> Iterator[Problem]:
    for at, grade in enumerate(grades):
        takes = 0 if grade.operator is None else 1 + (grade.operator is GradeOperator.BETWEEN)
        if grade.operator is not None and (grade.min, grade.max) != (None, None):
            yield Problem(f"/grades/{at}/operator", "Say the range either by an operator or by min and max.")
        elif len(grade.values) != takes:
            wants = "Values go with an operator." if not takes else f"“{grade.operator}” takes {takes} of them."
            yield Problem(f"/grades/{at}/values", wants)


def _unordered(placed: Sequence[Placed]) -> Iterator[Problem]:
    for at, grade in placed:
        if _low(grade) > _high(grade):
            yield Problem(f"/grades/{at}", f"The grade {grade.name} begins above its end.")


def _neighbours(lower: Placed, upper: Placed) -> Iterator[Problem]:
    at, grade = upper
    names = f"{lower[1].name} and {grade.name}"
    if _low(grade) <= _high(lower[1]):
        yield Problem(f"/grades/{at}", f"The grades {names} overlap.")
    elif _low(grade) > _high(lower[1]) + 1:
        yield Problem(f"/grades/{at}", f"There is a gap between the grades {names}.")


def _low(grade: Grade) -> float:
    return _LOWEST if grade.min is None else grade.min


def _high(grade: Grade) -> float:
    return _HIGHEST if grade.max is None else grade.max
