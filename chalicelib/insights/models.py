"""The insights table: markers of what is counted, and the figures in shards."""

from pynamodb.attributes import TTLAttribute, UnicodeAttribute

from chalicelib.dynamodb import Item
from chalicelib.settings import settings

SHARDS = 8


class InsightsItem(Item):
    """The insights table."""

    class Meta:
        table_name = settings.table("insights")


class Counted(InsightsItem, discriminator="counted"):
    """This is counted; it is not counted again as long as anything could deliver it again (30 days)."""

    expires = TTLAttribute()

    @staticmethod
    def at(marker: str) -> tuple[str, str]:
        return f"COUNTED#{marker}", "COUNTED"


class Count(InsightsItem, discriminator="count"):
    """A shard of a subject's figures: every further attribute is one figure, named `figure:<name>`."""

    subject = UnicodeAttribute()

    @staticmethod
    def at(subject: str, shard: int) -> tuple[str, str]:
        return f"COUNT#{subject}", f"{shard:02}"
