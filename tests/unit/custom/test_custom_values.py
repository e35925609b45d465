"""What values each type of custom field takes, and how they are stored."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.contacts.custom.definition import CustomType, Option, require_kept, require_sound
from chalicelib.contacts.custom.record import MOST_BYTES
from chalicelib.contacts.custom.values import read
from chalicelib.contacts.models import Contact
from chalicelib.errors import Conflict, DomainError, Invalid, TooLarge, Unprocessable
from tests.support.custom import NOW, field, options


def contact(**values):
    return Contact(*Contact.at("c"), contact_id="c", updated_at=NOW, **values)


TAKEN = [
    ("text", "  Ærø ", "Ærø"),
    ("whole_number", 12, 12),
    ("whole_number", "12", 12),
    ("whole_number", Decimal("12.0"), 12),
    ("decimal", 12.25, Decimal("12.25")),
    ("decimal", "12.20", Decimal("12.2")),
    ("money", 1_000, Decimal(1000)),
    ("date", "2026-11-24", "2026-11-24"),
    ("instant", "2026-11-24T10:00:00+02:00", "2026-11-24T08:00:00.000000Z"),
    ("instant", "2026-11-24T10:00", "2026-11-24T10:00:00.000000Z"),
    ("two_options", False, False),
    ("choice", "gold", "gold"),
    ("multiple_choice", ["silver", "gold", "gold"], ["gold", "silver"]),
    ("email", "Ada <Ada@Example.dk>", "Ada@example.dk"),
    ("phone", "+45 12 34 56 78", "+4512345678"),
    ("url", "https://example.dk/a?b=c", "https://example.dk/a?b=c"),
]


@pytest.mark.parametrize(("type_", "given", "stored"), TAKEN)
def test_a_value_is_stored_in_the_form_of_its_type(type_, given, stored):
    assert read(field("f", type_), given) == stored


REFUSED = [
    ("text", "x" * 201),
    ("text", 5),
    ("whole_number", "12.5"),
    ("whole_number", True),
    ("whole_number", "1e15"),
    ("decimal", "12.255"),
    ("decimal", "NaN"),
    ("decimal", "twelve"),
    ("money", "100000000001"),
    ("date", "24.11.2026"),
    ("instant", "yesterday"),
    ("instant", "0001-01-01T00:00:00+14:00"),
    ("two_options", "yes"),
    ("choice", "bronze"),
    ("choice", ["gold"]),
    ("multiple_choice", "gold"),
    ("multiple_choice", ["gold", "bronze"]),
    ("email", "nobody"),
    ("phone", "12"),
    ("url", "javascript:alert(1)"),
    ("url", "https://example.dk/a b"),
]


@pytest.mark.parametrize(("type_", "given"), REFUSED)
def test_what_is_no_value_of_the_type_is_refused_with_the_field_named(type_, given):
    with pytest.raises((Invalid, Unprocessable)) as refused:
        read(field("f", type_), given)

    assert [problem.field for problem in refused.value.problems] == ["custom.f"]


@pytest.mark.parametrize("type_", list(CustomType))
def test_blank_is_no_value_of_any_type(type_):
    assert [read(field("f", type_), blank) for blank in (None, "", "  ", [])] == [None] * 4


anything = some.one_of(some.booleans(), some.integers(), some.decimals(), some.floats(), some.text(), some.binary())


@given(some.sampled_from(list(CustomType)), some.one_of(anything, some.lists(anything)))
def test_whatever_is_sent_is_a_value_or_refused_and_what_is_stored_stays_what_it_is(type_, raw):
    asked = field("f", type_, decimals=10)
    try:
        stored = read(asked, raw)
    except DomainError:
        return

    assert read(asked, stored) == stored
    record = contact(**{"custom.f": stored})
    assert Contact.from_raw_data(record.serialize()).custom == record.custom


def test_a_retired_field_can_be_emptied_and_not_filled():
    retired = field("f", retired=True)

    assert read(retired, None) is None
    with pytest.raises(Unprocessable):
        read(retired, "x")


def test_a_retired_option_is_not_chosen_any_more():
    gone = Option("gold", {"en": "Gold"}, retired=True)

    with pytest.raises(Unprocessable):
        read(field("f", "choice", options=(gone, *options("silver"))), "gold")


def test_options_are_retired_and_never_taken_away():
    before = field("f", "choice")

    require_kept(before, field("f", "choice", options=options("bronze", "silver", "gold")))
    with pytest.raises(Conflict):
        require_kept(before, field("f", "choice", options=options("silver")))


@pytest.mark.parametrize(
    ("type_", "more"),
    [
        ("text", {"options": options("a")}),
        ("choice", {"options": ()}),
        ("choice", {"options": options("a", "a")}),
        ("money", {"currency": None}),
        ("decimal", {"currency": "DKK"}),
    ],
)
def test_what_does_not_go_together_is_no_field(type_, more):
    with pytest.raises(Invalid):
        require_sound(field("f", type_, **more))


@pytest.mark.parametrize("key", ["size", "first", "last"])
def test_a_key_is_no_word_that_means_something_else_in_messages(key):
    with pytest.raises(Invalid):
        require_sound(field(key))


# In a record ---------------------------------------------------------------------------------------------------------


def test_a_record_holds_its_own_fields_under_their_names_and_nothing_of_absent_ones():
    record = contact(**{"custom.tier": "gold", "custom.seats": None})
    name = "custom.weight"

    setattr(record, name, Decimal("0.1"))

    assert record.custom == {"tier": "gold", "weight": Decimal("0.1")}
    assert (getattr(record, "custom.tier"), getattr(record, "custom.seats")) == ("gold", None)
    for name in ("custom.tier", "custom.weight"):
        setattr(record, name, None)
    assert record.custom is None
    assert "custom" not in record.serialize()


def test_the_values_of_a_record_have_a_bound_together():
    record = contact()

    for number in range(MOST_BYTES // 1000):
        setattr(record, f"custom.f{number}", "x" * 1000)

    one_more = "custom.one_more"
    with pytest.raises(TooLarge):
        setattr(record, one_more, "x" * 1000)
    assert len(record.custom) == MOST_BYTES // 1000
