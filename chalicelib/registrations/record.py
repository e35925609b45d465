"""Registrations as conditions ask about them."""

from typing import Any

from chalicelib.conditions.catalogue import Field, Fields, FieldType
from chalicelib.registrations.models import CANCELED, REGISTERED, Registration, Role

FIELDS: Fields = {
    **{name: Field(FieldType.ID) for name in ("registration_id", "event_id", "contact_id", "lead_id", "owner_id")},
    "state": Field(FieldType.CHOICE, (REGISTERED, CANCELED)),
    "role": Field(FieldType.CHOICE, tuple(role.value for role in Role)),
    "checked_in": Field(FieldType.BOOLEAN),
    **{name: Field(FieldType.INSTANT) for name in ("registered_at", "canceled_at", "checked_in_at", "checked_out_at")},
}


def record_of(registration: Registration) -> dict[str, Any]:
    """Return a registration as conditions read it."""
    values = {name: getattr(registration, name) for name in FIELDS if name != "checked_in"}
    return {**values, "checked_in": registration.checked_in_at is not None}
