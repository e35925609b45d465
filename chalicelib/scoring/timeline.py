"""The score as a function of time: when it first was at the threshold, by one sweep over what changed it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from chalicelib.conditions.facts import Interaction
from chalicelib.scoring.model import Frequency
from chalicelib.scoring.tallies import Tally

_EACH = Frequency.EACH
_INSTANT = itemgetter(0)

Step = tuple[datetime, int]
"""An instant and by how much something changes at it."""


Span = tuple[datetime, datetime | None]
"""A time from an instant until before another; None is until now."""


class Course(Protocol):
    """A rule with what its conditions about interactions counted; without points where its records deny them."""

    @property
    def points(self) -> int: ...
    @property
    def tallies(self) -> Sequence[Tally]: ...


def _most(course: Course, *, closely: bool = False) -> int:
    """Return points that the rule never exceeded; `closely` looks how many occurrences counted at one time."""
    points = course.points
    if points <= 0:
        return 0
    for tally in course.tallies:
        if tally.occurrences.frequency is _EACH:
            length = tally.occurrences.deed.window.elapsed if closely else None
            return points * (len(tally.happened) if length is None else _most_at_once(tally.happened, length))
    return points


def _most_at_once(happened: Sequence[Interaction], length: timedelta) -> int:
    """Return the largest number of occurrences, which are in the order of time, within one length."""
    first = 0
    for last in happened:
        if last.at - happened[first].at >= length:
            first += 1  # the span moves on as wide as it ever was
    return len(happened) - first


def reached_at(courses: Sequence[Course], threshold: int, *, since: datetime | None, now: datetime) -> datetime | None:
    """Return the first instant, of those at which something changed, at which the score was at the threshold or above.

    Besides the changes, `since` and `now` are looked at. None where it never was.
    """
    if sum([_most(course) for course in courses]) < threshold:
        return None
    if sum([_most(course, closely=True) for course in courses]) < threshold:
        return None
    return _first_at(threshold, *_steps_of(courses, since, now))


def spans(courses: Sequence[Course], threshold: int, *, since: datetime, now: datetime) -> list[Span]:
    """Return when the score was at the threshold or above, of the instants at which something changed and `now`."""
    score, steps = _steps_of(courses, since, now)
    found: list[Span] = []
    begun: datetime | None = None
    for at, together in groupby(steps, key=_INSTANT):
        score += sum(change for _, change in together)
        if begun is None and score >= threshold:
            begun = at
        elif begun is not None and score < threshold:
            found.append((begun, at))
            begun = None
    return found if begun is None else [*found, (begun, None)]


def _steps_of(courses: Sequence[Course], since: datetime | None, now: datetime) -> tuple[int, Sequence[Step]]:
    """Return the score before anything happened, and the steps until now, in the order of time."""
    score, steps = 0, [(now, 0)] if since is None else [(since, 0), (now, 0)]
    for course in courses:
        at_first, changes = _course(course)
        score += at_first
        steps += changes
    return score, sorted([step for step in steps if step[0] <= now], key=_INSTANT)


def _first_at(threshold: int, score: int, steps: Sequence[Step]) -> datetime | None:
    """Return when the sum of the steps is first at the threshold, all steps of one instant taken together."""
    current = steps[0][0]
    for at, change in steps:
        if score >= threshold and at != current:
            return current
        score, current = score + change, at
    return current if score >= threshold else None


def _course(course: Course) -> tuple[int, Iterable[Step]]:
    """Return the points of a rule before anything happened, and the steps by which they change."""
    if not course.tallies:
        return course.points, ()
    if len(course.tallies) == 1 and course.tallies[0].occurrences.deed.window.steady:
        return _alone(course.points, course.tallies[0])
    counts = [0] * len(course.tallies)
    first = course.points * _times(course.tallies, counts)
    return first, _changes(course, counts, first)


def _alone(points: int, tally: Tally) -> tuple[int, Iterable[Step]]:
    """The steps of a rule with one condition, whose occurrences all count equally long: no counting is needed."""
    occurrences, instants = tally.occurrences, [fact.at for fact in tally.happened]
    length = occurrences.deed.window.elapsed
    if occurrences.frequency is Frequency.EACH:
        gone = [] if length is None else [(at + length, -points) for at in instants]
        return 0, [(at, points) for at in instants] + gone
    none = occurrences.frequency is Frequency.NONE
    change = -points if none else points
    begun, over = _spans(instants, occurrences.times, length)
    return points if none else 0, [(at, change) for at in begun] + [(at, -change) for at in over]


def _spans(
    instants: Sequence[datetime], times: int, length: timedelta | None
) -> tuple[Sequence[datetime], Sequence[datetime]]:
    """Return since when and until when at least `times` of the instants lie within `length`."""
    if length is None:
        return instants[times - 1 : times], ()
    begun: list[datetime] = []
    over: list[datetime] = []
    for first, last in zip(instants, instants[times - 1 :], strict=False):
        end = first + length
        if over and last <= over[-1]:
            over[-1] = end
        elif last < end:
            begun.append(last)
            over.append(end)
    return begun, over


def _changes(course: Course, counts: list[int], points: int) -> Iterator[Step]:
    happened = sorted((at, index, change) for index, tally in enumerate(course.tallies) for at, change in _steps(tally))
    for at, index, change in happened:
        counts[index] += change
        now = course.points * _times(course.tallies, counts)
        if now != points:
            yield at, now - points
            points = now


def _steps(tally: Tally) -> Iterator[Step]:
    for fact in tally.happened:
        yield fact.at, 1
        end = tally.occurrences.deed.window.end(fact.at)
        if end is not None:
            yield end, -1


def _times(tallies: Sequence[Tally], counts: Sequence[int]) -> int:
    """Return how often the rule gives its points where the conditions count so many."""
    times = 1
    for tally, count in zip(tallies, counts, strict=True):
        occurrences = tally.occurrences
        if occurrences.frequency is Frequency.EACH:
            times *= count
        elif (count >= occurrences.times) is (occurrences.frequency is Frequency.NONE):
            return 0
    return times
