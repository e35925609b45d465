"""The contacts table: contacts, accounts, who belongs where, matching strategies, claims."""

from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from chalicelib.agenda import ByDue
from chalicelib.contacts.blocks import block_of_account, block_of_contact, tail
from chalicelib.contacts.custom.record import WithCustom
from chalicelib.contacts.indexes import ByAccount, ByCreated, ByLikeness, ByName, ByOwner, ByPhoneTail
from chalicelib.dynamodb import (
    DecimalAttribute,
    ExactJsonAttribute,
    InstantAttribute,
    IntegerAttribute,
    Item,
    JsonAttribute,
    shard,
)
from chalicelib.settings import settings

MOST_KEY_BYTES = 1024
"""DynamoDB takes no longer sort key, in an index neither; a write that has one is refused as a whole."""


def name_key(name: str) -> str:
    """Return what a list by name sorts by: without regard to letter case, cut where a key has to end."""
    return name.casefold().encode()[:MOST_KEY_BYTES].decode(errors="ignore")


class ContactsItem(Item):
    """The contacts table."""

    class Meta:
        table_name = settings.table("contacts")

    by_due = ByDue()
    by_name = ByName()
    by_created = ByCreated()
    by_owner = ByOwner()
    by_account = ByAccount()
    by_likeness = ByLikeness()
    by_phone_tail = ByPhoneTail()
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)
    listed = UnicodeAttribute(null=True)
    name_key = UnicodeAttribute(null=True)
    created_at = InstantAttribute(null=True)
    owner_id = UnicodeAttribute(null=True)
    account_id = UnicodeAttribute(null=True)
    likeness = UnicodeAttribute(null=True)
    phone_tail = UnicodeAttribute(null=True)


