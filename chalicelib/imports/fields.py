"""What a file's columns may become, by record type, and which column sounds like which field (IMP-3, IMP-4); pure."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.conditions.catalogue import Field
from chalicelib.consent.service import FIELDS as PREFERENCES
from chalicelib.contacts import fields as contact_fields
from chalicelib.contacts.custom.definition import CustomField, RecordType
from chalicelib.contacts.schemas import NewAccount, NewContact
from chalicelib.http import Schema
from chalicelib.leads import fields as lead_fields
from chalicelib.leads.schemas import NewLead

OF_CONSENT = "preferences."
ID = "id"
"""Names an existing record: the row changes that one."""


Own = Mapping[str, CustomField]
"""The custom fields of a record type that can be filled, by their names."""
NONE: Own = {}


class Target(Struct, frozen=True):
    """What rows of a type are checked against, what they cannot be without, and what else they may hold."""

    schema: type[Schema]
    types: Mapping[str, Field]
    required: tuple[str, ...]
    besides: tuple[str, ...] = ()
    own: Own = field(default_factory=dict)

    @property
    def fields(self) -> list[str]:
        return [ID, *(name for name in self.schema.model_fields if name != "custom"), *self.besides, *self.own]


LOOKUPS: Mapping[str, RecordType] = {"account_id": RecordType.ACCOUNT, "contact_id": RecordType.CONTACT}
"""Fields that name another record: a column says by which key its cells do."""
ACCOUNT_KEYS = (ID, "name", "website")

TARGETS: Mapping[RecordType, Target] = {
    RecordType.CONTACT: Target(
        NewContact,
        contact_fields.FIELDS,
        ("last_name",),
        tuple(f"{OF_CONSENT}{name}" for name in PREFERENCES if name != "guardian_consent"),
    ),
    RecordType.ACCOUNT: Target(NewAccount, contact_fields.ACCOUNT_FIELDS, ("name",)),
    RecordType.LEAD: Target(NewLead, lead_fields.FIELDS, ("topic", "last_name", "company_name")),
}

ALIASES: Mapping[str, str] = {
    **dict.fromkeys(("surname", "familyname", "lastname"), "last_name"),
    **dict.fromkeys(("forename", "givenname", "firstname"), "first_name"),
    **dict.fromkeys(("mail", "emailaddress", "emailaddress1"), "email"),
    **dict.fromkeys(("telephone", "tel", "businessphone", "phonenumber"), "phone"),
    **dict.fromkeys(("mobile", "cell", "cellphone", "mobilenumber"), "mobile_phone"),
    **dict.fromkeys(("company", "organisation", "organization", "accountname"), "company_name"),
    **dict.fromkeys(("zip", "zipcode", "postcode"), "postal_code"),
    **dict.fromkeys(("title", "jobrole", "position"), "job_title"),
    **dict.fromkeys(("address", "street1", "address1"), "street"),
    **dict.fromkeys(("state", "province", "stateprovince"), "region"),
    **dict.fromkeys(("birthday", "dateofbirth"), "birth_date"),
    **dict.fromkeys(("url", "web", "homepage"), "website"),
    **dict.fromkeys(("town",), "city"),
    **dict.fromkeys(("subject",), "topic"),
    **dict.fromkeys(("numberofemployees",), "employees"),
    **dict.fromkeys(("revenue",), "annual_revenue"),
    **dict.fromkeys(("notes", "comment"), "description"),
    **dict.fromkeys(("donotemail",), "do_not_email"),
}
"""Other names that people and their programs give to fields."""


def target_of(record_type: RecordType, own: Own) -> Target:
    """Return what rows of a type are checked against, the organisation's own fields included."""
    target = TARGETS[record_type]
    required = [name for name, each in own.items() if each.required]
    return replace(target, required=(*target.required, *required), own=own) if own else target


def suggested(record_type: RecordType, columns: Iterable[str], own: Own = NONE) -> dict[str, str]:
    """Return which field each column may be, each field once; a column that sounds like none is ignored (IMP-4).

    Custom fields sound like their keys and what they are called in any language, but ours come first.
    """
    known = target_of(record_type, own).fields
    called = {plain(word): name for name, each in own.items() for word in (each.key, *each.labels.values())}
    of_name = {**called, **{plain(name): name for name in known}}
    found: dict[str, str] = {}
    for column in columns:
        name = of_name.get(plain(column)) or _alias(record_type, plain(column))
        if name in known and name not in found.values():
            found[column] = str(name)
    return found


def _alias(record_type: RecordType, name: str) -> str | None:
    known = ALIASES.get(name)
    return "name" if record_type is RecordType.ACCOUNT and known == "company_name" else known


def plain(name: str) -> str:
    """Return a heading as headings are compared: its letters and digits alone."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
