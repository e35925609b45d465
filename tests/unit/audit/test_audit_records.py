"""What an audit tells of a change: names of fields, and values only where they are nobody's."""

import pytest

from chalicelib.audit import witness
from chalicelib.audit.records import CHANGED, CREATED, DELETED, LONGEST, Change, difference

ADA = {"pk": {"S": "CONTACT#c"}, "version": {"N": "1"}, "last_name": {"S": "Juhl"}, "city": {"S": "Aarhus"}}


def of(before, after, **told):
    return difference(before, after, **told)


@pytest.mark.rule("PRV-14")
def test_of_a_person_only_the_names_of_what_changed_are_told():
    moved = {**ADA, "version": {"N": "2"}, "city": {"S": "Odense"}, "phone": {"S": "+4512345678"}}

    assert of(ADA, moved) == Change(CHANGED, ["city", "phone"], None)
    assert of(None, ADA) == Change(CREATED, ["city", "last_name"], None)
    assert of(ADA, None) == Change(DELETED, ["city", "last_name"], None)


def test_ids_that_say_of_whom_a_record_is_are_told_where_nothing_else_is():
    raised = {"contact_id": {"S": "c"}, "attributes": {"S": '{"order":"7"}'}}

    told = of(None, raised, ids={"contact_id"})

    assert told == Change(CREATED, ["attributes.order", "contact_id"], {"contact_id": [None, "c"]})


def test_what_changes_along_with_others_is_no_change():
    assert of(ADA, {**ADA, "version": {"N": "2"}, "updated_at": {"S": "now"}, "claims": {"S": "{}"}}) is None


def test_of_a_definition_each_part_of_the_document_is_told_with_what_it_was_and_is():
    before = {"name": {"S": "Letters"}, "document": {"S": '{"subject":"Hello","html":"<p>"}'}}
    after = {"name": {"S": "Letters"}, "document": {"S": '{"subject":"Good day","html":"<p>","cc":["a"]}'}}

    assert of(before, after, telling=True) == Change(
        CHANGED, ["document.cc", "document.subject"], {"document.cc": [None, '["a"]'],
                                                       "document.subject": ["Hello", "Good day"]}
    )  # fmt: skip


def test_long_values_are_cut_and_secrets_are_not_told():
    told = of(None, {"text": {"S": "x" * 1000}, "secret_hash": {"S": "hash"}}, telling=True)

    assert told.fields == ["text"]
    assert len(told.values["text"][1]) == LONGEST + 1


@pytest.mark.parametrize(
    ("expression", "after"),
    [
        ("SET #0 = :0, #1 = :1", {"a": {"S": "new"}, "b": {"N": "2"}, "c": {"N": "1"}}),
        ("SET #0 = :0 REMOVE #1, #2", {"a": {"S": "new"}}),
        ("REMOVE #0 ADD #2 :1", {"b": {"N": "1"}, "c": {"S": "ADD"}}),
    ],
)
def test_an_update_is_told_by_what_it_says(expression, after):
    before = {"a": {"S": "old"}, "b": {"N": "1"}, "c": {"N": "1"}}
    request = {
        "UpdateExpression": expression,
        "ExpressionAttributeNames": {"#0": "a", "#1": "b", "#2": "c"},
        "ExpressionAttributeValues": {":0": {"S": "new"}, ":1": {"N": "2"}},
    }

    assert witness._updated(request, before) == after
