"""The interactions table: what people did, by person, type and instant."""

from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from chalicelib.clock import as_text
from chalicelib.dynamodb import InstantAttribute, Item, JsonAttribute
from chalicelib.settings import settings


class InteractionsItem(Item):
    """The interactions table."""

    class Meta:
        table_name = settings.table("interactions")


class Interaction(InteractionsItem, discriminator="interaction"):
    """Something somebody did, or the system did to somebody, once. Only the verdict ever changes."""

    interaction_id = UnicodeAttribute()
    type = UnicodeAttribute()
    at = InstantAttribute()
    contact_id = UnicodeAttribute(null=True)
    account_id = UnicodeAttribute(null=True)
    lead_id = UnicodeAttribute(null=True)
    visitor_id = UnicodeAttribute(null=True)
    submission_id = UnicodeAttribute(null=True)
    attributes = JsonAttribute(null=True)
    verdict = UnicodeAttribute(null=True)
    reasons = JsonAttribute(null=True)
    decided_at = InstantAttribute(null=True)
    credited_to = UnicodeAttribute(null=True)
    recorded_at = InstantAttribute()

    @staticmethod
    def place(owner: str, type_: str, at: datetime, interaction_id: str) -> tuple[str, str]:
        return owner, f"{type_}#{as_text(at)}#{interaction_id}"


class Fact(InteractionsItem, discriminator="fact"):
    """The source row of an interaction whose source has none of its own and may deliver twice."""

    contact_id = UnicodeAttribute(null=True)
    at = InstantAttribute()

    @staticmethod
    def place(interaction_id: str) -> tuple[str, str]:
        return f"FACT#{interaction_id}", "FACT"
