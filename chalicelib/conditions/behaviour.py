"""How often somebody did something within a moving window, and when time alone changes the count."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import groupby
from operator import itemgetter

from chalicelib.conditions.clauses import Test
from chalicelib.conditions.durations import Duration
from chalicelib.conditions.facts import Facts, Interaction, Verdict


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

    def holds(self, at: datetime, now: datetime) -> bool:
        return at <= now and ((end := self.end(at)) is None or now < end)


@dataclass(frozen=True, slots=True)
class Deed:
    """Interactions of one type that satisfy every one of the tests."""

    interaction: str
    tests: tuple[Test, ...]
    window: Window
    include_machine: bool = False

    def among(self, facts: Facts, since: datetime | None = None) -> list[Interaction]:
        """Return the qualifying interactions, of whatever time."""
        return [fact for fact in facts.interactions(self.interaction, since) if self.admits(fact)]

    def admits(self, fact: Interaction) -> bool:
        """Say whether the interaction qualifies; machine and undecided ones do where the clause says so."""
        if fact.verdict is not Verdict.HUMAN and not self.include_machine:
            return False
        return all(test.holds(fact.attributes) for test in self.tests)

    def counted(self, qualifying: Sequence[Interaction], now: datetime) -> list[Interaction]:
        return [fact for fact in qualifying if self.window.holds(fact.at, now)]

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
        count = len(self.deed.counted(qualifying, now))
        holds, later = self.enough(count), count
        for at, change in self.deed.steps_after(qualifying, now):
            later += change
            if self.enough(later) != holds:
                return holds, count, at
        return holds, count, None
