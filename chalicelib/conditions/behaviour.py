"""How often somebody did something within a moving window, and when time alone changes the count."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby
from operator import attrgetter, itemgetter

from msgspec import Struct
from msgspec.structs import force_setattr

from chalicelib.conditions.clauses import Test
from chalicelib.conditions.durations import Duration
from chalicelib.conditions.facts import Facts, Interaction

_AT = attrgetter("at")
_SLACK = timedelta(days=2)  # more than clocks of any zone were ever put forward or back
_LONG_AGO, _FAR_AWAY = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Window(Struct, frozen=True):
    """How long an interaction counts: from its own instant until before it has aged by `length`; None is for ever."""

    length: Duration | None
    zone: tzinfo = UTC
    elapsed: timedelta | None = None
    """The length where it is the same at every time; None where it is for ever or steps by the calendar."""

    def __post_init__(self) -> None:
        same = self.length is not None and not self.length.in_months
        force_setattr(self, "elapsed", self.length.elapsed if self.length and same else None)

    @property
    def steady(self) -> bool:
        """Whether every interaction counts equally long."""
        return self.length is None or self.elapsed is not None

    def end(self, at: datetime) -> datetime | None:
        """Return when an interaction of that instant stops to count."""
        if self.elapsed is not None and at < _FAR_AWAY:
            return at + self.elapsed
        return None if self.length is None else self.length.after(at, self.zone)

    def reaches_back(self, now: datetime) -> datetime | None:
        """Return an instant before which nothing counts now."""
        if self.length is None:
            return None
        try:
            return now - self.length.longest
        except OverflowError:
            return None

    def counted(self, happened: Sequence[Interaction], now: datetime) -> Sequence[Interaction]:
        """Return those of the interactions, none of which is later than `now`, that still count at `now`."""
        if self.length is None or not happened:
            return happened
        if self.elapsed is None or now < _LONG_AGO:
            return self._by_calendar(self.length, happened, now)
        gone = bisect_right(happened, now - self.elapsed, key=_AT)
        return happened[gone:] if gone else happened

    def _by_calendar(self, length: Duration, happened: Sequence[Interaction], now: datetime) -> Sequence[Interaction]:
        """Step only from those that are about as old as the window is long: few are, and each step is dear."""
        if now < _LONG_AGO:
            return [fact for fact in happened if now < length.after(fact.at, self.zone)]
        gone = bisect_right(happened, now - length.longest - _SLACK, key=_AT)
        still = bisect_right(happened, now - length.shortest + _SLACK, lo=gone, key=_AT)
        edge = [fact for fact in happened[gone:still] if now < length.after(fact.at, self.zone)]
        return [*edge, *happened[still:]]

    def first_end(self, counted: Sequence[Interaction]) -> datetime | None:
        """Return when the first of them stops to count."""
        if self.length is None or not counted:
            return None
        if self.elapsed is None:
            return min(self.length.after(fact.at, self.zone) for fact in counted)
        return self.end(counted[0].at)

    def last_end(self, counted: Sequence[Interaction]) -> datetime | None:
        """Return when the last of them stops to count."""
        if self.length is None or not counted:
            return None
        if self.elapsed is None:
            return max(self.length.after(fact.at, self.zone) for fact in counted)
        return self.end(counted[-1].at)


def until(facts: Sequence[Interaction], now: datetime) -> Sequence[Interaction]:
    """Return the interactions, which are in the order of time, without those dated later than `now` (decision 7)."""
    if not facts or facts[-1].at <= now:
        return facts
    return [fact for fact in facts if fact.at <= now]


class Deed(Struct, frozen=True):
    """Interactions of one type that satisfy every one of the tests."""

    interaction: str
    tests: tuple[Test, ...]
    window: Window
    include_machine: bool = False

    def among(self, facts: Facts, since: datetime | None = None) -> Sequence[Interaction]:
        """Return the qualifying interactions, of whatever time; not what a machine did, unless the clause says so."""
        known = facts.interactions(self.interaction, since, machines=self.include_machine)
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


class Frequency(Struct, frozen=True):
    """A deed, and how often it has to have been done."""

    deed: Deed
    enough: Callable[[int], bool]
    text: str

    def judge(self, facts: Facts, now: datetime) -> tuple[bool, int, datetime | None]:
        """Return whether it holds, the count, and when time alone will next change whether it holds."""
        qualifying = self.deed.among(facts, self.deed.window.reaches_back(now))
        count = len(self.deed.window.counted(until(qualifying, now), now))
        holds, later = self.enough(count), count
        for at, change in self.deed.steps_after(qualifying, now):
            later += change
            if self.enough(later) != holds:
                return holds, count, at
        return holds, count, None
