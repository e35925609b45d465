"""Bulk email on or off for people who said so, with the record of how they did (invariant 7)."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.clock import digest
from chalicelib.conditions.sources import Identity
from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.dynamodb import ConditionFailed, Write, commit
from chalicelib.errors import Unavailable
from chalicelib.interactions.models import Fact
from chalicelib.messages import suppression
from chalicelib.messages.models import Send
from chalicelib.messages.suppression import Wanted


def set_bulk(
    contact_ids: Iterable[str],
    change_id: str,
    evidence: Evidence,
    now: datetime,
    *,
    allow: bool,
    also: list[Write] | None = None,
) -> int:
    """Set bulk email of contacts that exist; returns of how many it changed.

    `also` is written with the first; where it holds a fact's row that is there already, nothing is written.
    """
    changed = 0
    for who in contacts.who_are(contact_ids):
        changed += _set(who, change_id, evidence, now, allow=allow, also=also or [])
        also = []
    return changed


def _set(who: Identity, change_id: str, evidence: Evidence, now: datetime, *, allow: bool, also: list[Write]) -> bool:
    for _ in range(5):
        own = digest(change_id, who.id)
        writes = consent_plans.every(consent.of_each(who.ids), {"bulk_email": allow}, evidence, own, now)
        try:
            commit(writes, also, [contacts.still_itself(who.id)] if writes or also else [])
        except ConditionFailed as failed:
            who = contacts.who_is(who.id)  # it may have been merged meanwhile
            if failed.of(Fact) or who.contact is None:
                return False  # the same event, delivered before; or somebody who is gone
            continue
        return bool(writes)
    raise Unavailable("The preferences are being changed by somebody else. Try again in a few seconds.")


def everyone(send: Send, evidence: Evidence, change_id: str, now: datetime) -> None:
    """Opt out every contact that holds a message's address, and the address itself (decision 31)."""
    at(send.address_hash or "", evidence, change_id, now, contact_id=send.contact_id or "")


def at(address_hash: str, evidence: Evidence, change_id: str, now: datetime, *, contact_id: str = "") -> None:
    """Opt out an address, every contact that holds it, and one more (SBC-11). Repeating it changes nothing."""
    wanted = Wanted(address_hash, suppression.BULK, suppression.UNSUBSCRIBED, note=evidence.source)
    suppression.suppress(wanted, now)
    set_bulk([contact_id, *contacts.holders(address_hash)], change_id, evidence, now, allow=False)
