"""How often somebody did something within a moving window, and when time alone changes the count."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import groupby
from operator import itemgetter

from chalicelib.conditions.clauses import Test
from chalicelib.conditions.durations import BEGINNING_OF_TIME, Duration
from chalicelib.conditions.facts import Facts, Interaction, Verdict

_HUMAN = Verdict.HUMAN


@dataclass(frozen=True, slots=True)
class Window:
    """How long an interaction counts: from its own instant until before it has aged by `length`; None is for ever."""

    length: Duration | None
    zone: tzinfo = UTC

    def end(self, at: datetime) -> datetime | None:
        return None if self.length is None else self.length.after(at, self.zone)

    def reaches_back(self, now: datetime) -> datetime | None:
        """Return an instant before which nothing counts now."""
        if self.length is None:
            return None
        try:
            return now - self.length.longest
        except OverflowError:
            return None

    def counted(self, qualifying: Sequence[Interaction], now: datetime) -> Sequence[Interaction]:
        """Return those of the interactions, which are in the order of time, that count at the instant `now`."""
        if self.length is None:
            return qualifying if not qualifying or qualifying[-1].at <= now else _until(qualifying, now)
        if self.length.in_months:
            return [fact for fact in _until(qualifying, now) if now < self.length.after(fact.at, self.zone)]
        start = self.reaches_back(now) or BEGINNING_OF_TIME
        return [fact for fact in qualifying if start < fact.at <= now]

    def first_end(self, counted: Sequence[Interaction]) -> datetime | None:
        """Return when the first of them stops to count."""
        if self.length is None or not counted:
            return None
        if self.length.in_months:
            return min(self.length.after(fact.at, self.zone) for fact in counted)
        return self.length.after(counted[0].at)

    def last_end(self, counted: Sequence[Interaction]) -> datetime | None:
        """Return when the last of them stops to count."""
        if self.length is None or not counted:
            return None
        return max(self.length.after(fact.at, self.zone) for fact in counted)


def _until(qualifying: Sequence[Interaction], now: datetime) -> list[Interaction]:
    return [fact for fact in qualifying if fact.at <= now]


@dataclass(frozen=True, slots=True)
class Deed:
    """Interactions of one type that satisfy every one of the tests."""

    interaction: str
    tests: tuple[Test, ...]
    window: Window
    include_machine: bool = False

    def among(self, facts: Facts, since: datetime | None = None) -> Sequence[Interaction]:
        """Return the qualifying interactions, of whatever time; not what a machine did, unless the clause says so."""
        known = facts.interactions(self.interaction, since)
        if not self.include_machine:
            known = [fact for fact in known if fact.verdict is _HUMAN]
        for test in self.tests:
            holds = test.holds
            known = [fact for fact in known if holds(fact.attributes)]
        return known

    def steps_after(self, qualifying: Sequence[Interaction], now: datetime) -> Iterator[tuple[datetime, int]]:
        """Yield when the count changes after `now`, and by how much: what is dated later comes, what is old goes."""
        steps = [(at, change) for fact in qualifying for at, change in self._steps(fact) if at > now]
        for at, together in groupby(sorted(steps), key=itemgetter(0)):
            yield at, sum(change for _, change in together)

    def _steps(self, fact: Interaction) -> Iterator[tuple[datetime, int]]:
        yield fact.at, 1
        end = self.window.end(fact.at)
        if end is not None:
            yield end, -1


@dataclass(frozen=True, slots=True)
class Frequency:
    """A deed, and how often it has to have been done."""

    deed: Deed
    enough: Callable[[int], bool]
    text: str

    def judge(self, facts: Facts, now: datetime) -> tuple[bool, int, datetime | None]:
        """Return whether it holds, the count, and when time alone will next change whether it holds."""
        qualifying = self.deed.among(facts, self.deed.window.reaches_back(now))
        count = len(self.deed.window.counted(qualifying, now))
        holds, later = self.enough(count), count
        for at, change in self.deed.steps_after(qualifying, now):
            later += change
            if self.enough(later) != holds:
                return holds, count, at
        return holds, count, None
