"""What the stream of contacts tells when contacts are merged."""

from datetime import UTC, datetime

from chalicelib.contacts.facts import facts_of
from chalicelib.streams import StreamRecord
from chalicelib.wiring.reactions import queues_for

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def told(old, new):
    return list(facts_of(StreamRecord(old, new, NOW, expired=False)))


def image(**values):
    return {"kind": "contact", "pk": "CONTACT#c", "version": 1, **values}


def test_who_was_merged_is_told_as_merged_and_not_as_changed():
    before, after = image(owner_id="o", account_id="a"), image(merged_into="b", merged="{}", version=2)

    assert told(before, after) == [{"fact": "contact.merged", "id": "c", "contact": "c"}]
    assert told(after, before) == [{"fact": "contact.merged", "id": "c", "contact": "c"}]


def test_who_somebody_was_merged_into_is_told_with_the_fields_that_it_took():
    found = told(image(), image(identities="{}", inherited="{}", city="Odense"))

    assert [each["fact"] for each in found] == ["contact.merged", "contact.changed"]
    assert found[1]["changed"] == ["city"]
    assert {"rescore", "membership", "enrol", "children"} == set(queues_for(found[0]))


def test_a_change_of_custom_fields_is_told_by_their_names():
    before = image(custom={"tier": "gold", "seats": 3, "weight": 1})
    after = image(custom={"tier": "silver", "seats": 3, "topics": ["a"]}, version=2)

    [changed] = told(before, after)

    assert changed["changed"] == ["custom.tier", "custom.topics", "custom.weight"]
    assert told(image(), image(custom={"tier": "gold"}))[0]["changed"] == ["custom.tier"]


def test_the_record_of_a_merge_tells_nothing():
    assert told(None, {"kind": "merge", "pk": "CONTACT#c"}) == []
