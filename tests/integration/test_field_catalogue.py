"""The catalogue of fields: it offers what the doors take, and nothing that they refuse."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.capture import checks, writing
from chalicelib.capture.schemas import FormDocument
from chalicelib.conditions import sources
from chalicelib.conditions.compiler import problems_of
from chalicelib.conditions.operators import Values, takes
from chalicelib.conditions.schemas import AttributeClause, Operator
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import CustomType
from chalicelib.imports.cells import Column
from chalicelib.imports.mapping import problems as import_problems
from chalicelib.leads.fields import SUPPORTING
from chalicelib.messages.checks import check_email
from chalicelib.messages.schemas import EmailDocument
from chalicelib.operations import fields
from tests.support.api import Caller
from tests.support.custom import change, make

RECORDS = ("contact", "account", "lead")
EMAIL = {"name": "email", "label": "Email", "type": "email", "contact_field": "email", "required": True}


@pytest.fixture(scope="module")
def known(shared_cloud):
    """The whole catalogue, with a custom field of each type for each kind of record."""
    for of in RECORDS:
        for type_ in CustomType:
            make(f"f_{type_}", type_, of)
    return fields.catalogue(None).fields


@pytest.fixture(scope="module")
def own(known):
    """The custom fields, read once."""
    return {of: custom_fields.in_use(of) for of in RECORDS}


@pytest.fixture(scope="module")
def wrong_with(own):
    """What keeps a form from going live."""
    writable = {of: {**fields.WRITABLE[of], **writing.offered(own[of])} for of in ("contact", "lead")}
    asked = {"contact_fields": writable["contact"], "lead_fields": writable["lead"]}
    return lambda form: checks.check_form(form, **asked, strategies=(), allow_without_update=False).problems


def usable(known, use):
    return {(each.entity, each.name): each for each in known if use in each.uses}


def test_every_field_that_conditions_know_is_there_once_and_has_words(known):
    there = [(each.entity, each.name) for each in known]
    asked = sources.current_catalogue().entities

    assert len(set(there)) == len(there)
    assert {(entity, name) for entity, own in asked.items() for name in own} <= set(there)
    assert all(each.labels and all(each.labels.values()) for each in known)


@pytest.mark.rule("SEG-10")
def test_conditions_take_each_field_with_each_operator_that_the_catalogue_offers_and_with_no_other(known):
    catalogue = sources.current_catalogue()

    for each in usable(known, "condition").values():
        for operator in Operator:
            if takes(operator) is Values.NONE:
                clause = AttributeClause(field=each.uses["condition"], operator=operator, type=each.asked_as.type)
                assert problems_of(clause, catalogue) == ()
            clause = AttributeClause(field=each.uses["condition"], operator=operator, type=each.asked_as.type)
            places = [problem.field for problem in problems_of(clause, catalogue)]
            assert ("/operator" in places) is (operator not in each.operators)


def form(each, target, type_):
    own = {"name": "f", "label": "F", "type": type_, f"{target}_field": each.name, "required": True}
    values = list(each.asked_as.options) or ["x"]
    own["options"] = [{"value": value, "label": value} for value in values]
    placed = [{"kind": "field", "name": name} for name in ("email", "f")]
    both = [own] if each.name == "email" else [EMAIL, own]
    elements = [*placed[-len(both) :], {"kind": "submit"}]
    matching = {"generate_leads_without_matching": True}
    return FormDocument.model_validate({"fields": both, "elements": elements, **matching})


@pytest.mark.rule("FLD-4")
def test_forms_take_each_field_by_each_type_that_the_catalogue_offers_and_no_other_field(known, wrong_with):
    offered = usable(known, "form")

    for each in [each for each in known if each.entity in {"contact", "lead"}]:
        if (each.entity, each.name) not in offered:
            assert wrong_with(form(each, each.entity, "text"))
        for type_ in each.form_types:
            if each.name != "email":
                assert wrong_with(form(each, each.entity, type_)) == [], (each.name, type_)


def test_imports_take_each_field_that_the_catalogue_offers_and_no_other(known, own):
    for each in [each for each in known if each.entity in RECORDS]:
        mapping = [Column("c", each.name)]
        found = import_problems(each.entity, ["c"], mapping, own[each.entity])
        assert ("mapping.0.field" in [problem.field for problem in found]) is ("import" not in each.uses), each.name


@pytest.mark.rule("EML-9")
def test_templates_take_each_field_that_the_catalogue_offers_and_no_other_of_contacts_and_accounts(known, own):
    for each in [each for each in known if each.entity in {"contact", "account"}]:
        prefix = "contact.account" if each.entity == "account" else "contact"
        path = each.uses.get("template", f"{prefix}.{each.name}")
        checked = check_email(EmailDocument(preview_text=f"{{{{ {path} }}}}"), own)
        places = [problem.field for problem in checked.problems]
        assert ("preview_text" in places) is ("template" not in each.uses), path


def test_stages_require_what_the_catalogue_offers(known):
    offered = {name for _, name in usable(known, "stage")}
    assert offered == SUPPORTING | {f"custom.f_{type_}" for type_ in CustomType}


# Over HTTP -----------------------------------------------------------------------------------------------------------


def test_the_catalogue_tells_the_console_what_it_needs_of_ours_and_of_custom_ones(cloud):
    make("tier", "choice", labels={"en": "Level", "da": "Niveau"}, required=True)
    make("old", of="lead")
    change("lead.old", retired=True)
    with Client(app) as client:
        api = Caller(client)
        whole, contacts = api.get("/fields"), api.get("/fields?entity=contact")
        unknown, _, _ = api.call("GET", "/fields?entity=nothing")

    by_name = {each["name"]: each for each in contacts["items"]}
    assert {each["entity"] for each in contacts["items"]} == {"contact"}
    tier, city, last_name = by_name["custom.tier"], by_name["city"], by_name["last_name"]
    assert (tier["id"], tier["custom_type"], tier["type"], tier["labels"]["da"]) == (
        "contact.tier", "choice", "choice", "Niveau",
    )  # fmt: skip
    assert [each["value"] for each in tier["options"]] == ["gold", "silver"]
    assert (tier["form_types"], tier["uses"]["template"]) == (["option_set"], "contact.custom.tier")
    assert (city["custom"], city["labels"], city["required"]) == (False, {"en": "City"}, False)
    assert ("contains" in city["operators"], last_name["required"]) == (True, True)
    [old] = [each for each in whole["items"] if each["name"] == "custom.old"]
    assert (old["retired"], old["uses"], old["operators"]) == (True, {}, [])
    assert "EmailClicked" in whole["interactions"]
    assert whole["relations"]["contact"]["account"] == "account"
    assert unknown == 400
