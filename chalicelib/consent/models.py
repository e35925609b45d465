"""The consent table: what each contact allows, and every change of it."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.agenda import ByDue
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

    by_due = ByDue()
    by_name = ByName()
    by_list = ByList()
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)
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
    of_age_on = UnicodeAttribute(null=True)  # until when a child is one; the row is due then
    external_level = IntegerAttribute(null=True)
    restricted = BooleanAttribute(null=True)
    objected = BooleanAttribute(null=True)
    changed_at = InstantAttribute()
    record = UnicodeAttribute(null=True)  # the last of its records in the log, `<instant>#<id>`
    people = JSONAttribute(null=True)  # whose identities it is one of, where it was merged
    withdrawn = JSONAttribute(null=True)  # what it once allowed and then did not
    version = IntegerAttribute()

    @staticmethod
    def at(contact_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", "PREFERENCES"


class ChangeRow(ConsentItem, discriminator="consent_change"):
    """A change: who, when, from where, how, in which words, from what to what. Append-only (invariant 7).

    A change of preferences carries what stands after it, so that any moment is read from the one record before it.
    """

    contact_id = UnicodeAttribute()
    changed_at = InstantAttribute()
    list_id = UnicodeAttribute(null=True)  # of joining and leaving a subscription list
    who = UnicodeAttribute()
    source = UnicodeAttribute()
    source_version = IntegerAttribute(null=True)
    wording = UnicodeAttribute(null=True)
    method = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    before = JSONAttribute()
    after = JSONAttribute()
    state = JSONAttribute(null=True)  # what stands afterwards and is no default; not of lists
    people = JSONAttribute(null=True)  # the contacts that are one person from then on
    number = IntegerAttribute(null=True)  # the version of the preferences afterwards

    @property
    def change_id(self) -> str:
        return self.sk.removeprefix("CHANGE#")

    @staticmethod
    def at(contact_id: str, changed_at: str, change_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"CHANGE#{changed_at}#{change_id}"


class GuardianConsent(ConsentItem, discriminator="guardian_consent"):
    """The proof of what a child's guardian said: who, when, in which words, and who took it down. Append-only."""

    contact_id = UnicodeAttribute()
    guardian_id = UnicodeAttribute()
    given = BooleanAttribute()
    given_at = InstantAttribute()
    wording = UnicodeAttribute()
    method = UnicodeAttribute()
    recorded_at = InstantAttribute()
    recorded_by = UnicodeAttribute()

    @staticmethod
    def at(contact_id: str, consent_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"GUARDIAN#{consent_id}"


class Ward(ConsentItem, discriminator="ward"):
    """A child that a contact guards, under the guardian: whoever turns out to be a child itself guards nobody."""

    contact_id = UnicodeAttribute()
    ward_id = UnicodeAttribute()

    @staticmethod
    def at(guardian_id: str, ward_id: str) -> tuple[str, str]:
        return f"CONTACT#{guardian_id}", f"WARD#{ward_id}"


class ConsentSettings(ConsentItem, discriminator="consent_settings"):
    """What the organisation decided about consent: one item."""

    minimum_consent = BooleanAttribute(default=False)
    preference_fields = BooleanAttribute(default=True)
    ages = JSONAttribute(null=True)  # of consent, by country, where they are not those that are shipped
    version = IntegerAttribute(default=0)

    @staticmethod
    def at() -> tuple[str, str]:
        return "SETTINGS", "SETTINGS"


def preferences_key(contact_id: str) -> Key:
    """Return where a contact's preferences lie, for reading them together with other things."""
    return Key(PreferencesRow, *PreferencesRow.at(contact_id))
