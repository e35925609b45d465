"""The segments table: who is a member of what, from when to when."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.agenda import ByDue
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item, Key, shard
from chalicelib.settings import settings

HAND, MERGED = "hand", "merged"
"""Why a contact is in a static segment: somebody picked it, or only a contact that was merged into it."""


class SegmentsItem(Item):
    """The segments table."""

    class Meta:
        table_name = settings.table("segments")

    by_due = ByDue()
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)


class Member(SegmentsItem, discriminator="member"):
    """A contact that is a member now, seen from the segment."""

    contact_id = UnicodeAttribute()
    since = InstantAttribute()

    @staticmethod
    def at(segment_id: str, contact_id: str) -> tuple[str, str]:
        return f"SEGMENT#{segment_id}#{shard(contact_id)}", f"MEMBER#{contact_id}"


class Membership(SegmentsItem, discriminator="segment_membership"):
    """A contact's current or last time in a segment; `until` is there once it has left."""

    contact_id = UnicodeAttribute()
    segment_id = UnicodeAttribute()
    since = InstantAttribute()
    until = InstantAttribute(null=True)
    why = UnicodeAttribute()  # query, hand or merged
    kept = BooleanAttribute(
        null=True
    )  # it has left only because who it was merged into is the member; it is picked still
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(segment_id: str, contact_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"MEMBER#{segment_id}"

    @property
    def holds(self) -> bool:
        return self.until is None

    @property
    def picked(self) -> bool:
        """Whether somebody put this very contact in by hand, and nobody took it out."""
        return self.why == HAND if self.holds else bool(self.kept)


class Interval(SegmentsItem, discriminator="interval"):
    """A time in a segment that has ended."""

    contact_id = UnicodeAttribute()
    segment_id = UnicodeAttribute()
    since = InstantAttribute()
    until = InstantAttribute()

    @staticmethod
    def at(segment_id: str, contact_id: str, since: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"INTERVAL#{segment_id}#{since}"


class Evaluation(SegmentsItem, discriminator="evaluation"):
    """The record of a contact's last evaluation: its fence, and when time alone will change an answer."""

    contact_id = UnicodeAttribute()
    version = IntegerAttribute(default=0)
    evaluated_at = InstantAttribute()

    @staticmethod
    def at(contact_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", "EVALUATION"


def membership_key(contact_id: str, segment_id: str) -> Key:
    """Return where to read whether a contact is a member (Membership.holds)."""
    return Key(Membership, *Membership.at(segment_id, contact_id))
