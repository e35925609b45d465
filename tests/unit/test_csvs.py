"""A file of scores that a spreadsheet may open."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.csvs import FORMULAS, lines


def read(content):
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


@pytest.mark.rule("SCO-27")
@pytest.mark.parametrize("text", ["=1+1", "+45 12 34", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
def test_no_text_is_taken_for_a_formula(text):
    [[cell]] = read(lines([[text]]))

    assert cell == f"'{text}"


def test_numbers_stay_numbers_and_what_is_absent_is_empty():
    assert lines([[-30, None, "Berg"]]) == b"-30,,Berg\r\n"


@given(some.lists(some.lists(some.text(some.characters(codec="utf-8")), min_size=2, max_size=3), min_size=1))
def test_whatever_people_are_called_the_file_has_their_cells(rows):
    found = read(lines(rows))

    assert len(found) == len(rows)
    for cells, texts in zip(found, rows, strict=True):
        assert [cell.removeprefix("'") for cell in cells] == [text.removeprefix("'") for text in texts]
        assert not any(cell.lstrip(" ").startswith(FORMULAS) for cell in cells)
