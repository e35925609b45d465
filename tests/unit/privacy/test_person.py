"""How a text, a row or a file names a person."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.holdings import Person
from chalicelib.privacy.kinds import deadline

ADA = Person(
    contacts=frozenset({"01CONTACT"}),
    addresses=frozenset({"ada@contoso.example", "ada@xn--bcher-kva.example"}),
    phones=frozenset({"+4512345678"}),
    leads=frozenset({"01LEAD"}),
)


@pytest.mark.parametrize(
    "value",
    [
        "ada@contoso.example",
        "Ada Juhl <ADA@Contoso.Example>, again",
        "ada@bücher.example",
        {"answers": [{"name": "EMAIL", "value": "Ada@contoso.example"}]},
        "+45 12 34 56 78",
        "0045 12345678",
        ["nothing", {"phone": "+45 1234-5678"}],
    ],
)
def test_a_person_is_named_by_an_address_in_any_spelling_and_by_a_number(value):
    assert ADA.mentioned(value)


@pytest.mark.parametrize(
    "value",
    [
        "nada@contoso.example",
        "ada@contoso.example.org",
        "ada@contoso.examples",
        "x.ada@contoso.example",
        {"email": "bo@contoso.example", "phone": "+45 12 34 56 78"},
        "12",
        "",
        None,
        7,
    ],
)
def test_another_address_and_a_number_beside_it_name_somebody_else(value):
    assert not ADA.mentioned(value)


@given(st.text(max_size=40), st.text(max_size=40))
def test_nobody_is_named_by_any_text(before, behind):
    assert not Person().mentioned(f"{before} {behind}")
    assert not Person().in_file(before + behind)


@given(st.text(alphabet=" ;,\t\n\"'<>", max_size=5), st.text(alphabet=" ;,\t\n\"'<>", max_size=5))
def test_an_address_between_separators_is_found_in_a_file(before, behind):
    assert ADA.in_file(f"{before}ADA@contoso.example{behind}")


def test_a_file_names_a_person_by_its_records_too():
    assert ADA.in_file("row,01lead,80")
    assert ADA.in_file('{"contact":"01CONTACT"}')
    assert not ADA.in_file("row,02lead,80,+45 12345678")


def test_a_file_names_who_has_no_address_by_a_number():
    assert Person(phones=frozenset({"+4512345678"})).in_file("a;+45 12 34 56 78;b")


@pytest.mark.rule("PRV-17")
@pytest.mark.parametrize(
    ("received", "due"),
    [((2026, 1, 31), (2026, 2, 28)), ((2026, 12, 15), (2027, 1, 15)), ((2028, 1, 31), (2028, 2, 29))],
)
def test_a_request_is_due_in_a_month_by_the_calendar(received, due):
    assert deadline(datetime(*received, 9, tzinfo=UTC)) == datetime(*due, 9, tzinfo=UTC)
