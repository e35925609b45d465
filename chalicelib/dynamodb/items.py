"""Items, where they lie, and how identities spread over the shards of an index."""

from collections.abc import Mapping
from copy import copy
from functools import cache
from typing import Any, Self, TypeVar, cast
from zlib import crc32

from msgspec import Struct
from pynamodb.attributes import DiscriminatorAttribute, UnicodeAttribute
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import AttributeNullError
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

    def replaced(self, **changes: Any) -> Self:
        """Return the item with other values, None for those that it no longer has; this one stays as it was read."""
        other = copy(self)
        other.attribute_values = dict(self.attribute_values)
        other._set_attributes(**changes)
        return other

    @classmethod
    def find(cls, pk: str, sk: str, *, consistent: bool = True) -> Self | None:
        """Return the item of this kind at a key, or None where there is none."""
        try:
            return cls.get(pk, sk, consistent_read=consistent)
        except cls.DoesNotExist:
            return None

    # PynamoDB goes through all attributes that a class declares, several times an item; a contact declares ninety and
    # has ten. These four go through those that there are.

    def _set_defaults(self, _user_instantiated: bool = True) -> None:
        given = _defaults(type(self)).items()
        self.attribute_values |= {name: each() if callable(each) else each for name, each in given}

    def _set_attributes(self, **attributes: Any) -> None:
        unknown = attributes.keys() - self.get_attributes().keys()
        if unknown:
            raise ValueError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        self.attribute_values |= attributes

    def _container_serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        values = {name: value for name, value in self.attribute_values.items() if value is not None}
        missing = _required(type(self)) - values.keys()
        if null_check and missing:
            raise AttributeNullError(", ".join(sorted(missing)))
        attributes = self.get_attributes()
        written = {name: attributes[name].serialize(value) for name, value in values.items()}
        return {name: {attributes[name].attr_type: value} for name, value in written.items() if value is not None}

    @classmethod
    def _instantiate(cls, attribute_values: Raw) -> Self:
        kind = cast(type[Self], cls._get_discriminator_class(cast(Any, attribute_values)) or cls)
        if not issubclass(kind, cls):
            raise TypeError(f"a {kind.__name__} is no {cls.__name__}")
        item, attributes = kind(_user_instantiated=False), kind._attributes
        for name in attribute_values.keys() & attributes.keys():
            attribute = attributes[name]
            item.attribute_values[name] = attribute.deserialize(attribute.get_value(attribute_values[name]))
        return item

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


@cache
def _defaults(kind: type[Item]) -> Mapping[str, Any]:
    return {name: each.default for name, each in kind._attributes.items() if each.default is not None}


@cache
def _required(kind: type[Item]) -> frozenset[str]:
    return frozenset(name for name, each in kind._attributes.items() if not each.null)


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
