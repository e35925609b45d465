"""The fields of contacts and accounts: how each is cleaned when it is written, and what conditions may ask of it."""

from collections.abc import Mapping
from typing import Any

from chalicelib.conditions.catalogue import Field, FieldType
from chalicelib.conditions.values import date_text
from chalicelib.contacts import normalise
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.contacts.custom.record import flat, is_custom
from chalicelib.contacts.models import Account, Contact

TEXTS = (
    "first_name",
    "last_name",
    "job_title",
    "company_name",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "language",
    "website",
    "description",
)
EMAILS = ("email", "email_2", "email_3")
PHONES = ("phone", "mobile_phone")
FLAGS = ("inactive", "marketing_only")
"""What nobody has said of a contact is not so: these are never absent."""

FIELDS: Mapping[str, Field] = {
    **{name: Field(FieldType.TEXT) for name in (*TEXTS, *EMAILS, *PHONES)},
    "birth_date": Field(FieldType.DATE),
    **{name: Field(FieldType.BOOLEAN) for name in FLAGS},
    "created_at": Field(FieldType.INSTANT),
    **{
        name: Field(FieldType.ID)
        for name in (
            "owner_id",
            "business_unit",
            "account_id",
            "source_journey_id",
            "source_email_id",
            "source_form_id",
        )
    },
    "source_page_id": Field(FieldType.ID),
}

ACCOUNT_FIELDS: Mapping[str, Field] = {
    **{name: Field(FieldType.TEXT) for name in ("name", "city", "region", "postal_code", "country", "website")},
    "industry": Field(FieldType.TEXT),
    "category": Field(FieldType.TEXT),
    "employees": Field(FieldType.INTEGER),
    "annual_revenue": Field(FieldType.NUMBER),
    "owner_id": Field(FieldType.ID),
}

SUBMITTABLE = frozenset({*TEXTS, *EMAILS, *PHONES, "birth_date"})
"""Contact fields that a form may write."""

WRITABLE: Mapping[str, Field] = {name: field for name, field in FIELDS.items() if name in SUBMITTABLE}


def clean(values: Mapping[str, Any], of: RecordType = RecordType.CONTACT) -> dict[str, Any]:
    """Return values as they are stored, by field name: trimmed, blank ones as None.

    Every writer of records takes them through here. Raises Invalid for a broken address or number, and as
    `custom.service.cleaned` does.
    """
    return {
        name: custom_fields.cleaned(of, name, value) if is_custom(name) else _clean(name, value)
        for name, value in flat(values).items()
    }


def _clean(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    value = normalise.text(value)
    if not value:
        return None
    if name in EMAILS:
        return normalise.email(value, name).sendable
    return normalise.phone(value, field=name) if name in PHONES else value


def of_contact(contact: Contact) -> dict[str, Any]:
    """Return a contact as conditions and templates read it."""
    values = {name: getattr(contact, name) for name in FIELDS}
    own = {"birth_date": date_text(contact.birth_date), "custom": contact.custom or {}}
    return {"id": contact.contact_id, **values, **{name: bool(values[name]) for name in FLAGS}, **own}


def of_account(account: Account) -> dict[str, Any]:
    values = {name: getattr(account, name) for name in ACCOUNT_FIELDS}
    return {"id": account.record_id, **values, "custom": account.custom or {}}
