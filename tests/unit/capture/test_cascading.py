"""Fields of a form that other fields decide about: what is taken, what keeps the form from going live, how it looks."""

import re

import pytest

from chalicelib.capture import cascading
from chalicelib.capture.schemas import FormDocument
from chalicelib.capture.values import read

pytestmark = pytest.mark.rule("FLD-3")


def choice(name, *values, type_="option_set", of=None, **more):
    """A choice; `of` gives by value the values of the parent with which it is offered."""
    options = [{"value": each, "label": each.title(), "parent_values": (of or {}).get(each, [])} for each in values]
    return {"name": name, "label": name.title(), "type": type_, "contact_field": name, "options": options, **more}


def form(*fields, order=None):
    elements = [{"kind": "field", "name": name} for name in order or [each["name"] for each in fields]]
    return FormDocument.model_validate({"fields": fields, "elements": [*elements, {"kind": "submit"}]})


COUNTRY = choice("country", "dk", "no", "se")
CITIES = {"aarhus": ["dk"], "oslo": ["no"]}
CITY = choice("city", "aarhus", "oslo", "elsewhere", of=CITIES, parent="country", required=True)
SHOPS = choice("shops", "north", "south", type_="multiple_choice", parent="city", parent_values=["aarhus"])


def taken(*fields, **typed):
    found = read(form(*fields), typed)
    return found.values, [problem.field for problem in found.problems]


@pytest.mark.parametrize("typed", [{}, {"city": "aarhus"}, {"country": ""}])
def test_a_child_is_neither_asked_for_nor_taken_until_its_parent_is_chosen(typed):
    values, wrong = taken(COUNTRY, CITY, **typed)

    assert (values.get("city"), wrong) == (None, [])


def test_a_child_that_is_shown_must_be_filled_where_it_is_required():
    assert taken(COUNTRY, CITY, country="dk") == ({"country": "dk"}, ["city"])


@pytest.mark.parametrize(("city", "wrong"), [("aarhus", []), ("elsewhere", []), ("oslo", ["city"])])
def test_an_option_goes_with_the_values_of_the_parent_that_it_names(city, wrong):
    assert taken(COUNTRY, CITY, country="dk", city=city)[1] == wrong


@pytest.mark.parametrize(("city", "shops"), [("aarhus", ["north"]), ("elsewhere", None)])
def test_a_field_can_be_shown_for_some_values_only_and_decide_about_others_itself(city, shops):
    values, wrong = taken(SHOPS, CITY, COUNTRY, country="dk", city=city, shops="north")

    assert (values.get("shops"), wrong) == (shops, [])


def test_what_depends_on_a_hidden_field_is_hidden_as_well():
    assert taken(COUNTRY, CITY, SHOPS, city="aarhus", shops=["north"]) == ({}, [])


@pytest.mark.parametrize(("ticked", "shown"), [({"gift": "true"}, True), ({}, False)])
def test_two_options_decide_and_a_box_that_is_not_sent_is_not_ticked(ticked, shown):
    gift = choice("gift", type_="two_options")
    wrapped = choice("wrapped", type_="two_options", parent="gift", parent_values=["true"])

    values, _ = taken(gift, wrapped, wrapped="true", **ticked)

    assert ("wrapped" in values) is shown


def test_a_multiple_choice_decides_by_any_of_what_is_chosen():
    topics = choice("topics", "lamps", "chairs", type_="multiple_choice")
    watts = choice("watts", "10", "20", of={"10": ["lamps"]}, parent="topics")

    assert taken(topics, watts, topics=["chairs", "lamps"], watts="10")[1] == []
    assert taken(topics, watts, topics=["chairs"], watts="10")[1] == ["watts"]


# Before it goes live -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        [choice("city", "a", parent="nothing")],
        [choice("city", "a", parent="city")],
        [choice("city", "a", of={"a": ["dk"]})],
        [CITY, COUNTRY],
        [COUNTRY, choice("city", "a", of={"a": ["fi"]}, parent="country")],
        [COUNTRY, choice("city", "a", parent="country", parent_values=["fi"])],
        [{**COUNTRY, "hidden": True, "default": "dk"}, CITY],
        [choice("country", type_="text"), CITY],
        [COUNTRY, choice("city", type_="text", parent="country")],
        [choice("a", "x", parent="b"), choice("b", "x", parent="a")],
    ],
)
def test_what_cannot_decide_is_refused_before_the_form_goes_live(fields):
    assert list(cascading.problems_of(form(*fields)))


def test_what_can_decide_is_not_refused_and_circles_end_even_so():
    circle = form(choice("a", "x", parent="b"), choice("b", "x", parent="a"))

    assert list(cascading.problems_of(form(COUNTRY, CITY, SHOPS))) == []
    assert read(circle, {"a": "x", "b": "x"}).values == {}


# How it looks --------------------------------------------------------------------------------------------------------


def test_rules_hide_what_is_not_to_be_seen_without_a_script():
    rules = cascading.style(form(COUNTRY, CITY, SHOPS), "f-")

    assert 'form:not(:has(#f-country option[value="dk"]:checked)) #f-city option[value="aarhus"]{display:none}' in rules
    assert 'form:not(:has(#f-city option[value="aarhus"]:checked)) #f-shops-at{display:none}' in rules
    assert cascading.style(form(COUNTRY), "f-") == ""


@pytest.mark.parametrize("odd", ['"]}</style><script>', "\\", "é", "a b", "a\nb"])
def test_no_option_can_end_a_rule_or_begin_anything_else(odd):
    country = choice("country", odd)
    rules = cascading.style(form(country, choice("city", "x", of={"x": [odd]}, parent="country")), "f-")

    assert "<" not in rules
    assert all(re.fullmatch(r"(\\[0-9a-f]+ |[A-Za-z0-9])*", value) for value in re.findall(r'"(.*?)"', rules))
