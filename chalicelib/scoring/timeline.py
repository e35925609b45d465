"""The score as a function of time: when it first was at the threshold, by one sweep over what changed it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from chalicelib.conditions.facts import Interaction
from chalicelib.scoring.compiler import Occurrences
from chalicelib.scoring.model import Frequency

Step = tuple[datetime, int]
"""An instant and by how much something changes at it."""


@dataclass(frozen=True, slots=True)
class Course:
    """A rule whose records satisfy it, with what qualifies for each of its conditions about interactions."""

    points: int
    counted: Sequence[tuple[Occurrences, Sequence[Interaction]]]

    def most(self) -> int:
        """Return points that the rule never exceeds."""
        times = (len(facts) for occurrences, facts in self.counted if occurrences.frequency is Frequency.EACH)
        return max(0, self.points) * next(times, 1)


def reached_at(courses: Sequence[Course], threshold: int, *, since: datetime | None, now: datetime) -> datetime | None:
    """Return the first instant, of those at which something changed, at which the score was at the threshold or above.

    Besides the changes, `since` and `now` are looked at. None where it never was.
    """
    if sum(course.most() for course in courses) < threshold:
        return None
    score, steps = 0, [(now, 0)] if since is None else [(since, 0), (now, 0)]
    for course in courses:
        at_first, changes = _course(course)
        score += at_first
        steps += changes
    return _first_at(threshold, score, sorted((step for step in steps if step[0] <= now), key=itemgetter(0)))


def _first_at(threshold: int, score: int, steps: Sequence[Step]) -> datetime | None:
    """Return when the sum of the steps is first at the threshold, all steps of one instant taken together."""
    for (at, change), (following, _) in zip(steps, [*steps[1:], (None, 0)], strict=True):
        score += change
        if score >= threshold and at != following:
            return at
    return None


def _course(course: Course) -> tuple[int, Iterable[Step]]:
    """Return the points of a rule before anything happened, and the steps by which they change."""
    if not course.counted:
        return course.points, ()
    counts = [0] * len(course.counted)
    first = course.points * _times(course.counted, counts)
    return first, _changes(course, counts, first)


def _changes(course: Course, counts: list[int], points: int) -> Iterator[Step]:
    happened = sorted(
        (at, index, change) for index, counted in enumerate(course.counted) for at, change in _steps(*counted)
    )
    for at, index, change in happened:
        counts[index] += change
        now = course.points * _times(course.counted, counts)
        if now != points:
            yield at, now - points
            points = now


def _steps(occurrences: Occurrences, facts: Sequence[Interaction]) -> Iterator[Step]:
    for fact in facts:
        yield fact.at, 1
        end = occurrences.deed.window.end(fact.at)
        if end is not None:
            yield end, -1


def _times(counted: Sequence[tuple[Occurrences, Sequence[Interaction]]], counts: Sequence[int]) -> int:
    """Return how often the rule gives its points where the conditions count so many."""
    times = 1
    for (occurrences, _), count in zip(counted, counts, strict=True):
        if occurrences.frequency is Frequency.EACH:
            times *= count
        elif (count >= occurrences.times) is (occurrences.frequency is Frequency.NONE):
            return 0
    return times
