"""How a digest holds interactions: instants, ids, attributes and verdicts, packed; pure.

Everything that a condition can ask is in it, whatever is live: so a definition published today reads the digests of
yesterday, and a digest is rebuilt for late facts only.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from zlib import compress, decompress

from chalicelib.clock import as_text, from_text
from chalicelib.conditions.facts import Interaction, Verdict

FULL = 100_000  # bytes of a part, after which the month goes on in another
AT_ONCE = 100_000  # bytes of JSON that one part takes up at a time, so that no part grows beyond 200 KB

Rows = Mapping[str, Interaction]
"""Interactions by id."""


def pack(rows: Iterable[Interaction]) -> bytes:
    """Return interactions in as few bytes as it takes; like lies beside like, which compresses well."""
    ordered = sorted(rows, key=lambda each: (each.at, each.id))
    columns = [
        [as_text(each.at) for each in ordered],
        [each.id for each in ordered],
        [each.verdict for each in ordered],
        [each.attributes for each in ordered],
    ]
    return compress(json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode())


def unpack(type_: str, packed: bytes) -> list[Interaction]:
    columns = json.loads(decompress(packed))
    return [
        Interaction(id_, type_, from_text(at), attributes, Verdict(verdict))
        for at, id_, verdict, attributes in zip(*columns, strict=True)
    ]


def filled(parts: Sequence[Rows], rows: Iterable[Interaction]) -> list[dict[str, Interaction]]:
    """Return the parts of a month with these rows in them: in the place of their older selves, else behind the rest.

    No row ever moves from one part to another, so that whoever reads them one after the other misses none.
    """
    after = [dict(part) for part in parts]
    room = 0
    for row in rows:
        known = next((part for part in after if row.id in part), None)
        if known is None:
            size = len(json.dumps(row.attributes, ensure_ascii=False).encode()) + 100
            if room < size:
                if not after or len(pack(after[-1].values())) > FULL:
                    after.append({})
                room = AT_ONCE
            known, room = after[-1], room - size
        known[row.id] = row
    return after
