"""The shared way of writing, on real conditions."""

import pytest
from pynamodb.attributes import UnicodeAttribute

from chalicelib.access.models import AccessItem
from chalicelib.clock import new_id
from chalicelib.dynamodb import (
    ConditionFailed,
    IntegerAttribute,
    change,
    check,
    commit,
    put_changed,
    put_new,
    read,
    update,
)
from chalicelib.errors import Conflict, Stale

pytestmark = pytest.mark.usefixtures("cloud")


class Thing(AccessItem, discriminator="thing"):
    name = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)


def thing(name: str = "a") -> Thing:
    return Thing(new_id(), "THING", name=name)


def test_a_transaction_that_fails_in_one_part_writes_nothing():
    taken, new = thing(), thing()
    commit([put_new(taken)])

    with pytest.raises(Conflict, match="taken"):
        commit([put_new(new)], [put_new(taken, refused=Conflict("taken"))])

    assert read([new.key]) == [None]


def test_a_failed_condition_says_what_stood_in_the_way():
    taken = thing("first")
    commit([put_new(taken)])

    with pytest.raises(ConditionFailed) as failed:
        commit([put_new(Thing(taken.pk, taken.sk, name="second")), put_new(thing())])

    [(_, found)] = failed.value.of(Thing)
    assert found.name == "first"


def test_the_slower_of_two_writers_loses():
    item = thing()
    commit([put_new(item)])
    slower, quicker = (Thing.find(item.pk, item.sk) for _ in range(2))
    commit([put_changed(quicker)])

    with pytest.raises(Stale):
        commit([put_changed(slower)])


def test_an_update_returns_the_item_as_it_is_now():
    item = thing()
    commit([put_new(item)])

    raw = change(update(item.key, Thing.name.set("b"), Thing.version.add(1), condition=Thing.name == "a"))

    assert Thing.from_raw_data(dict(raw)).version == 2


def test_a_check_guards_without_writing():
    guard, new = thing(), thing()
    commit([put_new(guard)])

    with pytest.raises(ConditionFailed):
        commit([put_new(new)], [check(guard.key, Thing.name == "other")])

    assert read([guard.key, new.key])[1] is None
