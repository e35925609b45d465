"""What the scoring table keeps of accounts: the record of their evaluations, and their log, a projection of facts.

The log is never the only source: each of its rows can be made anew from memberships, preferences and interactions.
"""

from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from chalicelib.clock import as_text
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, JsonAttribute
from chalicelib.scoring.models import ScoringItem


class AccountEvaluation(ScoringItem, discriminator="rescoring_account"):
    """The record of an account's last rescoring: its fence, its clock, and when it is to be looked at next.

    While an evaluation is at work, `due` is the end of its lease; a fact that comes meanwhile moves it back, to one
    minute after `began_at`.
    """

    account_id = UnicodeAttribute()
    began_at = InstantAttribute(null=True)
    evaluated_at = InstantAttribute(null=True)
    version = IntegerAttribute(default=0)

    @staticmethod
    def at(account_id: str) -> tuple[str, str]:
        return f"ACCOUNT#{account_id}", "EVALUATION"


class Logged(ScoringItem, discriminator="logged"):
    """Something that a contact of the account did: what of an interaction rules ask about."""

    interaction_id = UnicodeAttribute()
    type = UnicodeAttribute()
    at = InstantAttribute()
    contact_id = UnicodeAttribute()
    attributes = JsonAttribute(null=True)
    verdict = UnicodeAttribute(null=True)
    decided_at = InstantAttribute(null=True)

    @staticmethod
    def place(account_id: str, type_: str, at: datetime, interaction_id: str) -> tuple[str, str]:
        return log_of(account_id, month_of(at)), f"{type_}#{as_text(at)}#{interaction_id}"


class Month(ScoringItem, discriminator="log_month"):
    """A month in which the account's log has rows."""

    month = UnicodeAttribute()

    @staticmethod
    def place(account_id: str, month: str) -> tuple[str, str]:
        return f"ACCOUNT#{account_id}", f"MONTH#{month}"


class Belongs(ScoringItem, discriminator="belongs"):
    """A person's time at an account, found by each of its contacts: where what they do is logged.

    `of` is whose time it is, where another identity of the person was there.
    """

    account_id = UnicodeAttribute()
    since = InstantAttribute()
    until = InstantAttribute(null=True)
    of = UnicodeAttribute(null=True)

    @staticmethod
    def place(contact_id: str, account_id: str, since: datetime, of: str | None = None) -> tuple[str, str]:
        other = f"#{of}" if of else ""
        return f"CONTACT#{contact_id}", f"{BELONGS}{account_id}#{as_text(since)}{other}"


class Aliases(ScoringItem, discriminator="aliases"):
    """Contacts that are one person which belongs or belonged to the account: the times of each are those of all."""

    contact_id = UnicodeAttribute()
    others = JsonAttribute()

    @staticmethod
    def place(account_id: str, contact_id: str) -> tuple[str, str]:
        return f"ACCOUNT#{account_id}", f"{ALIASES}{contact_id}"


class Child(ScoringItem, discriminator="child"):
    """A child among the account's contacts, whose interactions never count (SCO-33)."""

    contact_id = UnicodeAttribute()

    @staticmethod
    def place(account_id: str, contact_id: str) -> tuple[str, str]:
        return f"ACCOUNT#{account_id}", f"{CHILD}{contact_id}"


class Person(ScoringItem, discriminator="person"):
    """Who a contact is that belongs to the account, as rules may ask: 5,000 of them come with a few requests."""

    contact_id = UnicodeAttribute()
    record = JsonAttribute()
    contact_version = IntegerAttribute()

    @staticmethod
    def place(account_id: str, contact_id: str) -> tuple[str, str]:
        return f"ACCOUNT#{account_id}", f"{PERSON}{contact_id}"


ALIASES, CHILD = "ALIAS#", "CHILD#"  # next to each other: both come with one request
PERSON = "PERSON#"
BELONGS = "AT#"


def month_of(at: datetime) -> str:
    return as_text(at)[:7]


def log_of(account_id: str, month: str) -> str:
    """Return the partition of an account's log of a month."""
    return f"ACCOUNT#{account_id}#LOG#{month}"
