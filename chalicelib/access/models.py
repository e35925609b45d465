"""The access table: API keys, by id."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.dynamodb import InstantAttribute, Item, TextsAttribute
from chalicelib.settings import settings


class AccessItem(Item):
    """The access table."""

    class Meta:
        table_name = settings.table("access")


class ApiKey(AccessItem, discriminator="api_key"):
    """A key of a machine: its scopes, and the hash of its secret."""

    key_id = UnicodeAttribute()
    name = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    scopes = TextsAttribute()
    created_at = InstantAttribute()
    revoked_at = InstantAttribute(null=True)

    @staticmethod
    def at(key_id: str) -> tuple[str, str]:
        return "API_KEYS", f"KEY#{key_id}"
