"""Emptying partitions, a bounded number of rows at a time; what is left is for the next time.

Where a record was, a row stays that is due until all of it is swept, and once more when no stream can tell of it late.
"""

from collections.abc import Callable
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


def sweep(row: Any, found: Callable[[], object], swept: Callable[[Any], bool], now: datetime) -> None:
    """Sweep what a deleted record left behind, if there is such a row and it is time.

    `found` looks for the record: one that was made anew under the same id leaves nothing over. `swept` says whether all
    is gone; what a run does not get done stays due.
    """
    if row is None or row.due is None or row.due > now:
        return
    if found() is not None:
        commit([delete(row.key)])
    elif swept(row):
        _done(row, now)


def _done(row: Any, now: datetime) -> None:
    """Wait for what may still come late, or forget that there was anything to sweep."""
    unchanged = type(row).due == row.due
    last = row.due >= row.deleted_at + AGAIN
    row.due = max(row.deleted_at + AGAIN, now)
    try:
        commit([delete(row.key, unchanged) if last else put(row, unchanged)])
    except ConditionFailed:
        return  # another delivery was quicker
