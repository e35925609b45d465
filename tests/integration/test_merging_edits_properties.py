"""Whatever is merged, changed by hand and undone in between: what somebody changed stays, all else is put back."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count, permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from chalicelib.contacts import account_merging, accounts, merging
from chalicelib.contacts import service as contacts
from chalicelib.contacts.joining import Wish
from chalicelib.contacts.models import ContactsItem, Membership
from chalicelib.leads import merging as lead_merging
from chalicelib.leads import reading as leads
from chalicelib.leads import service as lead_service
from chalicelib.leads.merging import STRICTEST

LETTERS = "abc"
EXAMPLE = count()


class Kind(Struct, frozen=True):
    """A kind of record that is merged: its use cases, and the fields that are looked at."""

    merging: Any
    find: Callable[[str], Any]
    make: Callable[..., object]
    amend: Callable[..., object]
    fields: tuple[str, ...]
    fixed: Mapping[str, Any] = {}


def amend_lead(lead_id, values, version, now):
    lead_service.amend(lead_id, values, by="user:u", version=version, now=now)


def make_lead(lead_id, values, now):
    lead_service.create(lead_id, {"contact_id": "ada", "last_name": "Juhl", **values}, "user:u", now)


def make_contact(contact_id, values, now):
    contacts.create(contact_id, {"last_name": "Juhl", **values}, now, by="user:u")


def make_account(account_id, values, now):
    accounts.create(account_id, {"name": "Kajak ApS", **values}, now, by="user:u")


KINDS = {
    "contact": Kind(merging, contacts.find, make_contact, contacts.amend, ("city", "job_title", "account_id")),
    "lead": Kind(lead_merging, leads.find, make_lead, amend_lead, ("city", "job_title", *STRICTEST)),
    "account": Kind(account_merging, accounts.find, make_account, accounts.amend, ("city", "industry", "owner_id")),
}
VALUES = {"account_id": ("x", "y", "z"), **dict.fromkeys(STRICTEST, (True,))}
"""What the fields may be at first; of a few, so that different records say the same."""

letters = st.sampled_from(LETTERS)
pairs = st.sampled_from(list(permutations(LETTERS, 2)))


def stories(kind):
    """Return what everybody is at first, and what happens then: at first two merges into one."""
    free = [name for name in kind.fields if name not in STRICTEST]
    one = st.fixed_dictionaries({name: st.sampled_from((*VALUES.get(name, "pq"), None)) for name in kind.fields})
    chosen = st.sets(st.sampled_from(free)).map(lambda names: dict.fromkeys(names, "other"))
    first, second = (st.tuples(st.just("merge"), st.just(("a", other)), chosen) for other in "bc")
    merge = st.tuples(st.just("merge"), pairs, chosen)
    edit = st.tuples(st.just("edit"), letters, st.sampled_from([name for name in free if name not in VALUES]))
    undo = st.tuples(st.just("undo"), st.integers(0, 9))
    then = st.lists(st.one_of(merge, edit, undo), max_size=4)
    steps = st.tuples(first, st.lists(edit, max_size=1), second, then)
    return st.fixed_dictionaries(dict.fromkeys(LETTERS, one)), steps.map(flat)


def flat(steps):
    """Return the steps of a story one after the other."""
    first, between, second, then = steps
    return [first, *between, second, *then]


class Story:
    """What happens to records of a kind, a second after another; `own` is what each says when it is by itself."""

    def __init__(self, world, kind, given):
        self.world, self.kind, self.standing, self.numbers = world, kind, [], count()
        self.prefix = f"e{next(EXAMPLE)}"
        self.own = {letter: {name: each.get(name) for name in kind.fields} for letter, each in given.items()}
        for each, values in given.items():
            said = {name: value for name, value in values.items() if value is not None}
            kind.make(self.prefix + each, said, self.now())

    def now(self):
        self.world.advance(timedelta(seconds=1))
        return self.world.now

    def main(self, letter):
        found = self.kind.find(self.prefix + letter)
        return found.merged_into or self.prefix + letter

    def merge(self, wanted, chosen):
        pair = [self.main(each) for each in wanted]
        if pair[0] != pair[1]:
            wish = Wish(f"m{next(self.numbers)}", chosen, by="user:u", why="the same")
            self.kind.merging.merge(*pair, wish, self.kind.find(pair[0]).version, self.now())
            self.standing.append((pair[0], wish.merge_id))

    def edit(self, letter, name):
        main, value = self.main(letter), f"edited {next(self.numbers)}"
        self.kind.amend(main, {name: value}, self.kind.find(main).version, self.now())
        self.own[main[-1]][name] = value

    def undo(self, number):
        possible = [each for each in self.standing if self.main(each[0][-1]) == each[0]]
        if possible:
            undone = possible[number % len(possible)]
            self.kind.merging.undo(*undone, "user:u", self.now())
            self.standing.remove(undone)

    def check(self):
        """Whoever counts says nothing that none of its own says, and forbids what any of them forbids."""
        groups = {}
        for each in LETTERS:
            groups.setdefault(self.main(each), []).append(self.own[each])
        for main, mine in groups.items():
            found = self.kind.find(main)
            for name in self.kind.fields:
                said = {each[name] for each in mine}
                assert getattr(found, name) in {*said, None}, name
                assert name not in STRICTEST or bool(getattr(found, name)) == (True in said), name


@pytest.mark.rule("RSC-10", "LEAD-1")
@pytest.mark.parametrize("name", KINDS)
@settings(
    max_examples=14,
    deadline=None,
    phases=(Phase.generate,),  # a story is short as it is, and takes minutes to shorten
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_what_is_changed_between_merges_stays_and_all_else_is_put_back_in_any_order(companies, name, data):
    kind = KINDS[name]
    at_first, steps = stories(kind)
    story = Story(companies, kind, data.draw(at_first))
    began = memberships(story.prefix)

    for what, *how in data.draw(steps):
        getattr(story, what)(*how)
        story.check()
    while story.standing:
        story.undo(data.draw(st.integers(0, 9)))
        story.check()

    for each, own in story.own.items():
        found = kind.find(story.prefix + each)
        assert {name: getattr(found, name) for name in kind.fields} == own
    assert memberships(story.prefix) == began


def memberships(prefix):
    """Return everybody's times at accounts."""
    rows = [item for item in ContactsItem.scan(consistent_read=True) if isinstance(item, Membership)]
    return {(row.pk, row.sk): row.until for row in rows if row.contact_id.startswith(prefix)}


@pytest.fixture
def companies(world):
    for each in VALUES["account_id"]:
        accounts.create(each, {"name": each}, world.now, by="user:u")
    make_contact("ada", {}, world.now)
    return world
