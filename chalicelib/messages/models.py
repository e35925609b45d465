"""The messages table: the send ledger, one message an address, suppression, bounces in a row, and settings."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.agenda import ByDue
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item
from chalicelib.settings import settings


class ByContact(GlobalSecondaryIndex["MessagesItem"]):
    """A contact's messages, by when they were queued."""

    class Meta:
        index_name = "by_contact"
        projection = IncludeProjection(["kind"])

    contact_id = UnicodeAttribute(hash_key=True)
    queued_at = InstantAttribute(range_key=True)


class MessagesItem(Item):
    """The messages table."""

    class Meta:
        table_name = settings.table("messages")

    by_due = ByDue()
    by_contact = ByContact()
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)
    contact_id = UnicodeAttribute(null=True)
    queued_at = InstantAttribute(null=True)


class Send(MessagesItem, discriminator="send"):
    """One message to one address: the ledger (invariant 5). `due` is there until nothing more can become of it."""

    send_id = UnicodeAttribute()
    state = UnicodeAttribute()
    enrolment_id = UnicodeAttribute(null=True)
    journey_id = UnicodeAttribute(null=True)
    journey_version = IntegerAttribute(null=True)
    occurrence = UnicodeAttribute(null=True)
    tile = UnicodeAttribute(null=True)
    visit = IntegerAttribute(null=True)
    email_id = UnicodeAttribute()
    content_settings_id = UnicodeAttribute()
    good_until = InstantAttribute(null=True)  # EML-20; `expires` is what DynamoDB deletes by
    # Since the claim:
    token = UnicodeAttribute(null=True)
    leased_until = InstantAttribute(null=True)
    tries = IntegerAttribute(default=0)
    email_version = IntegerAttribute(null=True)
    designation = UnicodeAttribute(null=True)
    address_hash = UnicodeAttribute(null=True)
    account_id = UnicodeAttribute(null=True)
    tracked = BooleanAttribute(null=True)
    consent = JSONAttribute(null=True)
    links = JSONAttribute(null=True)
    # Since it was settled:
    settled_at = InstantAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)

    @staticmethod
    def at(send_id: str) -> tuple[str, str]:
        return f"SEND#{send_id}", "SEND"


class Dedup(MessagesItem, discriminator="dedup"):
    """One message of a tile's visit went to this address (EML-14)."""

    send_id = UnicodeAttribute()
    expires = IntegerAttribute()

    @staticmethod
    def at(name: str) -> tuple[str, str]:
        return f"DEDUP#{name}", "DEDUP"


class Suppressed(MessagesItem, discriminator="suppressed"):
    """Mail to this address is not attempted: all of it, or bulk mail."""

    scope = UnicodeAttribute()
    reason = UnicodeAttribute()
    since = InstantAttribute()
    until = InstantAttribute(null=True)
    by = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    expires = IntegerAttribute(null=True)

    @staticmethod
    def at(address_hash: str, scope: str) -> tuple[str, str]:
        return f"ADDRESS#{address_hash}", f"SUPPRESSED#{scope}"


class Bounces(MessagesItem, discriminator="bounces"):
    """Soft bounces of an address in a row; a delivery ends the row."""

    in_a_row = IntegerAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(address_hash: str) -> tuple[str, str]:
        return f"ADDRESS#{address_hash}", "BOUNCES"


class Notice(MessagesItem, discriminator="notice"):
    """One message to somebody of the staff, who is no contact: it goes out once, and no figure counts it."""

    notice_id = UnicodeAttribute()
    email_id = UnicodeAttribute()
    state = UnicodeAttribute()
    leased_until = InstantAttribute(null=True)
    settled_at = InstantAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(notice_id: str) -> tuple[str, str]:
        return f"NOTICE#{notice_id}", "NOTICE"


class MessageSettings(MessagesItem, discriminator="settings"):
    """What the organisation decided about its mail: one item, so that there is exactly one default."""

    default_content_settings_id = UnicodeAttribute(null=True)
    bypass_deduplication = BooleanAttribute(default=False)
    forbidden_links = JSONAttribute(null=True)
    staff_domains = JSONAttribute(null=True)  # besides the sender's own
    version = IntegerAttribute(default=0)

    @staticmethod
    def at() -> tuple[str, str]:
        return "SETTINGS", "SETTINGS"
