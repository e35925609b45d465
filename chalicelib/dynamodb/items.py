"""Items, where they lie, and how identities spread over the shards of an index."""

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast
from zlib import crc32

from msgspec import Struct
from pynamodb.attributes import DiscriminatorAttribute, UnicodeAttribute
from pynamodb.connection.table import TableConnection
from pynamodb.models import Model

from chalicelib.dynamodb.clients import reader

SHARDS = 16

Raw = Mapping[str, Any]
"""An item as DynamoDB speaks it: {"pk": {"S": "…"}, …}."""


class Item(Model):
    """An item of some table. The class that declares Meta is the table, its subclasses are kinds of item."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()

    @property
    def key(self) -> "Key":
        return Key(type(self), self.pk, self.sk)

    @classmethod
    def find(cls, pk: str, sk: str, *, consistent: bool = True) -> Self | None:
        """Return the item of this kind at a key, or None where there is none."""
        try:
            return cls.get(pk, sk, consistent_read=consistent)
        except cls.DoesNotExist:
            return None

    @classmethod
    def _get_connection(cls) -> TableConnection:
        # PynamoDB opens a client for each class (pynamodb/PynamoDB#876, #1245); all of ours share one.
        table: Any = [base for base in cls.__mro__ if "Meta" in vars(base)][-1]
        if table._connection is None:
            made = super(Item, table)._get_connection()
            shared = reader()
            shared._tables.setdefault(made.table_name, made.get_meta_table())
            made.connection = shared
        return cast(TableConnection, table._connection)


AnyItem = TypeVar("AnyItem", bound=Item)


class Key(Struct, frozen=True):
    """Where an item lies, and of what kind it is."""

    kind: type[Item]
    pk: str
    sk: str

    @property
    def table(self) -> str:
        return self.kind.Meta.table_name

    @property
    def raw(self) -> dict[str, Any]:
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


def shard(identity: str) -> int:
    """Return the shard, 0 to 15, that an identity belongs to in every sharded index."""
    return crc32(identity.encode()) % SHARDS
