"""The consent table: what each contact allows, and every change of it."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item, Key
from chalicelib.settings import settings


class ByName(GlobalSecondaryIndex["ConsentItem"]):
    """Subscription lists, by name."""

    class Meta:
        index_name = "by_name"
        projection = IncludeProjection(["kind"])

    listed = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class ByList(GlobalSecondaryIndex["ConsentItem"]):
    """Who is on a list, by when it joined."""

    class Meta:
        index_name = "by_list"
        projection = IncludeProjection(["kind"])

    list_shard = UnicodeAttribute(hash_key=True)
    since = InstantAttribute(range_key=True)


class ConsentItem(Item):
    """The consent table."""

    class Meta:
        table_name = settings.table("consent")

    by_name = ByName()
    by_list = ByList()
    listed = UnicodeAttribute(null=True)
    name_key = UnicodeAttribute(null=True)
    list_shard = UnicodeAttribute(null=True)
    since = InstantAttribute(null=True)


class PreferencesRow(ConsentItem, discriminator="preferences"):
    """What a contact allows; a contact without a row has the defaults."""

    contact_id = UnicodeAttribute()
    bulk_email = BooleanAttribute()
    email = BooleanAttribute()
    tracking = BooleanAttribute()
    prefill = BooleanAttribute()
    follow_email = BooleanAttribute()
    consent_level = IntegerAttribute()
    is_child = BooleanAttribute()
    guardian_id = UnicodeAttribute(null=True)
    guardian_consent = BooleanAttribute(null=True)
    restricted = BooleanAttribute(null=True)
    objected = BooleanAttribute(null=True)
    changed_at = InstantAttribute()
    version = IntegerAttribute()

    @staticmethod
    def at(contact_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", "PREFERENCES"


class ChangeRow(ConsentItem, discriminator="consent_change"):
    """A change: who, when, from where, how, in which words, from what to what. Append-only (invariant 7)."""

    contact_id = UnicodeAttribute()
    changed_at = InstantAttribute()
    list_id = UnicodeAttribute(null=True)  # of joining and leaving a subscription list
    who = UnicodeAttribute()
    source = UnicodeAttribute()
    wording = UnicodeAttribute(null=True)
    method = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    before = JSONAttribute()
    after = JSONAttribute()

    @staticmethod
    def at(contact_id: str, changed_at: str, change_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"CHANGE#{changed_at}#{change_id}"


def preferences_key(contact_id: str) -> Key:
    """Return where a contact's preferences lie, for reading them together with other things."""
    return Key(PreferencesRow, *PreferencesRow.at(contact_id))
