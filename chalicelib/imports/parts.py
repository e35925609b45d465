"""The rows of a file that was read, as the slices of a run take them: in pages, a file in the bucket for each slice."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256

from chalicelib import files
from chalicelib.dynamodb import SHARDS
from chalicelib.imports.rows import Row

MOST_HELD = 4  # parts of a few hundred rows that a process remembers


def source(import_id: str) -> str:
    """Return where the file lies that a person sent."""
    return f"imports/{import_id}/source"


def key_of(import_id: str, run: int, page: int, number: int) -> str:
    return f"imports/{import_id}/{run}/{page:06}-{number:02}.gz"


def spread(rows: Iterable[tuple[Row, str | None]]) -> dict[int, list[Row]]:
    """Share rows among the slices by what they are matched by: rows of one person are taken one after the other."""
    shared: dict[int, list[Row]] = defaultdict(list)
    for row, matched_by in rows:
        number = row.number if matched_by is None else sha256(matched_by.encode()).digest()[0]
        shared[number % SHARDS].append(row)
    return shared


def keep(import_id: str, run: int, page: int, shared: Mapping[int, list[Row]]) -> None:
    files.put_all({key_of(import_id, run, page, number): packed(rows) for number, rows in shared.items()})


def packed(rows: Iterable[Row]) -> bytes:
    told = json.dumps([[row.number, row.cells] for row in rows], ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(told.encode("utf-8", "surrogatepass"), 1, mtime=0)


@lru_cache(maxsize=MOST_HELD)
def part(key: str) -> tuple[Row, ...]:
    """Return the rows of a part, which never changes."""
    return tuple(Row(number, cells) for number, cells in json.loads(gzip.decompress(files.get(key))))
