"""The log of changes tells what stood at any moment: each record carries what a replay of all before it comes to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clock import as_text
from chalicelib.consent import plans
from chalicelib.consent.models import ChangeRow, PreferencesRow
from chalicelib.consent.plans import Answer, Evidence
from chalicelib.consent.rules import Preferences, lowers
from chalicelib.consent.service import of_row, proof

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SAID = Evidence("user:u", "api", "by user", reason="on the phone", wording="Yes, please", version=3)

settings = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("bulk_email", "email", "tracking", "prefill", "is_child"), st.booleans()),
        "consent_level": st.integers(0, 5),
        "external_level": st.none() | st.integers(0, 5),
        "guardian_id": st.none() | st.just("g"),
    },
)
steps = st.lists(st.tuples(st.sampled_from(["change", "answers", "import", "merge"]), settings, st.integers(-3, 3)))


def written(writes):
    """Return the row and the records among some writes."""
    items = [write.key.kind.from_raw_data(dict(write.request["Item"])) for write in writes if write.verb == "Put"]
    rows = [each for each in items if isinstance(each, PreferencesRow)]
    return rows[-1] if rows else None, [each for each in items if isinstance(each, ChangeRow)]


def made(before, how, wanted, name, now):
    if how == "answers":
        answers = [Answer(f"{name}.{at}", SAID, {each: value}) for at, (each, value) in enumerate(wanted.items())]
        return plans.answered(before, answers, before.withdrawn, now)
    if how == "import":
        return plans.imported([before], wanted, SAID, name, before.withdrawn, now)
    if how == "merge":
        return plans.passed([[before, Preferences("other")]], now)[:2]
    return plans.change(before, wanted, SAID, name, now)


def run(taken):
    """Make changes one after the other, by clocks that do not agree; return what stood after each, and the log."""
    stood, log, before = [], [], Preferences("c")
    for number, (how, wanted, drift) in enumerate(taken):
        row, records = written(made(before, how, wanted, f"n{number}", NOW + timedelta(microseconds=drift)))
        before = of_row("c", row) if row is not None else before
        log += records
        stood.append(before)
    return stood, log


def replayed(records):
    """Return what a log comes to that is read from its beginning."""
    known = {}
    for record in records:
        known |= record.after
    return Preferences("c", **known).fields()


@pytest.mark.rule("PRV-13")
@given(taken=steps)
def test_what_each_record_carries_is_what_a_replay_of_the_log_up_to_it_comes_to(taken):
    stood, log = run(taken)

    by_time = sorted((each for each in log if each.state is not None), key=lambda each: each.changed_at)
    assert [each.number for each in by_time] == sorted(each.number for each in by_time)
    for record in by_time:
        upto = [each for each in by_time if each.changed_at <= record.changed_at]
        assert Preferences("c", **record.state).fields() == replayed(upto)
    assert replayed(by_time) == (stood[-1].fields() if stood else Preferences("c").fields())


@given(taken=steps)
def test_what_was_ever_withdrawn_is_known_without_the_log(taken):
    stood, log = run(taken)

    withdrawn = {name for record in log for name in lowers(record.before, record.after)}
    assert withdrawn == (stood[-1].withdrawn if stood else set())


@given(taken=steps)
def test_the_row_names_the_record_after_which_it_stands_so(taken):
    stood, log = run(taken)

    named = {f"{as_text(each.changed_at)}#{each.sk.split('#')[2]}" for each in log}
    assert {each.record for each in stood} - {None} <= named
    for each in stood:
        assert (each.record is None) == (each.version == 0)


@pytest.mark.rule("PRV-13")
def test_a_record_says_who_when_from_where_how_and_in_which_words():
    _, [record] = written(plans.change(Preferences("c"), {"consent_level": 4}, SAID, "n", NOW))

    assert (record.who, record.changed_at, record.source, record.source_version) == ("user:u", NOW, "api", 3)
    assert (record.method, record.wording, record.reason) == ("by user", "Yes, please", "on the phone")
    assert (record.before, record.after) == ({"consent_level": 0}, {"consent_level": 4})


def test_a_change_counts_after_the_last_one_even_where_the_clock_is_behind():
    late = Preferences("c", version=1, changed_at=NOW)

    row, [record] = written(plans.change(late, {"email": False}, SAID, "n", NOW - timedelta(seconds=1)))

    assert row.changed_at == record.changed_at == NOW + timedelta(microseconds=1)


def test_a_send_keeps_what_stood_for_all_identities_and_by_which_records():
    ada = Preferences("ada", consent_level=4, bulk_email=False, version=3, record="r3")
    twin = Preferences("twin", consent_level=5, email=False)

    kept = proof([ada, twin])

    assert kept["stood"] == {"bulk_email": False, "email": False, "consent_level": 4}
    assert kept["records"] == {"ada": "r3", "twin": None}
    assert (kept["level"], kept["version"]) == (4, 3)
