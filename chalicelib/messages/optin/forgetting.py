"""Use case: forget what waits for the addresses of a contact that was deleted."""

from datetime import datetime
from itertools import islice

from chalicelib.contacts.models import Deleted
from chalicelib.dynamodb import ConditionFailed, commit, delete
from chalicelib.messages.optin.models import Confirmation
from chalicelib.messages.optin.rules import What
from chalicelib.sweeping import MOST


def sweep(contact_id: str, _: datetime) -> bool:
    """Delete the requests of a deleted contact and what was sent by forms with its addresses, up to the deletion.

    What is asked for after that is a new start (decision 40). Returns whether nothing is left; safe to repeat.
    """
    row = Deleted.find(*Deleted.at(contact_id))
    known = row.addresses or [] if row is not None else []
    return row is None or all(_forgotten(each, contact_id, row.deleted_at) for each in known)


def _forgotten(address_hash: str, contact_id: str, until: datetime) -> bool:
    pk, prefix = Confirmation.at(address_hash, "")
    found = Confirmation.query(pk, Confirmation.sk.startswith(prefix), consistent_read=True)
    own = (
        each for each in found if each.asked_at <= until and (each.what == What.FORM or each.contact_id == contact_id)
    )
    gone = list(islice(own, MOST))
    for each in gone:
        try:
            commit([delete(each.key, Confirmation.asked_at == each.asked_at)])
        except ConditionFailed:
            continue  # asked for anew at this moment, or swept by another delivery
    return len(gone) < MOST
