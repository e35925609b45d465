"""Walking the graph: pure decisions up to the next effect, rest or end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.conditions.evaluation import Answer
from chalicelib.conditions.facts import Interaction, Verdict
from chalicelib.journeys.document import JourneyDocument, Rule
from chalicelib.journeys.graph import loops_without_wait
from chalicelib.journeys.rules import Awaited, awaited, effect_id
from chalicelib.journeys.state import Arrival, log_of, log_text, trail_of, trail_text
from chalicelib.journeys.walk import Halt, Walker
from tests.support.journeys import document, mail, ring, wait

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ID = "c.j.1"
HOUR = timedelta(hours=1)


class Known:
    """What a test says about the contact."""

    def __init__(self, *deeds, holds=(), deeds_known=True):
        self.deeds, self.holds, self.deeds_known = deeds, holds, deeds_known

    def interactions(self, type_, since):
        return [deed for deed in self.deeds if deed.type == type_ and (since is None or deed.at >= since)]

    def answer(self, tile, at):
        return Answer((tile, at) in self.holds, (), None)


def walker(tiles, known=None, now=NOW, **more):
    return Walker(JourneyDocument.model_validate(document(tiles, **more)), ID, known or Known(), now)


def deed(type_, at, verdict=Verdict.HUMAN, **attributes):
    return Interaction(f"{type_}-{at:%H%M%S}", type_, at, attributes, verdict)


def to_wait(tiles, known=None, **more):
    """Walk past the email, an hour before now, to the tile that comes next."""
    first = walker(tiles, now=NOW - HOUR, **more)
    return first.done(first.begin())


def if_then(*rules, combine="any", timeout="P1D"):
    return {"kind": "if_then", "rules": list(rules), "combine": combine, "timeout": timeout, "yes": "y", "no": "n"}


def reacting(*rules, **more):
    return {"m": mail("i", pages=["p"], forms=["f"]), "i": if_then(*rules, **more), "y": ring(), "n": ring()}


SEND = effect_id(ID, "m", 1)
OPENED = {"tile": "m", "did": "email_opened"}
CLICKED = {"tile": "m", "did": "email_clicked"}


def figures(state):
    return [(entry.tile, *entry.figures) for entry in state.log]


def test_a_walk_begins_at_the_first_tile_and_stops_before_an_effect():
    begun = walker({"m": mail()}).begin()

    stop = walker({"m": mail()}).walk(begun)

    assert (stop.halt, stop.state.tile, stop.state.visit) == (Halt.EFFECT, "m", 1)


@pytest.mark.rule("JRN-34")
def test_a_contact_moves_on_after_its_message_was_queued_whatever_becomes_of_it():
    here = walker({"m": mail("r"), "r": ring()})

    after = here.done(here.begin(), "intended")

    assert after.tile == "r"
    assert figures(after) == [("m", "entered"), ("m", "processed", "intended"), ("r", "entered")]


@pytest.mark.rule("JRN-41")
def test_a_wait_rests_until_its_time_and_then_passes_on():
    tiles = {"w": wait("PT2H", "r"), "r": ring()}
    begun = walker(tiles).begin()

    early, late = walker(tiles).walk(begun), walker(tiles, now=NOW + 2 * HOUR).walk(begun)

    assert (early.halt, early.until) == (Halt.REST, NOW + 2 * HOUR)
    assert (late.halt, late.state.tile) == (Halt.EFFECT, "r")


@pytest.mark.rule("JRN-35")
def test_a_rule_that_comes_true_takes_the_yes_path_at_once():
    state = to_wait(reacting(OPENED))
    known = Known(deed("EmailOpened", NOW - HOUR / 2, send_id=SEND))

    stop = walker(reacting(OPENED), known).walk(state)

    assert stop.state.tile == "y"
    assert ("i", "processed", "path:yes") in figures(stop.state)


@pytest.mark.rule("JRN-35")
def test_the_timer_is_the_contacts_own_and_takes_the_no_path():
    state = to_wait(reacting(OPENED))

    before = walker(reacting(OPENED)).walk(state)
    after = walker(reacting(OPENED), now=NOW + 23 * HOUR).walk(state)

    assert (before.halt, before.until) == (Halt.REST, NOW + 23 * HOUR)
    assert after.state.tile == "n"


@pytest.mark.rule("JRN-35")
def test_nothing_is_judged_before_the_wait_rows_are_there():
    state = to_wait(reacting(OPENED))
    known = Known(deed("EmailOpened", NOW - HOUR / 2, send_id=SEND), deeds_known=False)

    assert walker(reacting(OPENED), known).walk(state).halt is Halt.REST


def test_the_time_of_the_fact_decides_and_not_the_time_of_waking():
    state = to_wait(reacting(OPENED))
    deadline = NOW + 23 * HOUR
    in_time = Known(deed("EmailOpened", deadline, send_id=SEND))
    too_late = Known(deed("EmailOpened", deadline + timedelta(seconds=1), send_id=SEND))

    assert walker(reacting(OPENED), in_time, now=deadline + HOUR).walk(state).state.tile == "y"
    assert walker(reacting(OPENED), too_late, now=deadline + HOUR).walk(state).state.tile == "n"


def test_what_happened_before_the_named_tile_does_not_count():
    visited = {"tile": "m", "did": "page_visited", "page": "p"}
    state = to_wait(reacting(visited))
    earlier = Known(deed("WebsiteVisited", NOW - 2 * HOUR, page_id="p"))
    later = Known(deed("WebsiteVisited", NOW - HOUR / 2, page_id="p"))

    assert walker(reacting(visited), earlier).walk(state).halt is Halt.REST
    assert walker(reacting(visited), later).walk(state).state.tile == "y"


def test_an_undecided_fact_makes_the_deadline_wait_for_its_verdict():
    state = to_wait(reacting(CLICKED))
    late = NOW + 23.5 * HOUR
    maybe = Known(deed("EmailClicked", NOW, Verdict.UNDECIDED, send_id=SEND))

    waits = walker(reacting(CLICKED), maybe, now=late).walk(state)
    gives_up = walker(reacting(CLICKED), maybe, now=late + 2 * HOUR).walk(state)

    assert waits.halt is Halt.REST
    assert gives_up.state.tile == "n"


def test_what_a_machine_did_counts_for_nothing():
    state = to_wait(reacting(CLICKED))
    scanner = Known(deed("EmailClicked", NOW, Verdict.MACHINE, send_id=SEND))

    assert walker(reacting(CLICKED), scanner, now=NOW + 24 * HOUR).walk(state).state.tile == "n"


@pytest.mark.rule("JRN-37")
@pytest.mark.parametrize(
    ("rule", "happened"),
    [
        ({"did": "email_delivered"}, deed("EmailDelivered", NOW, send_id=SEND)),
        ({"did": "email_opened"}, deed("EmailOpened", NOW, send_id=SEND)),
        ({"did": "email_clicked"}, deed("EmailClicked", NOW, send_id=SEND, link="a")),
        (
            {"did": "email_clicked", "link": "https://x.test/b"},
            deed("EmailClicked", NOW, send_id=SEND, url="https://x.test/b"),
        ),
        ({"did": "email_hard_bounced"}, deed("EmailHardBounced", NOW, send_id=SEND)),
        ({"did": "email_soft_bounced"}, deed("EmailSoftBounced", NOW, send_id=SEND)),
        ({"did": "page_visited", "page": "p"}, deed("WebsiteVisited", NOW, page_id="p")),
        ({"did": "page_registered", "page": "p"}, deed("FormSubmitted", NOW, page_id="p", form_id="x")),
        ({"did": "form_visited", "form": "f"}, deed("FormVisited", NOW, form_id="f")),
        ({"did": "form_submitted", "form": "f"}, deed("FormSubmitted", NOW, form_id="f")),
    ],
)
def test_every_condition_sees_its_fact_and_no_other(rule, happened):
    tiles = reacting({"tile": "m", **rule})
    state = to_wait(tiles)
    other = Interaction("x", happened.type, NOW, {"send_id": "other", "page_id": "other", "form_id": "other"})

    assert walker(tiles, Known(happened)).walk(state).state.tile == "y"
    assert walker(tiles, Known(other)).walk(state).halt is Halt.REST


@pytest.mark.rule("JRN-37")
def test_a_click_on_another_link_is_not_a_click_on_this_one():
    tiles = reacting({**CLICKED, "link": "offer"})
    known = Known(deed("EmailClicked", NOW, send_id=SEND, link="imprint"))

    assert walker(tiles, known).walk(to_wait(tiles)).halt is Halt.REST


@pytest.mark.rule("JRN-38")
def test_a_delivery_counts_although_the_message_bounces_later():
    tiles = reacting({"tile": "m", "did": "email_delivered"})
    known = Known(deed("EmailDelivered", NOW, send_id=SEND), deed("EmailHardBounced", NOW, send_id=SEND))

    assert walker(tiles, known).walk(to_wait(tiles)).state.tile == "y"


@pytest.mark.rule("JRN-36")
def test_rules_are_combined_by_and_or_by_or():
    opened = Known(deed("EmailOpened", NOW, send_id=SEND))
    every = reacting(OPENED, CLICKED, combine="all")
    anyone = reacting(OPENED, CLICKED, combine="any")

    assert walker(every, opened).walk(to_wait(every)).halt is Halt.REST
    assert walker(anyone, opened).walk(to_wait(anyone)).state.tile == "y"


def test_a_rule_about_a_tile_the_contact_did_not_pass_stays_false():
    way = {"name": "a", "condition": {"field": "contact.city", "operator": "is_present"}, "next": "m"}
    tiles = {"b": {"kind": "branch", "branches": [way], "otherwise": "i"}, **reacting(OPENED)}
    state = walker(tiles, now=NOW - HOUR).walk(walker(tiles, now=NOW - HOUR).begin()).state

    assert state.tile == "i"
    assert walker(tiles, now=NOW + 24 * HOUR).walk(state).state.tile == "n"


def test_a_branch_takes_the_first_way_that_holds_else_the_other():
    condition = {"field": "contact.city", "operator": "is_present"}
    ways = [{"name": name, "condition": condition, "next": name} for name in ("a", "b")]
    tiles = {"x": {"kind": "branch", "branches": ways, "otherwise": "o"}, "a": ring(), "b": ring(), "o": ring()}

    def taken(*holds):
        here = walker(tiles, Known(holds=holds))
        return here.walk(here.begin()).state

    assert taken(("x", 0), ("x", 1)).tile == "a"
    assert taken(("x", 1)).tile == "b"
    assert taken().tile == "o"
    assert ("x", "processed", "path:b") in figures(taken(("x", 1)))


def test_a_second_visit_of_a_tile_is_counted_and_makes_something_else():
    tiles = {"m": mail("w"), "w": wait("PT1H", "m")}
    here = walker(tiles)
    waiting = here.walk(here.done(here.begin())).state
    again = walker(tiles, now=NOW + HOUR).walk(waiting).state

    assert (again.tile, again.visit) == ("m", 2)
    assert effect_id(ID, "m", 1) != effect_id(ID, "m", 2)


def test_the_state_is_the_same_after_being_stored():
    here = walker({"m": mail("r"), "r": ring()})
    state = here.done(here.begin(), why="made x")

    assert trail_of(trail_text(state.trail)) == state.trail
    assert log_of(log_text(state.log)) == state.log


def built(kind, one, other):
    way = {"name": "w", "condition": {"field": "contact.city", "operator": "is_present"}, "next": one}
    branch = {"kind": "branch", "branches": [way], "otherwise": other}
    return {"ring": ring(one), "wait": wait("PT1H", one), "branch": branch}[kind]


names = some.sampled_from("abcdefgh")
kinds = some.sampled_from(["ring", "wait", "branch"])


@settings(deadline=None)
@given(some.dictionaries(names, some.tuples(kinds, names, names), min_size=1), some.integers(0, 2**16))
def test_every_walk_ends_or_rests_and_never_goes_round_without_a_wait(graph, coin):
    tiles = {
        name: built(kind, *(each if each in graph else None for each in ways)) for name, (kind, *ways) in graph.items()
    }
    content = document(tiles)
    if loops_without_wait(JourneyDocument.model_validate(content)):
        return
    holds = [(name, 0) for at, name in enumerate(sorted(graph)) if coin >> at & 1]
    now, state, since_wait = NOW, walker(tiles).begin(), 0

    for _ in range(60):
        here = walker(tiles, Known(holds=holds), now=now)
        stop = here.walk(state)
        assert here.walk(state) == stop
        if stop.halt is Halt.END:
            return
        if stop.halt is Halt.REST:
            assert stop.until > now
            now, state, since_wait = stop.until, stop.state, 0
        else:
            since_wait += 1
            assert since_wait <= len(tiles)
            state = here.done(stop.state)


@pytest.mark.rule("EVT-18", "JRN-37")
@pytest.mark.parametrize(
    ("did", "type_"),
    [
        ("event_registered", "EventRegistration"),
        ("event_canceled", "EventRegistrationCanceled"),
        ("event_attended", "EventCheckIn"),
    ],
)
def test_a_rule_about_an_event_waits_for_what_happens_there_from_the_tile_on(did, type_):
    rule = Rule.model_validate({"tile": "w", "did": did, "event": "regatta"})

    wanted = awaited(rule, ID, {"w": Arrival(1, NOW)})

    assert wanted == Awaited(type_, "regatta", NOW, "event_id")
    assert wanted.matches(deed(type_, NOW, event_id="regatta"))
    assert not wanted.matches(deed(type_, NOW, event_id="gala"))
