"""How custom fields lie in the contacts table: one partition, which their readers read whole."""

from typing import Any

from msgspec import convert
from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.contacts.custom.definition import CustomField
from chalicelib.contacts.models import ContactsItem
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, JsonAttribute

FIELDS = "FIELDS"


class FieldRow(ContactsItem, discriminator="custom_field"):
    """What is said of a custom field."""

    record_type = UnicodeAttribute()
    key_name = UnicodeAttribute()
    type = UnicodeAttribute()
    labels = JsonAttribute()
    required = BooleanAttribute()
    max_length = IntegerAttribute()
    decimals = IntegerAttribute()
    currency = UnicodeAttribute(null=True)
    options = JsonAttribute(null=True)
    retired = BooleanAttribute()
    made_by_request = UnicodeAttribute()
    created_by = UnicodeAttribute()
    updated_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(field_id: str) -> tuple[str, str]:
        return FIELDS, field_id

    @property
    def said(self) -> CustomField:
        names = ("record_type", "type", "labels", "required", "max_length", "decimals", "currency", "retired")
        given: dict[str, Any] = {name: getattr(self, name) for name in names}
        return convert({**given, "key": self.key_name, "options": self.options or []}, CustomField)
