"""The workbook that is provided to be filled in."""

import io

import pytest
from openpyxl import load_workbook

from chalicelib.contacts.custom.definition import Option, RecordType
from chalicelib.imports import reading, template
from chalicelib.imports.cells import Column, Manner
from chalicelib.imports.fields import ID, suggested, target_of
from chalicelib.imports.mapping import Reader, placed
from tests.support.custom import field

GOLD = Option("gold", {"en": "=Gold", "da": "Guld"})
OLD = Option("old", {"en": "Old"}, retired=True)
OWN = {
    "custom.tier": field("tier", "choice", labels={"da": "Niveau"}, required=True, options=(GOLD, OLD)),
    "custom.mail": field("mail", labels={"en": "Email"}),
    "custom.mark": field("mark", labels={"en": "★"}),
    "custom.mark_2": field("mark_2", labels={"en": "★★"}),
    "custom.sports": field("sports", "multiple_choice"),
}


def filled(content, row):
    """Fill in the first row, and return the file as somebody saves it."""
    book = load_workbook(io.BytesIO(content))
    for cell in book.worksheets[0][1]:
        if cell.value in row:
            book.worksheets[0].cell(2, cell.column, row[cell.value])
    book.save(saved := io.BytesIO())
    return saved.getvalue()


@pytest.mark.rule("IMP-2", "IMP-4")
@pytest.mark.parametrize("record_type", RecordType)
def test_every_column_of_a_template_is_mapped_by_itself_and_a_row_of_it_can_be_read(record_type):
    target = target_of(record_type, OWN)
    columns = template.columns(record_type, OWN)
    row = {each.heading: "x" for each in columns if each.required} | {"Niveau": "Guld", "Email": "a@x.example"}

    content = filled(template.written(record_type, OWN), row)
    looks = reading.look(io.BytesIO(content), len(content))

    mapping = suggested(record_type, looks.columns, OWN)
    assert list(mapping) == looks.columns
    assert set(mapping.values()) == {*target.fields} - {ID}
    assert [mapping[name] for name in looks.columns[: len(target.required)]] == list(target.required)
    mapped = placed(looks.columns, [Column(*each) for each in mapping.items()])
    said = Reader(record_type, mapped, Manner(), OWN).read(looks.first[0].cells)
    assert said.values["custom.tier"] == "gold"
    assert said.values[mapping["Email"]] == "a@x.example"


def test_a_template_offers_what_may_be_chosen_and_says_what_is_required():
    book = load_workbook(io.BytesIO(template.written(RecordType.LEAD, OWN)))

    sheet, notes, words = book.worksheets
    headings = {cell.value: cell for cell in sheet[1]}
    rules = {str(rule.sqref).partition("2")[0]: rule.formula1 for rule in sheet.data_validations.dataValidation}
    offered = {column[0].value: [cell.value for cell in column[1:] if cell.value] for column in words.columns}
    assert (headings["Topic"].font.bold, headings["City"].font.bold) == (True, False)
    assert ["Topic", "yes", "Text."] in [[cell.value for cell in row] for row in notes]
    assert offered["Niveau"] == ["=Gold"]  # what is retired cannot be chosen
    assert {"hot", "warm", "cold"} == set(offered["Rating"])
    assert rules[headings["Niveau"].column_letter] == "Choices!$A$2:$A$2"
    assert headings["Sports"].column_letter not in rules
    assert {cell.data_type for column in words.columns for cell in column if cell.value} == {"s"}
