"""Who is on a list, as a person of several contacts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.consent.subscriptions.rules import State, moving, of_person

ON, OFF = State.SUBSCRIBED, State.UNSUBSCRIBED
PEOPLE = st.lists(st.sampled_from([None, ON, OFF]), min_size=1, max_size=10)


@pytest.mark.rule("SBL-3")
@pytest.mark.parametrize(
    ("states", "expected"),
    [([None], None), ([None, ON], ON), ([ON, OFF], OFF), ([OFF, None], OFF), ([ON, ON], ON)],
)
def test_whoever_left_as_any_of_its_contacts_is_off_the_list(states, expected):
    assert of_person(states) is expected


def moved(states, wanted):
    changing = moving(states, wanted)
    return [wanted if at in changing else state for at, state in enumerate(states)]


@given(PEOPLE, st.sampled_from([ON, OFF]))
def test_after_a_move_the_person_is_where_it_wanted_to_be_and_a_second_move_does_nothing(states, wanted):
    after = moved(states, wanted)

    assert (of_person(after) is ON) == (wanted is ON)
    assert moving(after, wanted) == []


@given(PEOPLE)
def test_nobody_is_on_a_list_after_leaving_it_also_when_the_merge_is_undone(states):
    assert ON not in moved(states, OFF)


@given(PEOPLE)
def test_who_joins_does_so_as_the_main_contact_and_as_those_who_had_left(states):
    joined = [at for at in moving(states, ON) if states[at] is not OFF]

    assert set(joined) <= {0}
