"""What keeps a form from going live because of what it would write into contacts and leads."""

import pytest

from chalicelib.capture import writing
from chalicelib.capture.checks import check_form
from chalicelib.capture.schemas import FieldType, FormDocument
from chalicelib.conditions.catalogue import Field
from chalicelib.conditions.catalogue import FieldType as Kind
from chalicelib.contacts.custom.definition import CustomType
from chalicelib.contacts.fields import WRITABLE as OF_CONTACTS
from chalicelib.leads.fields import WRITABLE as OF_LEADS
from tests.support.custom import field, options

FITTING = {
    CustomType.TEXT: "text_area",
    CustomType.WHOLE_NUMBER: "whole_number",
    CustomType.DECIMAL: "decimal",
    CustomType.MONEY: "decimal",
    CustomType.DATE: "date",
    CustomType.INSTANT: "date_time",
    CustomType.TWO_OPTIONS: "two_options",
    CustomType.CHOICE: "option_set",
    CustomType.MULTIPLE_CHOICE: "multiple_choice",
    CustomType.EMAIL: "email",
    CustomType.PHONE: "phone",
    CustomType.URL: "url",
}
GOLD = [{"value": "gold", "label": "Gold"}]


def form(type_, contact=None, lead=None, offers=GOLD, **more):
    given = {"name": "tier", "label": "Tier", "type": type_, "contact_field": contact, "lead_field": lead, **more}
    if type_ in {"option_set", "multiple_choice"}:
        given["options"] = offers
    return FormDocument.model_validate({"fields": [given], "elements": [{"kind": "field", "name": "tier"}]})


def places(asked, of_contacts=OF_CONTACTS, of_leads=OF_LEADS):
    return [problem.field for problem in writing.problems_of(asked, of_contacts, of_leads)]


@pytest.mark.parametrize("type_", list(CustomType))
def test_every_type_of_custom_field_can_be_asked_for_and_not_by_everything(type_):
    own = writing.offered({"custom.tier": field("tier", type_)})
    odd = "two_options" if type_ is not CustomType.TWO_OPTIONS else "text"

    assert places(form(FITTING[type_], "custom.tier"), own) == []
    assert places(form(odd, "custom.tier"), own) == ["fields.0.type"]


@pytest.mark.parametrize(
    ("type_", "contact", "lead"),
    [
        ("whole_number", "postal_code", None),
        ("two_options", "city", None),
        ("text", "birth_date", None),
        ("text", None, "decision_maker"),
        ("multiple_choice", "city", None),
        ("text", None, "need"),
    ],
)
def test_what_a_field_cannot_hold_is_not_asked_for_it(type_, contact, lead):
    assert places(form(type_, contact, lead)) == ["fields.0.type"]


def test_a_form_offers_what_its_field_holds_and_nothing_retired():
    held = writing.offered({"custom.tier": field("tier", "choice", options=(*options("silver"),))})

    assert places(form("option_set", "custom.tier"), held) == ["fields.0.options"]
    assert places(form("option_set", None, "need")) == ["fields.0.options"]


@pytest.mark.rule("FLD-4")
@pytest.mark.parametrize(("of_lead", "wrong"), [(("gold", "silver"), []), (("gold",), ["fields.0"])])
def test_choices_of_contact_and_lead_that_one_field_writes_to_have_the_same_values(of_lead, wrong):
    own = {"custom.tier": Field(Kind.CHOICE, ("silver", "gold"))}

    assert (
        places(form("option_set", "custom.tier", "custom.tier"), own, {"custom.tier": Field(Kind.CHOICE, of_lead)})
        == wrong
    )


@pytest.mark.rule("FLD-4")
def test_such_a_form_does_not_go_live():
    own = [{"custom.tier": Field(Kind.CHOICE, values)} for values in (("gold",), ("gold", "silver"))]
    asked = form("option_set", "custom.tier", "custom.tier")

    checked = check_form(asked, contact_fields=own[0], lead_fields=own[1], strategies=(), allow_without_update=False)

    assert "fields.0" in [problem.field for problem in checked.problems]


@pytest.mark.rule("FRM-4")
def test_who_makes_a_form_is_warned_of_required_fields_that_it_does_not_ask_for():
    needed = {"contact": {"custom.seats": field("seats", required=True), "custom.tier": field("tier")}}

    [warning] = writing.lacking(form("text", "custom.tier"), needed)

    assert "Seats" in warning.message
    assert list(writing.lacking(form("text", "custom.seats"), needed)) == []


def test_what_is_required_must_be_filled_in_on_the_form():
    needed = {"contact": {"custom.tier": field("tier", required=True)}, "lead": {}}

    assert [each.field for each in writing.unfilled(form("text", "custom.tier"), needed)] == ["fields.0.required"]
    assert list(writing.unfilled(form("text", "custom.tier", required=True), needed)) == []


def test_every_type_of_form_field_can_write_somewhere():
    assert {each for takes in writing.TAKES.values() for each in takes} == set(FieldType)
