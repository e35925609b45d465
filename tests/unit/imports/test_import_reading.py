"""Files as rows: encodings and dialects that people's programs write, and files that mean harm."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some
from openpyxl import Workbook

from chalicelib.imports import limits, reading, separated, workbooks
from chalicelib.imports.limits import Unreadable
from chalicelib.imports.sniffing import ENCODINGS, Writing

POLISH = ["Łukasz Żółtowski", "Świętokrzyska 12, Kraków", "Część, którą będziemy wysyłać jutro"]
RUSSIAN = ["Анна Иванова", "Москва, улица Ленина", "Маркетинг и продажи для предприятий"]
JAPANESE = ["山田太郎さん", "東京都千代田区丸の内", "ご連絡をお待ちしております"]
DANISH = ["Søren Ærø", "Nørregade 7, København", "Vi ses på lørdag, hilser Åse"]
FRENCH = ["Hélène Lefèvre", "Rue de l'Église, Orléans", "Réunion générale à préparer"]


def table(rows, delimiter=",", end="\r\n"):
    quoted = [[f'"{cell}"' if delimiter in cell or "\n" in cell else cell for cell in row] for row in rows]
    return "".join(delimiter.join(row) + end for row in quoted)


def looked(content, **known):
    return reading.look(io.BytesIO(content), len(content), **known)


def read(content, **known):
    looks = looked(content, **known)
    return [row.cells for row, _ in reading.rows(io.BytesIO(content), looks.writing)]


WRITTEN = {
    "UTF-8, commas": (DANISH, "", "utf-8", ",", "\r\n", "utf-8"),
    "UTF-8 with a mark, semicolons, as Excel in Europe": (FRENCH, "\ufeff", "utf-8", ";", "\r\n", "utf-8"),
    "UTF-16 little end first with a mark, tabs, as Excel's Unicode text": (
        RUSSIAN, "\ufeff", "utf-16-le", "\t", "\r\n", "utf-16-le",
    ),
    "UTF-16 big end first with a mark": (POLISH, "\ufeff", "utf-16-be", ",", "\n", "utf-16-be"),
    "UTF-16 without a mark": (DANISH, "", "utf-16-le", ";", "\r\n", "utf-16-le"),
    "UTF-32 with a mark": (FRENCH, "\ufeff", "utf-32-le", ",", "\n", "utf-32-le"),
    "Windows-1252, semicolons": (DANISH, "", "cp1252", ";", "\r\n", "cp1252"),
    "Latin-1": (FRENCH, "", "latin-1", ",", "\n", "cp1252"),
    "Windows-1250": (POLISH, "", "cp1250", ";", "\r\n", "cp1250"),
    "Windows-1251, tabs": (RUSSIAN, "", "cp1251", "\t", "\r\n", "cp1251"),
    "Shift JIS": (JAPANESE, "", "cp932", ",", "\r\n", "cp932"),
    "bars and the ends of an old Mac": (FRENCH, "", "utf-8", "|", "\r", "utf-8"),
}  # fmt: skip


@pytest.mark.rule("IMP-2")
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_file_is_read_however_it_is_encoded_and_separated(written):
    cells, mark, encoding, delimiter, end, found = written
    rows = [["Name", "Address", "Note"], *([cells, ["x", "line\nbreak" if end != "\r" else "y", "z"]] * 20)]
    content = (mark + table(rows, delimiter, end)).encode(encoding)

    assert read(content) == rows
    looks = looked(content)
    assert looks.columns == ["Name", "Address", "Note"]
    assert (looks.writing.delimiter, looks.writing.encoding) == (delimiter, found)


def test_what_a_person_says_of_a_file_is_believed():
    content = table([["Name"], ["Žižek;Slavoj"]]).encode("cp1250")

    assert read(content, encoding="cp1250", delimiter=";")[1] == ["Žižek", "Slavoj"]


def test_a_first_line_that_names_the_separator_is_no_heading():
    content = "\ufeffsep=;\r\nName;Email\r\nBerg;a@b.example\r\n".encode("utf-16-le")

    assert read(content) == [["Name", "Email"], ["Berg", "a@b.example"]]


def test_rows_keep_the_numbers_that_a_spreadsheet_shows_and_blank_ones_are_left_out():
    content = b"Name,Email\r\n\r\nBerg,\r\n,,\r\nJuhl,x\r\n"

    found = list(reading.rows(io.BytesIO(content), looked(content).writing))

    assert [(row.number, row.cells) for row, _ in found] == [
        (1, ["Name", "Email"]), (3, ["Berg"]), (5, ["Juhl", "x"]),
    ]  # fmt: skip


@given(
    some.lists(some.lists(some.text(some.characters(codec="utf-8"), max_size=6), min_size=2, max_size=2), min_size=1),
    some.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "utf-32-be"]),
    some.sampled_from([1, 3, 64]),
)
def test_reading_goes_on_from_behind_any_row_as_if_it_had_not_stopped(rows, encoding, block):
    cells = [[cell.replace("\r", "").strip() + "." for cell in row] for row in rows]
    text = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in cells)
    content, writing = text.encode(encoding), Writing(encoding, ",")
    before, separated.BLOCK = separated.BLOCK, block

    try:
        whole = list(separated.rows(io.BytesIO(content), writing))
        for at, (_, place) in enumerate(whole):
            assert list(separated.rows(io.BytesIO(content), writing, place)) == whole[at + 1 :]
    finally:
        separated.BLOCK = before
    assert [row.cells for row, _ in whole] == cells


def test_letters_that_the_encoding_does_not_know_are_marked_and_lose_no_row():
    content = b"Name,Email\n" + b"Berg,b@x.example\n" * 40_000 + b"S\xf8ren,s@x.example\n" + b"Juhl,j@x.example\n"

    rows = read(content)

    assert rows[-2:] == [["S\ufffdren", "s@x.example"], ["Juhl", "j@x.example"]]


# Workbooks -----------------------------------------------------------------------------------------------------------


def workbook(rows):
    book = Workbook(write_only=True)
    sheet = book.create_sheet("People")
    for row in rows:
        sheet.append(row)
    book.create_sheet("Other").append(["not read"])
    book.save(saved := io.BytesIO())
    return saved.getvalue()


def rewritten(content, change, more=()):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
        for name, data in more:
            new.writestr(name, data)
    return out.getvalue()


@pytest.mark.rule("IMP-2")
def test_a_workbook_is_read_as_its_cells_would_have_been_typed():
    times = [datetime(2026, 5, 1, 9, 30), datetime(2026, 5, 1)]  # noqa: DTZ001  sheets know no zones
    names = ["Name", "Phone", "Born", "Seen", "Value", "Ok"]
    content = workbook([names, ["Łódź", 4512345678, date(1990, 5, 1)], [None, 45.0, *times, 1.5, True]])

    assert read(content) == [
        ["Name", "Phone", "Born", "Seen", "Value", "Ok"],
        ["Łódź", "4512345678", "1990-05-01"],
        ["", "45", "2026-05-01T09:30:00", "2026-05-01", "1.5", "true"],
    ]
    looks = looked(content)
    assert looks.writing is None
    found = list(reading.rows(io.BytesIO(content), None, [2]))
    assert [(row.number, place) for row, place in found] == [(3, [3])]


def test_a_workbook_of_four_times_as_many_rows_needs_no_more_memory():
    def peak(count):
        content = workbook([["Name", "Number"]] + [[str(at), at] for at in range(count)])
        tracemalloc.start()
        assert sum(1 for _ in reading.rows(io.BytesIO(content), None)) == count + 1
        found = tracemalloc.get_traced_memory()[1] - len(content)
        tracemalloc.stop()
        return found

    assert peak(8_000) < peak(2_000) + 2_000_000


def refused(content, *words):
    with pytest.raises(Unreadable) as error:
        read(content)
    for word in words:
        assert word in str(error.value)


HUGE = b"0" * 600_000_000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"\n\n\nBerg,1\n", ["headings"]),
        (b"Name,Email,name\nx,y,z\n", ["Two columns", "name"]),
        (b"Name,Note\nBerg," + b"x" * 10_000_000, ["line", "MB"]),
        (b'Name,Note\nBerg,"' + b"x,y\n" * 2_500_000, ["Row 2", "quotation"]),
        (b"Name,Note\nBerg,\n" + b",".join([b"x"] * 300), ["Row 3", "300 columns", "200"]),
        (bytes(range(256)) * 500, ["text file"]),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(0, 256, 3)) * 90, ["text file"]),
        (workbooks.OLD_MARK + b"\x00" * 600, ["password"]),
        (workbooks.MARK + b"not a zip", ["damaged"]),
    ],
    ids=["empty", "no headings", "twins", "long cell", "no end", "columns", "bytes", "picture", "old", "torn"],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(content, words):
    refused(content, *words)


def test_a_line_without_end_is_not_held_in_memory():
    content = b"Name\n" + b"x" * 60_000_000
    tracemalloc.start()

    refused(content, "Row 2" if len(content) < limits.MOST_LINE else "line")

    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


BOOK = workbook([["Name"], ["Berg"]])
BILLION = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]><sst>&b;</sst>'


def test_a_workbook_that_unpacks_to_far_more_than_it_has_is_never_unpacked():
    bomb = rewritten(BOOK, lambda _, data: data, [("xl/worksheets/sheet3.xml", HUGE)])
    texts = rewritten(BOOK, lambda _, data: data, [("xl/SharedStrings.xml", HUGE[:100_000_000])])
    parts = rewritten(BOOK, lambda _, data: data, [(f"xl/{each}.xml", b"<a/>") for each in range(2_000)])

    for content in (bomb, texts, parts):
        assert len(content) < 1_000_000
        refused(content, "too large", "CSV")


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
@pytest.mark.parametrize(
    "harm",
    [BILLION, b"", b"<", b"\x00", BILLION.decode().encode("utf-16"), b"<a/>"],
    ids=["entities", "nothing", "torn", "zero", "wide entities", "another"],
)
def test_a_workbook_that_is_damaged_or_means_harm_is_refused_or_read_without_it(name, harm):
    content = rewritten(BOOK, lambda part, data: harm if part == name else data)

    try:
        rows = read(content)
    except Unreadable:
        return
    assert rows == [["Name"], ["Berg"]]


def test_a_sheet_that_claims_cells_at_its_far_end_is_refused_by_its_columns():
    far = b'<row r="3"><c r="XFD3"><v>1</v></c></row></sheetData>'
    content = rewritten(BOOK, lambda _, data: data.replace(b"</sheetData>", far))

    refused(content, "Row 3", "columns")


def test_a_sheet_of_more_cells_than_can_be_read_in_time_is_refused_and_told_of_csv(monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_BOOK_CELLS", 20)

    refused(workbook([["Name", "Email"], *[["x", "y"]] * 10]), "20 cells", "CSV")


def test_another_zip_is_no_workbook():
    refused(rewritten(BOOK, lambda _, data: data).replace(b"xl/workbook.xml", b"xl/workbooc.xml"), "not an Excel")


def test_every_encoding_that_can_be_said_can_be_read():
    for encoding in ENCODINGS:
        assert read("a,b\r\nc,d\r\n".encode(encoding), encoding=encoding) == [["a", "b"], ["c", "d"]]
