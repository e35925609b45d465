"""Contacts, accounts and matching strategies as clients send and get them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.contacts.custom.schemas import CustomValues
from chalicelib.contacts.detecting import Wish
from chalicelib.http import ListQuery, Schema

Text = Annotated[str, Field(max_length=200)]
Memo = Annotated[str, Field(max_length=2000)]
Id = Annotated[str, Field(min_length=1, max_length=64)]


class ContactFields(Schema):
    """What a contact has (2.2–2.4). Leave a field out to leave it as it is; null clears it."""

    first_name: Text | None = None
    last_name: Text | None = None
    email: Annotated[str, Field(max_length=320)] | None = None
    email_2: Annotated[str, Field(max_length=320)] | None = None
    email_3: Annotated[str, Field(max_length=320)] | None = None
    phone: Text | None = None
    mobile_phone: Text | None = None
    job_title: Text | None = None
    company_name: Text | None = None
    street: Text | None = None
    city: Text | None = None
    region: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None
    language: Text | None = None
    birth_date: date | None = None
    website: Text | None = None
    description: Memo | None = None
    inactive: bool | None = None
    marketing_only: bool | None = None
    account_id: Id | None = None
    owner_id: Id | None = None
    business_unit: Id | None = None
    originating_lead_id: Id | None = None
    custom: CustomValues = Field(default_factory=dict)

    def given(self) -> dict[str, object]:
        """Return the fields that were sent, as they are stored."""
        values = self.model_dump(exclude_unset=True, include=set(ContactFields.model_fields))
        if isinstance(values.get("birth_date"), date):
            values["birth_date"] = values["birth_date"].isoformat()
        return values


class NewContact(ContactFields):
    """A contact to be made; its last name is required (CON-18)."""

    last_name: Annotated[str, Field(min_length=1, max_length=200)]


class Warned(Schema):
    """What somebody who writes a contact by hand wants to be warned of (CON-20)."""

    look_for: Literal["same", "alike"] = "same"
    """`same`: of who has the default strategy's key; `alike`: also of who has another strategy's, or is only alike."""
    not_the_same_as: Annotated[list[Id], Field(max_length=100)] = Field(default_factory=list)
    """Contacts that the warning named and that are somebody else: it goes on where it warned of no others."""

    @property
    def wish(self) -> Wish:
        return Wish(self.look_for == "alike", frozenset(self.not_the_same_as))


class ContactToMake(NewContact, Warned):
    """A contact to be made; a 409 tells in `duplicates` who it may be already."""


class ContactChange(ContactFields, Warned):
    """A change of a contact; a 409 tells in `duplicates` who it may be from now on."""


class ContactView(Schema):
    """A contact."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    email_2: str | None = None
    email_3: str | None = None
    phone: str | None = None
    mobile_phone: str | None = None
    job_title: str | None = None
    company_name: str | None = None
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    language: str | None = None
    birth_date: str | None = None
    website: str | None = None
    description: str | None = None
    inactive: bool = False
    marketing_only: bool = False
    account_id: str | None = None
    owner_id: str | None = None
    business_unit: str | None = None
    originating_lead_id: str | None = None
    originating_event_id: str | None = None
    source_journey_id: str | None = None
    source_email_id: str | None = None
    source_form_id: str | None = None
    source_page_id: str | None = None
    source_submission_id: str | None = None
    source_at: datetime | None = None
    custom: CustomValues = Field(default_factory=dict)
    merged_into: str | None = None
    """The contact that counts, where this one was merged into it; what else is shown is as it was then."""
    identities: list[str] = Field(default_factory=list)
    """The contacts that were merged into this one."""
    lacking: list[str] = Field(default_factory=list)
    """Required fields without a value: a machine made the contact, or they became required since."""
    created_at: datetime
    updated_at: datetime
    version: int


class ContactsQuery(ListQuery):
    """Contacts by name prefix, by owner, by account, or (with none of these) newest first."""

    name_prefix: Annotated[str, Field(max_length=100)] | None = None
    owner_id: Id | None = None
    account_id: Id | None = None


class ContactSearch(Schema):
    """Find contacts by address, or by the beginning of a name (last name first)."""

    email: Annotated[str, Field(max_length=320)] | None = None
    name_prefix: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class AccountFields(Schema):
    """What an account has (ACC-7)."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    website: Text | None = None
    phone: Text | None = None
    street: Text | None = None
    city: Text | None = None
    region: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None
    industry: Text | None = None
    category: Text | None = None
    employees: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    annual_revenue: Annotated[Decimal, Field(max_digits=20, decimal_places=4)] | None = None
    description: Memo | None = None
    owner_id: Id | None = None
    custom: CustomValues = Field(default_factory=dict)


class NewAccount(AccountFields):
    """An account to be made."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


class AccountView(AccountFields):
    """An account."""

    id: str
    merged_into: str | None = None
    identities: list[str] = Field(default_factory=list)
    created_at: datetime
    updated_at: datetime
    version: int


class AccountsQuery(ListQuery):
    """Accounts by name prefix, or by owner."""

    name_prefix: Annotated[str, Field(max_length=100)] | None = None
    owner_id: Id | None = None


class MemberView(Schema):
    """A contact's time at an account."""

    contact_id: str
    since: datetime
    until: datetime | None = None


Target = Literal["contact", "lead"]


class NewStrategy(Schema):
    """Attributes that must all be the same for two records to be one."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Memo = ""
    target: Target = "contact"
    attributes: Annotated[list[str], Field(min_length=1, max_length=5)]


class StrategyView(Schema):
    """A matching strategy."""

    id: str
    target: Target
    name: str
    description: str
    attributes: list[str]
    default: bool
    state: str


class Strategies(Schema):
    items: list[StrategyView]


class StrategiesQuery(Schema):
    target: Target = "contact"
