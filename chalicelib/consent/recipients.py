"""To whom a person's data went in files: kept with the person, so that an officer can tell them (GDPR 19, 15(1)(c))."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from heapq import nlargest

from msgspec import Struct
from pynamodb.attributes import TTLAttribute, UnicodeAttribute

from chalicelib.clock import as_text
from chalicelib.consent.models import ConsentItem
from chalicelib.dynamodb import InstantAttribute, commit, put

KEPT = timedelta(days=2 * 365)
MOST = 100  # files of a person that are told, the latest
TOGETHER = 90  # writes of a transaction


class Given(Struct, frozen=True):
    """A file with people in it: what it is of, which export made it, and for whom."""

    what: str
    export_id: str
    who: str


class Disclosed(ConsentItem, discriminator="disclosed"):
    """A contact was in a file that somebody got."""

    contact_id = UnicodeAttribute()
    what = UnicodeAttribute()
    export_id = UnicodeAttribute()
    who = UnicodeAttribute()
    given_at = InstantAttribute()
    expires = TTLAttribute()

    @staticmethod
    def at(contact_id: str, made_at: datetime, export_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", f"DISCLOSED#{as_text(made_at)}#{export_id}"


def note(contact_ids: Iterable[str], given: Given, made_at: datetime, now: datetime) -> None:
    """Note that contacts are in a file, before it is there: who dies in between has noted too much, never too little.

    `made_at` is when the file was asked for, so that doing a page again is the same row.
    """
    rows = [
        Disclosed(
            *Disclosed.at(each, made_at, given.export_id),
            contact_id=each,
            what=given.what,
            export_id=given.export_id,
            who=given.who,
            given_at=made_at,
            expires=now + KEPT,
        )
        for each in sorted(set(contact_ids))
    ]
    for start in range(0, len(rows), TOGETHER):
        commit([put(each) for each in rows[start : start + TOGETHER]])


def of_person(contact_ids: Sequence[str]) -> list[Disclosed]:
    """Return the files that a person was in as any of its contacts, the latest first."""
    found = (
        row
        for each in contact_ids
        for row in Disclosed.query(
            f"CONTACT#{each}", Disclosed.sk.startswith("DISCLOSED#"), scan_index_forward=False, limit=MOST
        )
    )
    return nlargest(MOST, found, key=lambda row: row.sk)
