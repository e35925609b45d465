"""What tests decide about consent, short to write."""

from chalicelib.consent.models import ChangeRow, ConsentItem, ConsentSettings
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import commit, put


def minimum_counts() -> None:
    """Switch minimum consent on, as it is long after somebody did."""
    commit([put(ConsentSettings(*ConsentSettings.at(), minimum_consent=True, version=1))])


def changes(contact_id: str) -> list[ChangeRow]:
    """Return everything that somebody's log holds, as all of its identities, oldest first."""
    people = contacts.who_is(contact_id).ids
    rows = [row for each in people for row in ConsentItem.query(f"CONTACT#{each}", consistent_read=True)]
    return sorted((row for row in rows if isinstance(row, ChangeRow)), key=lambda row: row.sk)
