"""Triggers: what customers do or what happens in the business, and may start journeys (TRG-1..9); pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from chalicelib.clock import digest
from chalicelib.errors import Problem
from chalicelib.http import Schema

MOST_ATTRIBUTES = 29


class AttributeType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    REFERENCE = "reference"


class TriggerAttribute(Schema):
    """One input of a trigger."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    type: AttributeType = AttributeType.TEXT
    required: bool = False


class TriggerDocument(Schema):
    """A custom trigger: its name is its title (TRG-6)."""

    description: Annotated[str, Field(max_length=2000)] = ""
    attributes: Annotated[list[TriggerAttribute], Field(max_length=MOST_ATTRIBUTES)] = Field(default_factory=list)


def problems(document: TriggerDocument) -> list[Problem]:
    """Return what keeps a trigger from going live."""
    names = [attribute.name for attribute in document.attributes]
    return [
        Problem(f"/attributes/{at}/name", "There is another attribute of this name.")
        for at, name in enumerate(names)
        if name in names[:at]
    ]


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


IS_OF: Mapping[AttributeType, Any] = {
    AttributeType.TEXT: lambda value: isinstance(value, str) and len(value) <= 1000,
    AttributeType.NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    AttributeType.BOOLEAN: lambda value: isinstance(value, bool),
    AttributeType.INSTANT: _is_instant,
    AttributeType.REFERENCE: lambda value: isinstance(value, str) and 0 < len(value) <= 64,
}


def mistakes(attributes: Sequence[TriggerAttribute], values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the values of a trigger: they are untrusted input (TRG-7)."""
    known = {attribute.name: attribute for attribute in attributes}
    wrong = [Problem(f"attributes.{name}", "There is no such attribute.") for name in values if name not in known]
    for name, attribute in known.items():
        if name not in values:
            if attribute.required:
                wrong.append(Problem(f"attributes.{name}", "This attribute is required."))
        elif not IS_OF[attribute.type](values[name]):
            wrong.append(Problem(f"attributes.{name}", f"This must be of the type {attribute.type}."))
    return wrong


# Business triggers -------------------------------------------------------------------------------------------------

EMAILS = {"email", "email_2", "email_3"}
PHONES = {"phone", "mobile_phone"}
ADDRESS = {"street", "city", "region", "postal_code", "country"}

BUILT_IN: Mapping[str, str] = {
    "contact-created": "A contact was created.",
    "contact-email-updated": "A contact's email address was updated.",
    "contact-phone-updated": "A contact's phone number was updated.",
    "contact-address-updated": "A contact's physical address was updated.",
    "lead-created": "A lead with a contact was created.",
    "event-registration-created": "A contact registered for an event.",
    "event-registration-canceled": "A contact's registration for an event was canceled.",
    "event-check-in-created": "A contact was checked in at an event.",
}
"""Business triggers that are always there (TRG-5)."""


OF_REGISTRATIONS = {"event-registration-canceled": "canceled_at", "event-check-in-created": "checked_in_at"}
"""What of a registration is written once, when it happens."""


def raised_by(fact: Mapping[str, Any]) -> list[str]:
    """Return the business triggers that a fact raises."""
    if fact["fact"] == "contact.created":
        return ["contact-created"]
    if fact["fact"] == "lead.created":
        return ["lead-created"] if fact.get("contact") else []
    if fact["fact"] == "registration.created":
        return ["event-registration-created"]
    changed = set(fact.get("changed", ()))
    if fact["fact"] == "registration.changed":
        return [trigger for trigger, field in OF_REGISTRATIONS.items() if field in changed]
    names = {"contact-email-updated": EMAILS, "contact-phone-updated": PHONES, "contact-address-updated": ADDRESS}
    return [trigger for trigger, fields in names.items() if changed & fields]


def business_id(trigger: str, fact: Mapping[str, Any]) -> str:
    """Return the id of what a fact raises: the same however often the fact arrives."""
    return digest("business", trigger, str(fact["id"]), str(fact.get("at", "")))
