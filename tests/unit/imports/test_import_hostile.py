"""Files and cells that mean harm, or that no program should have written: told in words or read safely."""

import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from openpyxl import Workbook

from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.fields import clean
from chalicelib.csvs import lines
from chalicelib.errors import DomainError, Invalid
from chalicelib.imports import reading
from chalicelib.imports.cells import Column, Manner
from chalicelib.imports.fields import TARGETS
from chalicelib.imports.limits import Unreadable
from chalicelib.imports.mapping import Reader, placed

HEAD = b"Name,Email\r\n"


def read(content):
    looks = reading.look(io.BytesIO(content), len(content))
    return [row.cells for row, _ in reading.rows(io.BytesIO(content), looks.writing)]


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (",".join(f"c{at}" for at in range(100_000)).encode() + b"\r\n", "100000 columns"),
        (HEAD + b"," * 100_000 + b"x\r\n", "100001 columns"),
        (HEAD + b'Berg,"' + b"x" * 10_000_000 + b'"\r\n', "line of the file"),
        (HEAD + b"Berg," + b"x" * 40_000 + b"\r\n", "longer than 32,767"),
        (b"Name,NAME\r\nx,y\r\n", "Two columns"),
        (b"\xef\xbb\xbf", "headings"),
        (b"\xff\xfe", "headings"),
        (b"   \r\n,,\r\n", "headings"),
        (b"\x00" * 5_000, "text file"),
    ],
    ids=["columns", "cells", "10 MB", "40 KB", "twins", "a mark", "a wide mark", "blank", "zeros"],
)
def test_a_file_that_cannot_be_a_list_is_refused_in_words(content, word):
    with pytest.raises(Unreadable, match=word):
        read(content)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (HEAD, [["Name", "Email"]]),
        (b"Name,Email", [["Name", "Email"]]),
        (b"\xef\xbb\xbf" + HEAD, [["Name", "Email"]]),
        (HEAD + b"Be\x00rg,x\r\n", [["Name", "Email"], ["Be\x00rg", "x"]]),
        (HEAD + b'"Berg"x,y\r\n', [["Name", "Email"], ["Bergx", "y"]]),
        ("\ufeffName;Email\r\nŁ;x".encode("utf-16-le") + b"y", [["Name", "Email"], ["Ł", "x\ufffd"]]),
    ],
    ids=["headings only", "no line end", "mark", "zero", "half quoted", "torn letter"],
)
def test_a_file_that_is_only_odd_loses_no_row(content, rows):
    assert read(content) == rows


@settings(max_examples=60, deadline=None)
@given(some.binary(max_size=300), some.sampled_from([b"", HEAD, b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04"]))
def test_whatever_bytes_a_file_has_it_is_read_or_refused_in_words(content, head):
    with suppress(Unreadable):
        assert all(isinstance(cell, str) for row in read(head + content) for cell in row)


def test_cells_of_a_workbook_that_no_calendar_knows_and_errors_of_formulas_are_text():
    book = Workbook()
    sheet = book.active
    sheet.append(["Name", "Born", "Sum", "Count"])
    sheet.append(["Berg", 99_999_999, "#REF!", 1e300])
    sheet["B2"].number_format = "yyyy-mm-dd"
    sheet.append(["=HYPERLINK(1)", -5, "=1+1", float("1e15")])
    sheet["B3"].number_format = "yyyy-mm-dd"
    book.save(saved := io.BytesIO())

    _, first, second = read(saved.getvalue())

    assert (first[0], first[2:]) == ("Berg", ["#REF!", "1e+300"])
    assert second[0] == ""  # a formula that nobody has computed yet; those that were hold their results


# Cells ---------------------------------------------------------------------------------------------------------------

HOSTILE = [
    "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "31.02.0000", "-1-1-1", "2026-05", "T", "--", "٢٠٢٦-٠١-٠١",
    "9" * 5_000, "-" + "9" * 400, "1e999", "1e-999", "NaN", "-Infinity", "0x10", "1_000", "²", "١٢٣", ".", ",", "1.2.3",
    "=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1", "\t=1", "<script>alert(1)</script>", "{{ 7*7 }}", "';--", "%s%n",
    "\x00", "a\x00b", "\ufffd", "\u202egnp.exe", "😀" * 90, "e\u0301" * 100, "x" * 32_767, "a@b@c", '"a b"@x.example',
    "ada@" + "x" * 300 + ".example", "@", "<", "Ada <", "+" + "4" * 60, "tel:+45", "true\u200b", "null", "None",
]  # fmt: skip


def outcome(reader, cells, record_type):
    """Return the field that a row is refused for, None for one that is read."""
    try:
        clean(reader.read(cells).values, record_type)
    except DomainError as error:
        return error.problems[0].field
    return None


@pytest.mark.parametrize("record_type", RecordType)
def test_whatever_a_cell_says_its_row_is_read_or_refused_for_its_field(record_type):
    target = TARGETS[record_type]
    for name in target.fields:
        needed = [each for each in target.required if each != name]
        columns = [Column(each, each) for each in (name, *needed)]
        for manner in (Manner(), Manner(dates="dmy", decimal=",", country="DK")):
            reader = Reader(record_type, placed([each.column for each in columns], columns), manner)

            refused = {outcome(reader, [cell, *needed], record_type) for cell in HOSTILE}

            assert refused <= {None, name}
            assert name in refused  # a zero byte is no value of any field


def test_an_id_that_no_record_can_have_is_its_rows_own_mistake():
    columns = [Column("Id", "id"), Column("Name", "last_name")]
    reader = Reader(RecordType.CONTACT, placed(["Id", "Name"], columns), Manner())

    with pytest.raises(Invalid) as refused:
        reader.read(["x" * 65, "Juhl"])

    assert refused.value.problems[0].field == "id"
    assert reader.read(["x" * 64, "Juhl"]).record_id == "x" * 64


@pytest.mark.parametrize(
    ("record_type", "name"),
    [(RecordType.ACCOUNT, "employees"), (RecordType.LEAD, "employees"), (RecordType.LEAD, "linkedin_submissions")],
)
def test_a_number_with_more_digits_than_a_table_holds_is_its_rows_own_mistake(record_type, name):
    names = [*TARGETS[record_type].required, name]
    reader = Reader(record_type, placed(names, [Column(each, each) for each in names]), Manner())

    with pytest.raises(Invalid) as refused:
        reader.read([*names[:-1], "9" * 39])

    assert refused.value.problems[0].field == name
    assert reader.read([*names[:-1], "12"]).values[name] == 12


@given(some.text(max_size=40))
def test_no_cell_of_a_file_that_we_write_is_a_formula(text):
    line = lines([[text, 1]]).decode("utf-8", "surrogatepass") if text.isprintable() else ""

    assert not line.lstrip('"').startswith(("=", "+", "-", "@", "\t", "\r"))
