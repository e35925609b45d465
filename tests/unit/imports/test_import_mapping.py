"""What columns may become and what cells say."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.csvs import lines
from chalicelib.errors import Invalid
from chalicelib.imports.fields import RecordType, suggested
from chalicelib.imports.mapping import Column, Manner, placed, problems, read, typed
from chalicelib.imports.parts import packed, spread
from chalicelib.imports.rows import Row


@pytest.mark.rule("IMP-4")
@pytest.mark.parametrize(
    ("record_type", "column", "field"),
    [
        ("contact", "Last Name", "last_name"), ("contact", "SURNAME", "last_name"), ("contact", "e-mail", "email"),
        ("contact", "Mobile", "mobile_phone"), ("contact", "ZIP code", "postal_code"), ("contact", "Shoe size", None),
        ("contact", "Rating", None), ("contact", "id", "id"), ("account", "Company", "name"),
        ("account", "Number of employees", "employees"), ("lead", "Subject", "topic"),
        ("lead", "Company", "company_name"),
    ],
)  # fmt: skip
def test_a_column_is_mapped_to_the_field_that_it_sounds_like(record_type, column, field):
    assert suggested(RecordType(record_type), [column]).get(column) == field


def test_a_field_is_suggested_for_one_column_only():
    assert suggested(RecordType.CONTACT, ["Email", "E-mail address"]) == {"Email": "email"}


@pytest.mark.rule("IMP-3", "IMP-4")
def test_everything_that_is_wrong_with_a_mapping_is_told_at_once():
    mapping = [Column("Name", "last_name"), Column("Gone", "city"), Column("Mail", "shoe"), Column("mail", "last_name")]

    found = problems(RecordType.LEAD, ["Name", "Mail"], mapping)

    told = {each.field for each in found}
    assert told == {"mapping.1.column", "mapping.2.field", "mapping.3.field", "mapping"}
    assert [each.message for each in found if each.field == "mapping"] == [
        f"A column must be mapped to {name}: it is required." for name in ("topic", "company_name")
    ]


def said(field, cell, record_type="contact", **manner):
    required = {"contact": {"last_name"}, "account": {"name"}, "lead": {"topic", "last_name", "company_name"}}
    given = dict.fromkeys(required[record_type], "x") | {field: cell}
    columns = [Column(name, name) for name in given]
    told = read(RecordType(record_type), list(given.values()), placed(list(given), columns), Manner(**manner))
    return told.preferences[field.partition(".")[2]] if "." in field else told.values[field]


@pytest.mark.parametrize(
    ("field", "cell", "manner", "value"),
    [
        ("birth_date", "1990-05-01", {}, "1990-05-01"),
        ("birth_date", "1990-05-01T00:00:00", {}, "1990-05-01"),
        ("birth_date", "01/05/1990", {"dates": "dmy"}, "1990-05-01"),
        ("birth_date", "5/1/1990", {"dates": "mdy"}, "1990-05-01"),
        ("inactive", "Yes", {}, True),
        ("inactive", "0", {}, False),
        ("preferences.consent_level", "4", {}, 4),
        ("preferences.bulk_email", "no", {}, False),
        ("phone", "'+45 12 34 56 78", {}, "+4512345678"),
        ("description", "'=1+1", {}, "=1+1"),
        ("description", "'tis", {}, "'tis"),
    ],
)
def test_a_cell_is_read_as_the_type_of_its_field(field, cell, manner, value):
    assert said(field, cell, **manner) == value


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("birth_date", "1990-13-01"), ("birth_date", "5/1/90"), ("birth_date", "soon"), ("inactive", "perhaps"),
        ("preferences.consent_level", "6"), ("preferences.consent_level", "²"), ("phone", "4.5E+10"),
        ("first_name", "a\ufffdb"), ("first_name", "a\x00b"), ("first_name", "x" * 201),
    ],
)  # fmt: skip
def test_a_cell_that_its_field_cannot_hold_is_told_with_the_field(field, cell):
    with pytest.raises(Invalid) as refused:
        said(field, cell)

    assert refused.value.problems[0].field == field


@pytest.mark.parametrize(("cell", "decimal", "value"), [("1,500.50", ".", "1500.50"), ("1.500,50", ",", "1500.50")])
def test_numbers_are_read_with_the_decimal_sign_of_the_file(cell, decimal, value):
    assert str(said("annual_revenue", cell, "account", decimal=decimal)) == value


@given(some.text(some.characters(codec="utf-8"), min_size=1).filter(lambda text: text == text.strip()))
def test_what_our_own_files_keep_from_being_a_formula_is_read_as_what_it_was(text):
    import csv
    import io

    [[cell]] = csv.reader(io.StringIO(lines([[text]]).decode(), newline=""))

    assert typed(cell) == (text if not text.startswith("'") else typed(text))


def test_rows_of_one_person_go_to_one_slice_in_their_order():
    rows = [(Row(number, [str(number)]), f"p{number % 90}@x.example") for number in range(1000)]

    shared = spread(rows)

    assert len(shared) == 16
    for number, key in ((3, "p3@x.example"), (49, "p49@x.example")):
        holding = [each for each in shared.values() if any(row.number == number for row in each)]
        of_one = [row.number for row in holding[0] if rows[row.number][1] == key]
        assert of_one == [each for each in range(1000) if rows[each][1] == key]
    assert packed(shared[0]) == packed(list(shared[0]))
