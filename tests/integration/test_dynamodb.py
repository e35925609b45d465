"""The shared way of writing, on real conditions."""

from datetime import UTC, datetime
from decimal import Decimal

import boto3
import pytest
from pynamodb.attributes import BooleanAttribute, UnicodeAttribute
from pynamodb.exceptions import AttributeNullError

from chalicelib.access.models import AccessItem
from chalicelib.clock import new_id
from chalicelib.dynamodb import (
    BytesAttribute,
    ConditionFailed,
    DecimalAttribute,
    InstantAttribute,
    IntegerAttribute,
    JsonAttribute,
    TextsAttribute,
    change,
    check,
    commit,
    commits,
    put_changed,
    put_new,
    read,
    update,
    writer,
)
from chalicelib.errors import Conflict, Stale
from tests.support.faults import Faults, injected

pytestmark = pytest.mark.usefixtures("cloud")


class Thing(AccessItem, discriminator="thing"):
    name = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)


class Box(AccessItem, discriminator="box"):
    """One attribute of each type."""

    text = UnicodeAttribute()
    number = IntegerAttribute(default=3)
    decimal = DecimalAttribute(null=True)
    truth = BooleanAttribute(null=True)
    content = JsonAttribute(null=True)
    packed = BytesAttribute(null=True)
    at_instant = InstantAttribute(null=True)
    parts = TextsAttribute(null=True)
    kept = JsonAttribute(default=list)


FULL = {
    "text": 'Ärger\u0000 \u2028 \U0001f600 " \\',
    "number": 12345678901234567890123456789012345678,
    "decimal": Decimal("-0.0000000000000000000000000000000000001"),
    "truth": False,
    "content": {"names": ["ü", None, 1.5, {}], "": []},
    "packed": bytes(range(256)),
    "at_instant": datetime(1, 1, 1, tzinfo=UTC),
    "parts": set("abcdefgh"),
}


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


def test_an_answer_that_never_comes_leaves_the_time_for_another_try():
    assert writer().meta.config.read_timeout < commits.PATIENCE


def test_a_write_whose_answer_was_lost_is_known_by_its_set_in_any_order():
    box = Box(new_id(), "BOX", **FULL)
    left = box.serialize()
    left["parts"]["SS"].reverse()
    writer().put_item(TableName=box.key.table, Item=left)

    with injected(Faults("answer lost", at=1), writer()):
        commit([put_new(box)])
    with injected(Faults("answer lost", at=1), writer()):
        raw = change(update(box.key, Box.parts.set(FULL["parts"]), condition=Box.number == 4))

    assert raw == left


def test_a_check_guards_without_writing():
    guard, new = thing(), thing()
    commit([put_new(guard)])

    with pytest.raises(ConditionFailed):
        commit([put_new(new)], [check(guard.key, Thing.name == "other")])

    assert read([guard.key, new.key])[1] is None


def test_values_of_every_type_come_back_as_they_were_written():
    box = Box(new_id(), "BOX", **FULL)

    commit([put_new(box)])
    [found] = read([box.key])

    assert type(found) is Box
    assert {name: getattr(found, name) for name in FULL} == FULL
    assert AccessItem.find(box.pk, box.sk).serialize() == box.serialize()


def test_what_is_written_is_what_everybody_else_reads():
    box = Box(new_id(), "BOX", **FULL)

    commit([put_new(box)])
    answer = boto3.client("dynamodb").get_item(TableName=Box.Meta.table_name, Key=box.key.raw)

    assert answer["Item"]["packed"] == {"B": FULL["packed"]}
    assert answer["Item"]["text"] == {"S": FULL["text"]}
    assert answer["Item"]["number"] == {"N": str(FULL["number"])}


def test_a_set_is_written_in_one_order_whichever_process_writes_it():
    written = Box(new_id(), "BOX", **FULL).serialize()["parts"]

    assert written == {"SS": list("abcdefgh")}


def test_an_item_has_its_defaults_and_nothing_that_is_absent():
    box = Box(new_id(), "BOX", text="t", parts=set())

    assert box.number == 3
    assert box.serialize() == {
        "pk": {"S": box.pk},
        "sk": {"S": "BOX"},
        "kind": {"S": "box"},
        "text": {"S": "t"},
        "number": {"N": "3"},
        "kept": {"S": "[]"},
    }
    box.kept.append(1)
    assert Box(new_id(), "BOX", text="t").kept == []


def test_an_item_lacks_nothing_that_it_must_have_and_has_nothing_that_is_unknown():
    with pytest.raises(AttributeNullError, match="text"):
        put_new(Box(new_id(), "BOX"))
    with pytest.raises(ValueError, match="colour"):
        Box(new_id(), "BOX", text="t", colour="red")


def test_an_item_that_is_replaced_stays_as_it_was_read():
    box = Box(new_id(), "BOX", text="old", truth=True)

    other = box.replaced(text="new", truth=None)

    assert (box.text, box.truth, other.text) == ("old", True, "new")
    assert other.serialize() == Box(box.pk, box.sk, text="new").serialize()


def test_an_item_of_another_kind_is_not_read_as_this_one():
    other = thing()
    commit([put_new(other)])

    with pytest.raises(TypeError, match="Thing is no Box"):
        Box.find(other.pk, other.sk)


def test_attributes_of_a_later_release_do_not_hinder_reading():
    box = Box(new_id(), "BOX", text="t")
    later = {**box.serialize(), "later": {"S": "x"}}

    assert Box.from_raw_data(later).serialize() == box.serialize()
