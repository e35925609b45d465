"""A static membership is of the contact that was picked by hand, whoever it is merged into meanwhile (decision 41)."""

from itertools import permutations

import pytest

from chalicelib.segments import service as segments
from tests.support import journeys
from tests.support.between import before_the_next_write
from tests.support.merged import merge, undo


@pytest.fixture
def people(world):
    """Two segments that are picked by hand. Nothing is told but by `tell`, so that a test says when and to whom."""
    for segment in ("s", "t"):
        journeys.publish("segment", segment, {"type": "static"}, world.now)
    return world


def tell(world, *contact_ids):
    """Tell that these contacts were merged or parted."""
    for each in contact_ids:
        segments.evaluate_contact({"fact": "contact.merged", "contact": each}, world.now)


def held(*contact_ids):
    return [
        {name for name, membership in segments.memberships_of(each).items() if membership.holds} for each in contact_ids
    ]


@pytest.mark.rule("SEG-16")
@pytest.mark.parametrize("promptly", [True, False], ids=["each merge is told", "both are told late"])
def test_in_a_chain_of_merges_it_does_not_matter_who_is_told_first(people, promptly):
    for number, order in enumerate(permutations(range(3))):
        chain = a, c, d = [journeys.contact(f"{each}{number}") for each in "acd"]
        segments.pick("s", [c, d], people.now)
        segments.pick("t", [a, c], people.now)

        merge(a, d, people.now)
        tell(people, *([d, a, d] if promptly else []))
        merge(c, a, people.now)
        tell(people, *(chain[each] for each in reversed(order)))
        assert held(a, c, d) == [set(), {"s", "t"}, set()]

        undo(c, a, people.now)
        undo(a, d, people.now)
        for _ in range(2):
            tell(people, *(chain[each] for each in order))  # once is enough, twice does no harm
            assert held(a, c, d) == [{"t"}, {"s", "t"}, {"s"}], order


def test_who_is_picked_while_it_is_a_member_for_another_stays_one_without_it(people):
    a, d = (journeys.contact(each) for each in "ad")
    segments.pick("s", [d], people.now)
    merge(a, d, people.now)
    tell(people, a)
    since = segments.memberships_of(a)["s"].since

    segments.pick("s", [d], people.now)
    assert (segments.memberships_of(a)["s"].since, segments.memberships_of(a)["s"].why) == (since, "hand")
    undo(a, d, people.now)
    tell(people, a, d)

    assert held(a, d) == [{"s"}, {"s"}]


@pytest.mark.parametrize("told", [True, False])
def test_who_is_taken_out_is_taken_out_as_all_that_it_is(people, told):
    a, c, d = (journeys.contact(each) for each in "acd")
    segments.pick("s", [a, c, d], people.now)
    merge(a, d, people.now)
    tell(people, *([a] if told else []))
    merge(c, a, people.now)

    segments.unpick("s", d, people.now)
    tell(people, c)
    undo(c, a, people.now)
    undo(a, d, people.now)
    tell(people, d, a, c)

    assert held(a, c, d) == [set(), set(), set()]


# Races -----------------------------------------------------------------------------------------------------------


def test_what_was_read_before_an_undoing_gives_nobody_away_after_it(people):
    a, d = (journeys.contact(each) for each in "ad")
    segments.pick("s", [d], people.now)
    merge(a, d, people.now)

    def part():
        undo(a, d, people.now)
        tell(people, a, d)

    with before_the_next_write(part):
        tell(people, a)

    assert held(a, d) == [set(), {"s"}]


def test_a_pick_that_is_taken_back_at_that_moment_makes_nobody_a_member(people):
    a, c, d = (journeys.contact(each) for each in "acd")
    segments.pick("s", [d], people.now)
    merge(a, d, people.now)
    tell(people, a)
    undo(a, d, people.now)
    merge(c, d, people.now)  # `d` is picked and no member, since nobody was told that it is itself again

    with before_the_next_write(lambda: segments.unpick("s", c, people.now)):
        tell(people, c)
    tell(people, a, d)

    assert held(a, c, d) == [set(), set(), set()]


def test_taking_out_and_an_undoing_at_that_moment_leave_what_is_the_others(people):
    a, d = (journeys.contact(each) for each in "ad")
    segments.pick("s", [a, d], people.now)
    merge(a, d, people.now)
    tell(people, a)

    with before_the_next_write(lambda: undo(a, d, people.now)):
        segments.unpick("s", a, people.now)
    tell(people, d, a)

    assert held(a, d) == [set(), {"s"}]
