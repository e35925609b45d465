"""From which day somebody consents for themselves, and what that day changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.consent.ages import AGES, NAMES, age_of_consent, begins, of_age_on
from chalicelib.consent.children import of_age, protected
from chalicelib.consent.rules import Designation, Preferences, lawful, raises, refusal, strictest

TODAY = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.rule("PRV-10")
@pytest.mark.parametrize(
    ("country", "age"),
    [
        *(("DK", 15), ("dk", 15), ("Denmark", 15), (" denmark ", 15), ("ES", 14), ("UK", 13), ("US", 13), ("DE", 16)),
        *(("Atlantis", 16), (None, 16), ("", 16)),
    ],
)
def test_the_age_of_consent_is_that_of_the_country_else_sixteen(country, age):
    assert age_of_consent(country, {}) == age


@pytest.mark.rule("PRV-10")
def test_an_organisation_puts_an_age_of_its_own_in_the_place_of_the_shipped_one():
    assert age_of_consent("Denmark", {"DK": 18}) == 18
    assert age_of_consent("BR", {"BR": 18}) == 18
    assert set(NAMES.values()) <= AGES.keys()


@pytest.mark.parametrize(
    ("born", "country", "day"),
    [
        ("2012-03-01", "DK", date(2027, 3, 1)),
        ("2012-02-29", "DK", date(2027, 2, 28)),
        ("9999-12-31", "DK", date(9999, 12, 31)),
        (None, "DK", None),
    ],
)
def test_the_day_is_so_many_years_after_the_birth(born, country, day):
    assert of_age_on(born, country, {}) == day


def test_a_day_begins_when_it_has_begun_everywhere():
    assert begins(date(2027, 3, 1)) == datetime(2027, 3, 1, 12, tzinfo=UTC)


children = st.builds(
    Preferences,
    st.just("c"),
    bulk_email=st.booleans(),
    is_child=st.booleans(),
    guardian_consent=st.booleans(),
    consent_level=st.integers(0, 4),
    of_age_on=st.none() | st.dates(date(2020, 1, 1), date(2032, 1, 1)).map(date.isoformat),
)


@pytest.mark.rule("PRV-11")
@given(before=children, day=st.none() | st.dates(date(2020, 1, 1), date(2032, 1, 1)))
def test_a_birth_date_begins_and_prolongs_a_protection_and_never_ends_or_shortens_it(before, day):
    after = lawful(before, protected(before, day, TODAY))

    assert not raises(before, after) or after == lawful(before, {})
    assert after.get("is_child", before.is_child) >= before.is_child
    if day is not None and begins(day) > TODAY:
        assert after.get("is_child", before.is_child)


@pytest.mark.rule("PRV-11")
@given(before=children)
def test_becoming_of_age_allows_no_commercial_message_that_was_forbidden_the_day_before(before):
    changed = of_age(before, TODAY)
    after = Preferences(**{"contact_id": "c", **before.fields(), **lawful(before, changed)})

    if changed:
        assert before.is_child
        assert not after.is_child
        assert (after.guardian_consent, after.of_age_on) == (False, None)
        forbidden = refusal(before, Designation.COMMERCIAL) is not None
        assert not forbidden or refusal(after, Designation.COMMERCIAL) is not None
        assert after.consent_level == before.consent_level
    else:
        waiting = before.of_age_on is None or begins(date.fromisoformat(before.of_age_on)) > TODAY
        assert not before.is_child or waiting


@pytest.mark.rule("PRV-11", "SCO-33")
@given(before=children, level=st.integers(0, 5))
def test_no_childs_level_permits_profiling(before, level):
    child = {**before.fields(), **lawful(before, {"is_child": True, "consent_level": level})}

    assert child["consent_level"] == min(level, 4)


def test_several_children_who_are_one_are_of_age_when_the_last_of_them_is():
    first, last = (Preferences(each, is_child=True, of_age_on=f"20{each}-01-01") for each in ("28", "29"))
    unknown = Preferences("x", is_child=True)

    assert strictest([first, last, Preferences("adult")]).of_age_on == "2029-01-01"
    assert strictest([first, unknown]).of_age_on is None
    assert TODAY + timedelta(0) < begins(date(2028, 1, 1))
