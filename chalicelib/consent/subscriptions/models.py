"""How lists and memberships lie in the consent table."""

from datetime import datetime

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.consent.models import ConsentItem
from chalicelib.consent.subscriptions.rules import State
from chalicelib.contacts.models import name_key
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Key, shard

LIST = "subscription-list"


class SubscriptionList(ConsentItem, discriminator="subscription_list"):
    """A list that contacts can be on; what people see of it has names of its own (SBL-1)."""

    list_id = UnicodeAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    owner_id = UnicodeAttribute(null=True)
    public_name = UnicodeAttribute()
    public_description = UnicodeAttribute(null=True)
    translations = JSONAttribute(null=True)
    created_by = UnicodeAttribute()
    created_at = InstantAttribute()
    updated_at = InstantAttribute()
    stopped_at = InstantAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(list_id: str) -> tuple[str, str]:
        return f"LIST#{list_id}", "LIST"

    @classmethod
    def new(cls, list_id: str, by: str, now: datetime) -> "SubscriptionList":
        return cls(*cls.at(list_id), list_id=list_id, created_by=by, created_at=now, updated_at=now)

    @property
    def stopped(self) -> bool:
        return self.stopped_at is not None

    def words(self, language: str) -> tuple[str, str]:
        """Return the name and the description that people see who speak a language, where there are words in it."""
        known = self.translations or {}
        found = known.get(language) or known.get(language.partition("-")[0])
        if found is None:
            return self.public_name, self.public_description or ""
        return found["public_name"], found["public_description"]

    def list_by_name(self) -> None:
        self.listed, self.name_key = f"{LIST}#{shard(self.list_id)}", name_key(self.name)


class Subscription(ConsentItem, discriminator="subscription"):
    """What one contact last said of one list; in the list's index only while it is on it."""

    contact_id = UnicodeAttribute()
    list_id = UnicodeAttribute()
    state = UnicodeAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(contact_id: str, list_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"SUBSCRIPTION#{list_id}"

    @property
    def holds(self) -> bool:
        return self.state == State.SUBSCRIBED


def list_key(list_id: str) -> Key:
    return Key(SubscriptionList, *SubscriptionList.at(list_id))


def subscription_key(contact_id: str, list_id: str) -> Key:
    """Return where to read whether a contact is on a list, together with other things."""
    return Key(Subscription, *Subscription.at(contact_id, list_id))
