"""How items are read and written: plans that are made in one transaction, refusals that say which part.

A domain offers *writes* (no I/O), a use case commits them together:

    commit([put_new(contact), put_new(claim, refused=Conflict("…"))], [put_new(lead)])

One write alone goes as a plain PutItem, UpdateItem or DeleteItem, at half the price of a transaction.
"""

from chalicelib.dynamodb.attributes import (
    BytesAttribute,
    DecimalAttribute,
    ExactJsonAttribute,
    InstantAttribute,
    IntegerAttribute,
    JsonAttribute,
    TextsAttribute,
    ValuesAttribute,
)
from chalicelib.dynamodb.clients import reader, writer
from chalicelib.dynamodb.commits import change, commit
from chalicelib.dynamodb.items import SHARDS, AnyItem, Item, Key, Raw, shard
from chalicelib.dynamodb.racing import tries
from chalicelib.dynamodb.reads import Look, Notes, count_index, query_between, query_raw, read, scan_slice
from chalicelib.dynamodb.witnesses import Witness, witnessed
from chalicelib.dynamodb.writes import (
    ConditionFailed,
    Failure,
    Plan,
    Write,
    check,
    delete,
    put,
    put_changed,
    put_new,
    silent,
    update,
)

__all__ = [
    "SHARDS",
    "AnyItem",
    "BytesAttribute",
    "ConditionFailed",
    "DecimalAttribute",
    "ExactJsonAttribute",
    "Failure",
    "InstantAttribute",
    "IntegerAttribute",
    "Item",
    "JsonAttribute",
    "Key",
    "Look",
    "Notes",
    "Plan",
    "Raw",
    "TextsAttribute",
    "ValuesAttribute",
    "Witness",
    "Write",
    "change",
    "check",
    "commit",
    "count_index",
    "delete",
    "put",
    "put_changed",
    "put_new",
    "query_between",
    "query_raw",
    "read",
    "reader",
    "scan_slice",
    "shard",
    "silent",
    "tries",
    "update",
    "witnessed",
    "writer",
]
