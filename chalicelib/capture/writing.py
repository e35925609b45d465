"""Which fields of contacts and leads a form may write, and whether what it asks for is what they hold; pure."""

from collections.abc import Iterator, Mapping

from chalicelib.capture.schemas import FieldType, FormDocument, FormField
from chalicelib.conditions.catalogue import Field, Fields
from chalicelib.conditions.catalogue import FieldType as Kind
from chalicelib.contacts.custom.definition import CustomField
from chalicelib.errors import Problem

TAKES: Mapping[Kind, frozenset[FieldType]] = {
    Kind.TEXT: frozenset(
        {FieldType.TEXT, FieldType.TEXT_AREA, FieldType.EMAIL, FieldType.URL, FieldType.PHONE, FieldType.OPTION_SET}
        | {FieldType.DATE, FieldType.DATE_TIME}
    ),
    Kind.INTEGER: frozenset({FieldType.WHOLE_NUMBER}),
    Kind.NUMBER: frozenset({FieldType.DECIMAL, FieldType.WHOLE_NUMBER}),
    Kind.BOOLEAN: frozenset({FieldType.TWO_OPTIONS}),
    Kind.DATE: frozenset({FieldType.DATE}),
    Kind.INSTANT: frozenset({FieldType.DATE_TIME}),
    Kind.CHOICE: frozenset({FieldType.OPTION_SET}),
    Kind.TEXTS: frozenset({FieldType.MULTIPLE_CHOICE}),
}
"""By what a field holds, the types that a form may ask for it by."""

TARGETS = ("contact", "lead")


def offered(custom: Mapping[str, CustomField]) -> dict[str, Field]:
    """Return custom fields as forms write them: with the options that may be chosen now."""
    return {name: Field(field.asked_as.type, field.offered) for name, field in custom.items()}


def problems_of(form: FormDocument, contact_fields: Fields, lead_fields: Fields) -> Iterator[Problem]:
    """Yield where a form would write what a field does not hold, so that submissions would fail (FLD-4)."""
    known = {"contact": contact_fields, "lead": lead_fields}
    for at, field in enumerate(form.fields):
        written = {target: known[target][name] for target, name in _names(field).items() if name in known[target]}
        for target, each in written.items():
            yield from _of_target(field, target, each, f"fields.{at}")
        choices = {target: set(each.options) for target, each in written.items() if each.options}
        if len(choices) == 2 and choices["contact"] != choices["lead"]:
            differing = ", ".join(sorted(choices["contact"] ^ choices["lead"]))
            told = f"{field.name} writes to choices of the contact and of the lead that differ in: {differing}."
            yield Problem(f"fields.{at}", told)


def _names(field: FormField) -> dict[str, str]:
    named = {"contact": field.contact_field, "lead": field.lead_field}
    return {target: name for target, name in named.items() if name}


def _of_target(field: FormField, target: str, held: Field, place: str) -> Iterator[Problem]:
    if field.type not in TAKES[held.type]:
        fitting = ", ".join(sorted(TAKES[held.type]))
        told = f"The {target}'s field that {field.name} writes to is of type {held.type}: ask for it by {fitting}."
        yield Problem(f"{place}.type", told)
    for option in field.options if held.options else ():
        if option.value not in held.options:
            told = f"“{option.value}” is none of the options of the {target}'s field: {', '.join(held.options)}."
            yield Problem(f"{place}.options", told)


def unfilled(form: FormDocument, custom: Mapping[str, Mapping[str, CustomField]]) -> Iterator[Problem]:
    """Yield what a form has to ask for and only may ask for: blank, it would be refused in every submission."""
    for at, field in enumerate(form.fields):
        for target, name in _names(field).items():
            wanted = custom[target].get(name)
            if wanted is not None and wanted.required and not field.required:
                told = f"{field.name} must be filled in: the {target}'s {wanted.label} is required."
                yield Problem(f"fields.{at}.required", told)


def lacking(form: FormDocument, custom: Mapping[str, Mapping[str, CustomField]]) -> Iterator[Problem]:
    """Yield, to warn of it, what records need that a form does not ask for: it makes none then (FRM-4)."""
    for target, fields in custom.items():
        asked = {_names(field).get(target) for field in form.fields}
        for name, field in fields.items():
            if field.required and name not in asked:
                told = f"The form does not ask for the {target}'s {field.label}, which is required: it can make none."
                yield Problem("fields", told)
