"""Emptying partitions, a bounded number of rows at a time; what is left is for the next time."""

from itertools import islice

from chalicelib.dynamodb import Item, Key, commit, delete, query_raw

MOST = 500
TOGETHER = 50  # rows deleted in one transaction


def emptied(table: type[Item], pk: str, prefix: str = "") -> bool:
    """Delete up to 500 rows of a partition and return whether it is empty now; repeating it is harmless."""
    keys = [Key(table, pk, raw["sk"]["S"]) for raw in islice(query_raw(table, pk, prefix), MOST)]
    for start in range(0, len(keys), TOGETHER):
        commit([delete(key) for key in keys[start : start + TOGETHER]])
    return len(keys) < MOST
