"""Use cases: what people write down about a contact, an account or a lead, to be read by whoever comes next."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.activities.models import ActivitiesItem, Note
from chalicelib.contacts import accounts
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Write, commit, delete, put_changed, put_new, tries
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.lists import Asked, Page, page
from chalicelib.sweeping import emptied

STALE = Stale("The note has changed since you read it. Read it again and repeat the change.")


class About(Struct, frozen=True):
    """A kind of record that notes are about: all ids that one is, and the check that the one that counts is there.

    Both raise NotFound for what is not there; the ids begin with the one that counts.
    """

    noun: str
    ids: Callable[[str], Sequence[str]]
    there: Callable[[str], Write]


def _ids_of_account(account_id: str) -> Sequence[str]:
    return accounts.ids_of_row(accounts.find(accounts.ids_of(account_id)[0]))


CONTACT = About("contact", lambda each: contacts.find_who(each).ids, contacts.still_itself)
ACCOUNT = About("account", _ids_of_account, accounts.still_itself)


def create(about: About, record_id: str, note_id: str, text: str, by: str, now: datetime) -> Note:
    """Write a note about somebody; the same id again returns the first one. Raises NotFound, Conflict."""
    for _ in tries():
        main = about.ids(record_id)[0]
        note = Note.new(about.noun, main, note_id, now)
        note.text, note.created_by = text, by
        try:
            commit([put_new(note), about.there(main)])
        except ConditionFailed as failed:
            if earlier := next((found for _, found in failed.of(Note) if found is not None), None):
                return earlier
            continue  # deleted meanwhile, or merged into another
        return note
    raise Conflict("Others are changing this record at this moment. Try again in a few seconds.")


def find(about: About, record_id: str, note_id: str) -> Note:
    """Return a note about somebody, whichever of its identities it was written about. Raises NotFound."""
    for each in about.ids(record_id):
        if (note := Note.find(*Note.at(about.noun, each, note_id))) is not None:
            return note
    raise NotFound("There is no such note.")


def change(about: About, record_id: str, note_id: str, text: str, *, by: str, version: int, now: datetime) -> Note:
    """Write a note anew. Raises NotFound, Stale."""
    note = find(about, record_id, note_id)
    if note.version != version:
        raise STALE
    note.text, note.updated_by, note.updated_at = text, by, now
    commit([put_changed(note)])
    return note


def remove(about: About, record_id: str, note_id: str, version: int) -> None:
    """Delete a note. Raises NotFound, Stale."""
    note = find(about, record_id, note_id)
    commit([delete(note.key, Note.version == version, refused=STALE)])


def listed(about: About, record_id: str, asked: Asked) -> Page[Note]:
    """Return a page of the notes about somebody, newest first; also those about who was merged into it."""
    keys = [Note.regards(about.noun, each) for each in about.ids(record_id)]
    return page(ActivitiesItem.by_regarding, keys, asked, newest_first=True, kind=Note)


def sweep(about: About, record_id: str) -> bool:
    """Delete the notes about a record that was deleted; return whether nothing is left (decision 40)."""
    return emptied(ActivitiesItem, Note.at(about.noun, record_id, "")[0], "NOTE#")
