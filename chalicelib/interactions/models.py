"""The interactions table: what people did, by person, type and instant."""

from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from chalicelib.clock import as_text
from chalicelib.dynamodb import BytesAttribute, InstantAttribute, IntegerAttribute, Item, JsonAttribute
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
    credited_from = UnicodeAttribute(null=True)
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


class Digest(InteractionsItem, discriminator="digest"):
    """What a contact did of a type in a month, or a part of it, packed; a cache of the rows, which stay.

    All rows of the type up to the last `last` of any digest are in digests, but for those that are marked.
    """

    packed = BytesAttribute()
    number = IntegerAttribute()
    last = UnicodeAttribute()
    digested_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(owner: str, type_: str, month: str, part: int = 0) -> tuple[str, str]:
        return owner, f"DIGEST#{type_}#{month}" + (f"#{part:03}" if part else "")


class Late(InteractionsItem, discriminator="late"):
    """A mark: the row of this key came or changed when a digest may have held its time. Whoever reads looks again."""

    marked_at = InstantAttribute()

    @staticmethod
    def of(owner: str, sk: str) -> tuple[str, str]:
        return owner, f"LATE#{sk}"

    @property
    def row(self) -> str:
        """The sort key of the row that is marked."""
        return self.sk.removeprefix("LATE#")