class Contact(WithCustom, ContactsItem, discriminator="contact"):
    """A person (CON-1)."""

    contact_id = UnicodeAttribute()
    first_name = UnicodeAttribute(null=True)
    last_name = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    email_2 = UnicodeAttribute(null=True)
    email_3 = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    mobile_phone = UnicodeAttribute(null=True)
    job_title = UnicodeAttribute(null=True)
    company_name = UnicodeAttribute(null=True)
    street = UnicodeAttribute(null=True)
    city = UnicodeAttribute(null=True)
    region = UnicodeAttribute(null=True)
    postal_code = UnicodeAttribute(null=True)
    country = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    birth_date = UnicodeAttribute(null=True)
    website = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    inactive = BooleanAttribute(null=True)
    marketing_only = BooleanAttribute(null=True)
    business_unit = UnicodeAttribute(null=True)
    originating_lead_id = UnicodeAttribute(null=True)
    originating_event_id = UnicodeAttribute(null=True)
    source_journey_id = UnicodeAttribute(null=True)
    source_email_id = UnicodeAttribute(null=True)
    source_form_id = UnicodeAttribute(null=True)
    source_page_id = UnicodeAttribute(null=True)
    source_submission_id = UnicodeAttribute(null=True)
    source_at = InstantAttribute(null=True)
    member_since = InstantAttribute(null=True)
    claims = JSONAttribute(null=True)
    inherited = JsonAttribute(null=True)  # places of claims that it holds for who was merged into it: place → merge ids
    identities = JsonAttribute(null=True)  # who was merged into it: contact id → merge id
    merged_into = UnicodeAttribute(null=True)
    merged = JsonAttribute(null=True)  # what it had before it was merged and does not have now
    created_by = UnicodeAttribute(null=True)
    import_row = UnicodeAttribute(null=True)  # the row of an import that made it
    updated_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(contact_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", "CONTACT"

    @property
    def record_id(self) -> str:
        return self.contact_id

    @property
    def matched_by(self) -> dict[str, Any]:
        """The values that matching strategies compare."""
        return {**self.attribute_values, **self.custom_values}

    @property
    def places(self) -> set[str]:
        """Where its claims lie: its own, and those that it holds for who was merged into it."""
        return {*(self.claims or {}).values(), *(self.inherited or ())}

    def list_by_name(self) -> None:
        """Bring the keys of its lists up to date with its name."""
        name = " ".join(part for part in (self.last_name, self.first_name) if part) or self.email or self.contact_id
        self.name_key = name_key(name)
        self.listed = f"contact#{shard(self.contact_id)}"
        self.likeness = block_of_contact(self.last_name, self.email, self.website)
        self.phone_tail = tail(self.mobile_phone or self.phone)


class Merge(ContactsItem, discriminator="merge"):
    """Another record was merged into this one: who did it, when, why, and what to put back when it is undone."""

    merge_id = UnicodeAttribute()
    into_id = UnicodeAttribute()
    other_id = UnicodeAttribute()
    at = InstantAttribute()
    by = UnicodeAttribute()
    why = UnicodeAttribute()
    taken = ExactJsonAttribute()
    before = ExactJsonAttribute()
    suggested = JsonAttribute(null=True)
    met = JsonAttribute(null=True)  # whom the values that it took made a suggestion for the first time
    account = JsonAttribute(null=True)
    undone_at = InstantAttribute(null=True)
    undone_by = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def place(contact_id: str, merge_id: str, kind: str = "CONTACT") -> tuple[str, str]:
        return f"{kind}#{contact_id}", f"MERGE#{merge_id}"


class Deleted(ContactsItem, discriminator="deleted_contact"):
    """A contact was deleted, and its rows are being swept away in every domain (decision 40)."""

    contact_id = UnicodeAttribute()
    left_account = UnicodeAttribute(null=True)
    addresses = JSONAttribute(null=True)  # keyed hashes of those that it had
    deleted_at = InstantAttribute()

    @staticmethod
    def at(contact_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", "DELETED"


class DeletedAccount(ContactsItem, discriminator="deleted_account"):
    """An account was deleted, and its rows are being swept away in every domain (decision 64)."""

    account_id = UnicodeAttribute()
    deleted_at = InstantAttribute()

    @staticmethod
    def at(account_id: str) -> tuple[str, str]:
        return f"ACCOUNT#{account_id}", "DELETED"


class Account(WithCustom, ContactsItem, discriminator="account"):
    """A company (ACC-1)."""

    name = UnicodeAttribute()
    website = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    street = UnicodeAttribute(null=True)
    city = UnicodeAttribute(null=True)
    region = UnicodeAttribute(null=True)
    postal_code = UnicodeAttribute(null=True)
    country = UnicodeAttribute(null=True)
    industry = UnicodeAttribute(null=True)
    category = UnicodeAttribute(null=True)
    employees = IntegerAttribute(null=True)
    annual_revenue = DecimalAttribute(null=True)
    description = UnicodeAttribute(null=True)
    created_by = UnicodeAttribute(null=True)
    import_row = UnicodeAttribute(null=True)  # the row of an import that made it
    updated_at = InstantAttribute()
    identities = JsonAttribute(null=True)  # which were merged into it: account id → merge id
    merged_into = UnicodeAttribute(null=True)
    merged = JsonAttribute(null=True)  # what it had before it was merged and does not have now
    joins = IntegerAttribute(default=0)  # how often somebody joined: who deletes it must have seen all of them
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(account_id: str) -> tuple[str, str]:
        return f"ACCOUNT#{account_id}", "ACCOUNT"

    @property
    def record_id(self) -> str:
        return self.pk.removeprefix("ACCOUNT#")

    def list_by_name(self) -> None:
        self.name_key = name_key(self.name)
        self.listed = f"account#{shard(self.record_id)}"
        self.likeness = block_of_account(self.website)


class Dismissed(ContactsItem, discriminator="dismissed"):
    """Somebody said that another record is not the same; `seen` is what was compared then. Lies at both."""

    other_id = UnicodeAttribute()
    seen = UnicodeAttribute()
    by = UnicodeAttribute()
    at_instant = InstantAttribute()

    @staticmethod
    def at(kind: str, record_id: str, other_id: str) -> tuple[str, str]:
        return f"{kind.upper()}#{record_id}", f"DISMISSED#{other_id}"


class Membership(ContactsItem, discriminator="membership"):
    """A contact's time at an account; `until` is there once it has ended (ACC-5)."""

    contact_id = UnicodeAttribute()
    since = InstantAttribute()
    until = InstantAttribute(null=True)

    @staticmethod
    def at(account_id: str, contact_id: str, since: str) -> tuple[str, str]:
        return f"ACCOUNT#{account_id}", f"MEMBER#{contact_id}#{since}"


class MatchingStrategy(ContactsItem, discriminator="matching_strategy"):
    """Which attributes make two records one (8.1)."""

    strategy_id = UnicodeAttribute()
    target = UnicodeAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    attributes = JSONAttribute()
    default = BooleanAttribute()
    state = UnicodeAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(target: str, strategy_id: str) -> tuple[str, str]:
        return f"STRATEGIES#{target}", strategy_id


class StrategySet(ContactsItem, discriminator="strategy_set"):
    """Fences the changes of a target's strategies: its version moves on with each, so that no two pass each other."""

    version = IntegerAttribute(default=1)

    @staticmethod
    def at(target: str) -> tuple[str, str]:
        return "STRATEGIES", target


class Owner(ContactsItem, discriminator="owner"):
    """The record that owns a match key; its version moves on with each heir that joins."""

    record_id = UnicodeAttribute()
    since = InstantAttribute()
    version = IntegerAttribute(default=1)


class Heir(ContactsItem, discriminator="heir"):
    """A record with a match key that another owns; the latest updated one follows the owner."""

    record_id = UnicodeAttribute()
    updated_at = InstantAttribute()


class Duplicate(ContactsItem, discriminator="duplicate"):
    """A suggestion: another contact has the same match key."""

    contact_id = UnicodeAttribute()
    other_id = UnicodeAttribute()
    strategy_id = UnicodeAttribute()
    found_at = InstantAttribute()

    @staticmethod
    def at(contact_id: str, other_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"DUPLICATE#{other_id}"
