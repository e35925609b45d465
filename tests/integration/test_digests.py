"""Digests: whatever happens, and whenever it is packed, whoever reads is told what the rows say."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from chalicelib import dynamodb
from chalicelib.conditions.facts import Verdict
from chalicelib.dynamodb import Key, change, commit, delete, read
from chalicelib.interactions import digesting, packing, plans, reading, service
from chalicelib.interactions.models import Digest, Interaction, Late
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from tests.support.between import before_the_next_write
from tests.support.meter import metered

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
CLICKED = InteractionType.EMAIL_CLICKED
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_people = count()


def click(contact, event, at, now=None, verdict="human", **attributes):
    source = f"{contact}-{event}"
    new = NewInteraction(CLICKED, at, "test", source, contact_id=contact, attributes=attributes, verdict=verdict)
    commit(plans.record(new, now or at))
    return new.id


def raw(contact, since=None):
    """What the rows say, read one by one: the oracle."""
    return [reading.told_of(row) for row in service.of_contact(contact, CLICKED, since)]


def told(contact, since=None):
    return reading.told(contact, CLICKED, since)


def digests(contact):
    return list(reading.digests_of(f"CONTACT#{contact}", CLICKED))


def marks(contact):
    return list(reading.marked_of(f"CONTACT#{contact}", CLICKED))


def digest_all(contact, now=NOW):
    while digesting.digest(contact, CLICKED, now):
        pass


@pytest.fixture
def small(monkeypatch):
    """Bounds so small that a handful of rows meets every one of them."""
    monkeypatch.setattr(reading, "LOOSE", 4)
    monkeypatch.setattr(reading, "MANY", 3)
    monkeypatch.setattr(digesting, "MOST_ROWS", 5)
    monkeypatch.setattr(digesting, "MOST_MARKS", 3)
    monkeypatch.setattr(digesting, "TOGETHER", 2)
    monkeypatch.setattr(packing, "FULL", 300)
    monkeypatch.setattr(packing, "AT_ONCE", 300)


def test_few_rows_are_read_as_they_lie_in_one_request():
    for number in range(5):
        click("c", number, NOW - number * DAY, email_id="e")

    with metered() as usage:
        found = told("c")

    assert found == raw("c")
    assert usage.requests == {"Query": 1}


def history(contact, number, first):
    """Write clicks, evenly until two hours ago, each recorded in its time."""
    step = (NOW - timedelta(hours=2) - first) / number
    instants = [first + each * step for each in range(number)]
    news = [
        NewInteraction(
            CLICKED, at, "test", f"{contact}-{at}", contact_id=contact, attributes={"email_id": f"e{at.day}"}
        )
        for at in instants
    ]
    for start in range(0, number, 100):
        commit(*[plans.record(new, new.at) for new in news[start : start + 100]])


def test_rows_read_without_their_model_tell_what_it_tells():
    at = NOW + timedelta(microseconds=7)
    for event, more in enumerate([{}, {"attributes": {"email_id": "e"}}, {"lead_id": "l"}, {"verdict": "undecided"}]):
        commit(plans.record(NewInteraction(CLICKED, at, "test", str(event), contact_id="c", **more), NOW))

    told = reading.told("c", CLICKED)

    assert told == raw("c")
    assert [each.at for each in told] == [at] * 4


def test_a_part_of_an_item_is_metered_as_the_whole_that_is_paid_for():
    click("c", "1", NOW, link="x" * 5000)

    with metered() as usage:
        found, more = dynamodb.query_between(Interaction, "CONTACT#c", (f"{CLICKED}#", f"{CLICKED}#~"), ("sk",))

    assert (len(found), more, usage.read_units) == (1, False, 2)


def test_who_reads_many_loose_rows_asks_for_a_digest_and_the_queue_makes_it(world):
    history("c", 250, NOW - 20 * DAY)

    told("c")
    world.settle()

    [month] = digests("c")
    assert month.number == 250
    with metered() as usage:
        assert told("c") == raw("c")[:250]
    assert usage.requests["Query"] == 4
    assert [each.function for each in world.recorded if each.function == "digest_interactions"] != []
    told("c")
    assert world.queues["digest"] == []


def test_a_late_fact_of_a_digested_month_is_told_at_once_and_then_digested(small):
    history("c", 12, NOW - 60 * DAY)
    digest_all("c")

    late = click("c", "late", NOW - 40 * DAY, NOW)

    assert late in [each.id for each in told("c")]
    assert [each.row for each in marks("c")] == [Interaction.place("", CLICKED, NOW - 40 * DAY, late)[1]]
    digest_all("c")
    assert marks("c") == []
    assert told("c") == raw("c")


def test_a_prompt_fact_costs_one_write_and_a_late_one_leaves_its_mark_in_the_same_transaction():
    with metered() as usage:
        click("c", "prompt", NOW - 15 * MINUTE, NOW)
    assert (usage.write_units, marks("c")) == (1, [])

    with metered() as usage:
        click("c", "late", NOW - 16 * MINUTE, NOW)
    assert usage.requests == {"TransactWriteItems": 1}
    assert len(marks("c")) == 1


def test_what_may_still_be_on_its_way_is_in_no_digest():
    click("c", "old", NOW - 2 * timedelta(hours=1))
    click("c", "young", NOW - timedelta(minutes=59))
    click("c", "ahead", NOW + DAY, NOW)

    digest_all("c")

    [month] = digests("c")
    assert month.number == 1
    digest_all("c", NOW + 2 * DAY)
    assert [each.number for each in digests("c")] == [3]


def test_marks_of_rows_that_have_not_settled_wait_and_ask_for_no_further_work(small):
    history("c", 5, NOW - 20 * DAY)
    digest_all("c")
    for number in range(4):
        click("c", f"late-{number}", NOW - 20 * MINUTE, NOW)

    assert not digesting.digest("c", CLICKED, NOW)

    assert len(marks("c")) == 4
    assert told("c") == raw("c")


def test_a_verdict_that_falls_late_is_told_although_the_digest_holds_another(small):
    history("c", 12, NOW - 20 * DAY)
    undecided = click("c", "u", NOW - 15 * DAY, verdict="undecided")
    digest_all("c")
    assert verdict_of(undecided) == Verdict.UNDECIDED

    [row] = [each for each in service.of_contact("c", CLICKED) if each.interaction_id == undecided]
    assert service.decide(row.pk, row.sk, Verdict.MACHINE, ["why"], NOW)

    assert verdict_of(undecided) == Verdict.MACHINE
    digest_all("c")
    assert verdict_of(undecided) == Verdict.MACHINE
    assert marks("c") == []


def verdict_of(identity):
    return next(each.verdict for each in told("c") if each.id == identity)


def test_what_a_visitor_did_is_credited_with_marks_and_told(small):
    history("c", 12, NOW - 20 * DAY)
    digest_all("c")
    for number in range(5):
        at = NOW - 10 * DAY + number * MINUTE
        new = NewInteraction(CLICKED, at, "visit", str(number), visitor_id="v")
        commit(plans.record(new, at))

    assert service.credit("v", "c", NOW).number == 5

    assert len(told("c")) == 17
    digest_all("c")
    assert marks("c") == []
    assert told("c") == raw("c")


def test_history_of_many_years_is_told_and_a_window_reads_its_own_months_only():
    history("c", 240, NOW - 3600 * DAY)
    digest_all("c")

    assert told("c") == raw("c")
    assert len(digests("c")) > 100
    since = NOW - 3000 * DAY
    with metered() as usage:
        assert told("c", since) == raw("c", since)
    assert usage.read_units < 40
    assert len(list(reading.digests_of("CONTACT#c", CLICKED, since))) < 110


def test_a_fact_that_lies_in_the_future_is_told_by_whoever_reads_digests(small):
    history("c", 12, NOW - 20 * DAY)
    digest_all("c")
    ahead = [click("c", f"ahead-{number}", NOW + number * DAY, NOW) for number in range(1, 7)]

    assert {each.id for each in told("c")} >= set(ahead)
    digest_all("c")
    assert told("c") == raw("c")


def test_of_two_who_digest_at_once_one_stops_and_nothing_is_lost_or_doubled(small):
    history("c", 12, NOW - 20 * DAY)
    click("c", "late", NOW - 19 * DAY, NOW)

    with before_the_next_write(lambda: digesting.digest("c", CLICKED, NOW)):
        assert not digesting.digest("c", CLICKED, NOW)
        assert told("c") == raw("c")

    digest_all("c")
    assert told("c") == raw("c")
    assert sum(each.number for each in digests("c")) == 13


def test_a_mark_that_is_set_anew_while_its_row_is_digested_stays(small):
    history("c", 12, NOW - 20 * DAY)
    digest_all("c")
    undecided = click("c", "u", NOW - 10 * DAY, NOW, verdict="undecided")
    [row] = [each for each in service.of_contact("c", CLICKED) if each.interaction_id == undecided]
    decided = []

    def decide():
        decided.append(service.decide(row.pk, row.sk, Verdict.HUMAN, [], NOW + MINUTE))

    with before_the_next_write(decide):
        digesting.digest("c", CLICKED, NOW)

    assert decided == [True]
    assert len(marks("c")) == 1
    assert verdict_of(undecided) == Verdict.HUMAN


def test_the_rows_of_a_deleted_contact_go_with_their_digests_and_marks(small):
    history("c", 12, NOW - 20 * DAY)
    digest_all("c")
    click("c", "late", NOW - 10 * DAY, NOW)

    assert service.sweep("c")

    assert (digests("c"), marks("c"), raw("c")) == ([], [], [])


def test_a_digest_that_tells_otherwise_than_the_rows_is_mended(small):
    history("c", 12, NOW - 20 * DAY)
    digest_all("c")
    assert digesting.mend("c", NOW) == 0
    first, second, *_ = service.of_contact("c", CLICKED)
    change(delete(Key(Interaction, first.pk, first.sk)))
    second.verdict = "machine"
    commit([dynamodb.put(second)])
    assert told("c") != raw("c")

    assert digesting.mend("c", NOW) == 2

    assert told("c") == raw("c")
    digest_all("c")
    assert (marks("c"), told("c")) == ([], raw("c"))
    assert digesting.mend("c", NOW) == 0


# Everything at once ------------------------------------------------------------------------------------------------

EVENTS = some.lists(
    some.one_of(
        some.tuples(some.just("prompt"), some.integers(0, 14)),
        some.tuples(some.just("late"), some.integers(16, 60 * 24 * 70)),
        some.tuples(some.just("ahead"), some.integers(1, 60 * 24 * 9)),
        some.tuples(some.just("undecided"), some.integers(0, 60 * 24 * 3)),
        some.tuples(some.just("decide"), some.integers(0, 9)),
        some.tuples(some.just("pass"), some.integers(1, 60 * 24 * 20)),
        some.tuples(some.just("digest"), some.integers(0, 6)),
    ),
    min_size=8,
    max_size=25,
)


class Life:
    """A contact whose clicks come, late or not, and are decided, while they are digested and read."""

    def __init__(self):
        self.contact, self.clock, self.number = f"person-{next(_people)}", NOW, 0
        self.undecided = []

    def happen(self, what, value):
        getattr(self, f"_{what}")(value)

    def _click(self, at, verdict="human"):
        self.number += 1
        more = {"properties": {"n": self.number}} if self.number % 3 else {"email_id": f"e{self.number % 2}"}
        identity = click(self.contact, self.number, at, self.clock, verdict, **more)
        if verdict == "undecided":
            self.undecided.append(Interaction.place(f"CONTACT#{self.contact}", CLICKED, at, identity))

    def _prompt(self, minutes):
        self.clock += MINUTE
        self._click(self.clock - minutes * MINUTE)

    def _late(self, minutes):
        self._click(self.clock - minutes * MINUTE)

    def _ahead(self, minutes):
        self._click(self.clock + minutes * MINUTE)

    def _undecided(self, minutes):
        self._click(self.clock - minutes * MINUTE, "undecided")

    def _decide(self, which):
        if self.undecided:
            place = self.undecided.pop(which % len(self.undecided))
            service.decide(*place, Verdict.HUMAN if which % 2 else Verdict.MACHINE, [], self.clock)

    def _pass(self, minutes):
        self.clock += minutes * MINUTE

    def _digest(self, _):
        digesting.digest(self.contact, CLICKED, self.clock)

    def agrees(self, *windows):
        for since in (None, *windows):
            assert told(self.contact, since) == raw(self.contact, since)


PLAIN = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@PLAIN
@given(events=EVENTS)
def test_after_any_sequence_of_facts_verdicts_and_digests_what_is_told_is_what_the_rows_say(small, events):
    life = Life()

    for what, value in events:
        life.happen(what, value)
        life.agrees()

    digest_all(life.contact, life.clock + 30 * DAY)
    life.agrees(NOW - 30 * DAY, life.clock - 2 * DAY)
    assert digesting.mend(life.contact, life.clock) == 0


@contextmanager
def between_calls(events):
    """Let something happen before each call of the database that is made meanwhile; its own calls do not count."""
    hooks = [client.meta.events for client in (dynamodb.reader().client, dynamodb.writer())]
    inside = []

    def meet(**_):
        if inside:
            return
        inside.append(True)
        try:
            next(events, lambda: None)()
        finally:
            inside.clear()

    for hook in hooks:
        hook.register("before-call.dynamodb.*", meet)
    try:
        yield
    finally:
        for hook in hooks:
            hook.unregister("before-call.dynamodb.*", meet)


@PLAIN
@given(before=EVENTS, meanwhile=EVENTS)
def test_whoever_reads_while_facts_come_and_are_digested_is_told_all_that_was_there_before(small, before, meanwhile):
    life = Life()
    for what, value in before:
        life.happen(what, value)
    known = {each.id: each for each in raw(life.contact)}

    with between_calls(iter([lambda each=each: life.happen(*each) for each in meanwhile])):
        found = {each.id: each for each in told(life.contact)}

    after = {each.id: each for each in raw(life.contact)}
    assert known.keys() <= found.keys() <= after.keys()
    assert all(found[each] in (known[each], after[each]) for each in known)
    decided = [each for each in known if known[each].verdict is not Verdict.UNDECIDED]
    assert all(found[each] == known[each] for each in decided)


@PLAIN
@given(before=EVENTS, meanwhile=EVENTS)
def test_whoever_reads_while_digests_are_being_made_is_told_what_the_rows_say(small, before, meanwhile):
    life = Life()
    for what, value in before:
        life.happen(what, value)

    def looked_at(each):
        life.happen(*each)
        life.agrees()

    with between_calls(iter([lambda each=each: looked_at(each) for each in meanwhile])):
        digesting.digest(life.contact, CLICKED, life.clock)

    life.agrees()
    digest_all(life.contact, life.clock + 30 * DAY)
    life.agrees(NOW - 30 * DAY, life.clock - 2 * DAY)
    assert digesting.mend(life.contact, life.clock) == 0


def test_a_digest_is_read_back_as_it_was_packed():
    history("c", 30, NOW - 2 * DAY)

    assert packing.unpack(CLICKED, packing.pack(raw("c"))) == raw("c")
    assert read([Key(Digest, "CONTACT#c", "none"), Key(Late, "CONTACT#c", "none")]) == [None, None]
