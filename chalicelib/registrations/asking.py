"""What an event asks whoever registers: the person, and its own questions; read as a form is read; pure."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from chalicelib.capture import values as reading
from chalicelib.capture.schemas import Element, ElementKind, FieldType, FormDocument, FormField
from chalicelib.capture.schemas import Option as Choice
from chalicelib.errors import Problem
from chalicelib.registrations.schemas import EventDocument, Matching, Question, RegistrationField

PERSON: Mapping[str, tuple[str, FieldType]] = {
    "first_name": ("First name", FieldType.TEXT),
    "last_name": ("Last name", FieldType.TEXT),
    "email": ("Email", FieldType.EMAIL),
    "phone": ("Phone", FieldType.PHONE),
    "company_name": ("Company", FieldType.TEXT),
    "job_title": ("Job title", FieldType.TEXT),
}
"""What is asked about the person, by contact field."""

NEEDED: Mapping[Matching, frozenset[str]] = {
    Matching.EMAIL: frozenset({"last_name", "email"}),
    Matching.NAMES: frozenset({"last_name", "first_name"}),
    Matching.EMAIL_AND_NAMES: frozenset({"last_name", "first_name", "email"}),
}
"""What has to be told: a contact needs a last name, and matching what it goes by (MAT-6)."""

TYPES: Mapping[Question, FieldType] = {
    Question.SIMPLE_TEXT: FieldType.TEXT,
    Question.BOOLEAN: FieldType.TWO_OPTIONS,
    Question.SINGLE_CHOICE: FieldType.OPTION_SET,
    Question.MULTIPLE_CHOICE: FieldType.MULTIPLE_CHOICE,
}


class Attendee(Struct, frozen=True):
    """Who comes, as contact fields, and what was answered."""

    person: Mapping[str, Any]
    answers: Mapping[str, Any]


def read(event: EventDocument, typed: Mapping[str, Any]) -> tuple[Attendee, list[Problem]]:
    """Read what was typed about an attendee, and say everything that is wrong with it."""
    form = form_of(event)
    found, problems = _read(form, typed)
    person = {name: value for name, value in found.items() if name in PERSON and value is not None}
    return Attendee(person, _answered(found)), problems


def read_answers(event: EventDocument, typed: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Read answers alone, to somebody who is known."""
    if not event.fields:
        return {}, [_unknown(name) for name in sorted(typed)]
    found, problems = _read(_form(event, [*map(_question, event.fields)]), typed)
    return _answered(found), problems


def _read(form: FormDocument, typed: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    found = reading.read(form, typed)
    boxes = [_unknown(name) for name in sorted(reading.BESIDES & typed.keys())]  # no event has those of forms
    return found.values, [*found.problems, *boxes, *reading.unknown_options(form, found.values)]


def _unknown(name: str) -> Problem:
    return Problem(name, "This event asks for no such thing.")


def _answered(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in PERSON and value is not None}


def form_of(event: EventDocument) -> FormDocument:
    """Return what an event asks as the form that it is."""
    needed = NEEDED[event.matching]
    about = [
        FormField(
            name=name,
            label=event.labels.get(name, label),  # type: ignore[call-overload]
            type=type_,
            contact_field=name,
            required=name in needed,
        )
        for name, (label, type_) in PERSON.items()
    ]
    return _form(event, [*about, *map(_question, event.fields)])


def _form(event: EventDocument, fields: list[FormField]) -> FormDocument:
    placed = [Element(kind=ElementKind.FIELD, name=field.name) for field in fields]
    button = Element(kind=ElementKind.SUBMIT, text=event.submit_label)
    return FormDocument(fields=fields, elements=[*placed, button], error_message=event.error_message)


def _question(field: RegistrationField) -> FormField:
    options = [Choice(value=each, label=each) for each in field.options]
    return FormField(
        name=field.name,
        label=field.label,
        type=TYPES[field.type],
        required=field.required,
        options=options,
        max_length=500,
    )
