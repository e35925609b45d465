"""Emptying partitions, a bounded number of rows at a time; what is left is for the next time.

Where a record was, a row stays that is due until all of it is swept, and once more when no stream can tell of it late.
"""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib.dynamodb import ConditionFailed, Item, Key, commit, delete, put, query_raw

MOST = 500
TOGETHER = 50  # rows deleted in one transaction
AGAIN = timedelta(hours=25)  # a stream's record is 24 hours old at most


def emptied(table: type[Item], pk: str, prefix: str = "") -> bool:
    """Delete up to 500 rows of a partition and return whether it is empty now; repeating it is harmless."""
    keys = [Key(table, pk, raw["sk"]["S"]) for raw in islice(query_raw(table, pk, prefix), MOST)]
    for start in range(0, len(keys), TOGETHER):
        commit([delete(key) for key in keys[start : start + TOGETHER]])
    return len(keys) < MOST


def is_due(row: Any, now: datetime) -> bool:
    """Return whether what a deleted record left behind is to be swept now; None: there is no such row."""
    return row is not None and row.due is not None and row.due <= now


def swept(row: Any, now: datetime) -> None:
    """Wait for what may still come late, or forget that there was anything to sweep."""
    unchanged = type(row).due == row.due
    last = row.due >= row.deleted_at + AGAIN
    row.due = max(row.deleted_at + AGAIN, now)
    try:
        commit([delete(row.key, unchanged) if last else put(row, unchanged)])
    except ConditionFailed:
        return  # another delivery was quicker
