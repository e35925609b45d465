"""What columns may become and what cells say."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.contacts.custom.definition import Option, RecordType
from chalicelib.csvs import lines
from chalicelib.errors import Invalid
from chalicelib.imports.cells import Column, Manner
from chalicelib.imports.fields import suggested
from chalicelib.imports.mapping import Reader, placed, problems, typed
from chalicelib.imports.parts import packed, spread
from chalicelib.imports.rows import Row
from tests.support.custom import field, options


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
    told = Reader(RecordType(record_type), placed(list(given), columns), Manner(**manner)).read(list(given.values()))
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
        ("phone", "12 34 56 78", {"country": "DK"}, "+4512345678"),
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
        ("preferences.consent_level", "6"), ("preferences.consent_level", "²"),
        ("first_name", "a\ufffdb"), ("first_name", "a\x00b"), ("first_name", "x" * 201),
    ],
)  # fmt: skip
def test_a_cell_that_its_field_cannot_hold_is_told_with_the_field(field, cell):
    with pytest.raises(Invalid) as refused:
        said(field, cell)

    assert refused.value.problems[0].field == field


@pytest.mark.rule("IMP-3")
@pytest.mark.parametrize("blank", ["topic", "last_name", "company_name"])
def test_a_row_that_leaves_a_required_field_of_a_lead_blank_is_refused_for_it(blank):
    names = ["topic", "last_name", "company_name"]
    reader = Reader(RecordType.LEAD, placed(names, [Column(name, name) for name in names]), Manner())

    with pytest.raises(Invalid) as refused:
        reader.read([" " if name == blank else "x" for name in names])

    [problem] = refused.value.problems
    assert (problem.field, problem.message) == (blank, "This field is required; the row does not fill it.")


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


# Custom fields -------------------------------------------------------------------------------------------------------

TIER = field("tier", "choice", labels={"en": "Level", "da": "Niveau"}, required=True)
GOLD = Option("gold", {"en": "Gold", "da": "Guld"})


def own(type_, cell, **manner):
    """What a cell of a custom field says, as the record is given it."""
    more = {"options": (GOLD, *options("silver"))} if "choice" in type_ else {}
    fields = {"custom.f": field("f", type_, **more)}
    columns = placed(["n", "f"], [Column("n", "last_name"), Column("f", "custom.f")])
    return Reader(RecordType.CONTACT, columns, Manner(**manner), fields).read(["x", cell]).values["custom.f"]


@pytest.mark.rule("IMP-4")
@pytest.mark.parametrize("column", ["Tier", "LEVEL", "niveau", "tier"])
def test_a_column_sounds_like_a_custom_field_by_its_key_or_its_words_in_any_language(column):
    assert suggested(RecordType.CONTACT, [column], {"custom.tier": TIER}) == {column: "custom.tier"}
    assert suggested(RecordType.CONTACT, [column]) == {}


def test_our_own_fields_come_first_where_a_custom_one_is_called_alike():
    city = field("city", labels={"en": "Email"})

    found = suggested(RecordType.CONTACT, ["City", "Email"], {"custom.city": city})

    assert found == {"City": "city", "Email": "email"}


@pytest.mark.rule("IMP-3")
def test_a_required_custom_field_must_be_mapped_and_filled():
    given = {"custom.tier": TIER}
    name, tier = Column("n", "last_name"), Column("t", "custom.tier")

    assert [each.message for each in problems(RecordType.CONTACT, ["n"], [name], given)] == [
        "A column must be mapped to custom.tier: it is required."
    ]
    assert problems(RecordType.CONTACT, ["n", "t"], [name, tier], given) == []
    assert [each.field for each in problems(RecordType.CONTACT, ["t"], [tier])] == ["mapping.0.field", "mapping"]
    with pytest.raises(Invalid) as refused:
        Reader(RecordType.CONTACT, placed(["n", "t"], [name, tier]), Manner(), given).read(["x", ""])
    assert [problem.field for problem in refused.value.problems] == ["custom.tier"]


@pytest.mark.parametrize(
    ("type_", "cell", "manner", "value"),
    [
        ("text", "  x ", {}, "x"),
        ("whole_number", "1.200", {"decimal": ","}, "1200"),
        ("decimal", "1.200,50", {"decimal": ","}, "1200.50"),
        ("money", "1,200.50", {}, "1200.50"),
        ("date", "05/01/2027", {"dates": "mdy"}, "2027-05-01"),
        ("instant", "1.5.2027 08:30", {"dates": "dmy"}, "2027-05-01T08:30"),
        ("instant", "2027-05-01T08:30:00+02:00", {}, "2027-05-01T08:30:00+02:00"),
        ("instant", "2027-05-01", {}, "2027-05-01T00:00"),
        ("two_options", "Yes", {}, True),
        ("choice", "GULD", {}, "gold"),
        ("choice", "gold", {}, "gold"),
        ("choice", "bronze", {}, "bronze"),
        ("multiple_choice", "Guld; Silver;", {}, ["gold", "silver"]),
        ("phone", "12 34 56 78", {"country": "DK"}, "+4512345678"),
        ("email", "ada@example.dk", {}, "ada@example.dk"),
    ],
)
def test_a_cell_of_a_custom_field_is_read_by_its_type_and_the_manner_of_the_file(type_, cell, manner, value):
    assert own(type_, cell, **manner) == value


@pytest.mark.parametrize(("type_", "cell"), [("date", "soon"), ("instant", "soon"), ("two_options", "maybe")])
def test_a_cell_that_is_no_value_of_the_type_names_the_custom_field(type_, cell):
    with pytest.raises(Invalid) as refused:
        own(type_, cell)

    assert [problem.field for problem in refused.value.problems] == ["custom.f"]
