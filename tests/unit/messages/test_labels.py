"""What a choice prints, and what it is compared by."""

import pytest

from chalicelib.contacts.custom.definition import Option
from chalicelib.messages.labels import Labelled, in_words
from chalicelib.messages.personalisation import render
from tests.support.custom import field

TIER = field("tier", "choice", options=[Option("g", {"en": "Gold", "da": "Guld <3"}), Option("s", {"fr": "Argent"})])


@pytest.mark.rule("EML-9")
@pytest.mark.parametrize(
    ("value", "language", "printed"),
    [
        ("g", None, "Gold"),
        ("g", "da", "Guld <3"),
        ("g", "da-DK", "Guld <3"),
        ("g", "sv", "Gold"),
        ("s", "da", "Argent"),
        ("gone", "da", "gone"),
        (None, "da", ""),
    ],
)
def test_a_choice_prints_its_words_as_far_as_there_are_any(value, language, printed):
    known = in_words({"tier": value}, {"tier": TIER}, language)

    assert render("{{ c.tier }}", {"c": known}, escape=False) == printed


def test_words_are_escaped_where_they_stand_in_html():
    known = in_words({"tier": "g"}, {"tier": TIER}, "da")

    assert render("{{ c.tier }}", {"c": known}, escape=True) == "Guld &lt;3"


def test_a_label_is_its_value_to_whoever_compares():
    label = Labelled("g", "Gold")

    assert (label == "g", label == "Gold", label != "g", label in {"g"}) == (True, False, False, True)
    assert label == Labelled("g", "Guld")


def test_what_is_no_choice_stays_as_it_is():
    known = {"weight": 2, "other": "x"}

    assert in_words(known, {"weight": field("weight", "whole_number")}, "da") == known
