"""Use cases of the subscription centre and of one-click unsubscription: what the person says about bulk email."""

from datetime import datetime

from msgspec import Struct

from chalicelib.clock import digest
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import service as contacts
from chalicelib.errors import Invalid
from chalicelib.interactions import plans as interactions
from chalicelib.interactions.plans import NewInteraction
from chalicelib.interactions.types import InteractionType
from chalicelib.messages import opting, suppression
from chalicelib.messages.addresses import TEST
from chalicelib.messages.models import Send
from chalicelib.messages.sent import attributes_of
from chalicelib.messages.suppression import Wanted
from chalicelib.tokens import verify

WORDING = "Do not send me marketing emails"


class Centre(Struct, frozen=True):
    """What the page shows."""

    send: Send | None
    contact_id: str | None
    bulk_email: bool


def show(token: str) -> Centre:
    """Return what the person behind a link allows (SBC-5). Raises Invalid for a link that is not ours."""
    send = Send.find(*Send.at(_send_of(token)))
    if send is None:
        return Centre(None, None, bulk_email=False)
    who = contacts.who_is(send.contact_id or "")
    if who.contact is None:
        rows = suppression.find(send.address_hash or "")
        return Centre(send, None, bulk_email=not any(row.scope == suppression.BULK for row in rows))
    return Centre(send, who.id, consent.of_person(who).bulk_email)


def _send_of(token: str) -> str:
    [send_id] = verify("send", token)
    if send_id == TEST:
        raise Invalid("This link is of a test or a preview, so we cannot tell whose preferences to show.")
    return send_id


def submit(token: str, event_id: str, now: datetime, *, allow: bool) -> Centre:
    """Do what the person chose, for the contact that the link names (SBC-1, SBC-3, SBC-8, SBC-9).

    Where the contact is gone, an opt-out holds for the address all the same (decision 38).
    """
    centre = show(token)
    if centre.send is None:
        return centre
    hashed = centre.send.address_hash or ""
    if allow:
        suppression.lift(hashed, suppression.BULK, [suppression.UNSUBSCRIBED])
    evidence = Evidence(
        who=f"contact:{centre.contact_id}" if centre.contact_id else "recipient",
        source=f"send:{centre.send.send_id}",
        method="subscription-centre",
        wording=WORDING,
    )
    if centre.contact_id is None:
        if not allow:
            _everyone(centre.send, evidence, event_id, now)
        return Centre(centre.send, None, bulk_email=allow)
    submitted = NewInteraction(
        InteractionType.EMAIL_SUBSCRIPTION_SUBMIT,
        now,
        "subscription-centre",
        event_id,
        contact_id=centre.contact_id,
        account_id=centre.send.account_id,
        attributes=attributes_of(centre.send),
    )
    also = interactions.record(submitted, now)
    opting.set_bulk([centre.contact_id], event_id, evidence, now, allow=allow, also=also)
    return Centre(centre.send, centre.contact_id, bulk_email=allow)


def unsubscribe(token: str, now: datetime) -> None:
    """Unsubscribe with one click: every contact that holds the address, and the address itself (decision 31).

    Repeating it changes nothing. Raises Invalid for a link that is not ours.
    """
    send_id = _send_of(token)
    send = Send.find(*Send.at(send_id))
    if send is None or send.address_hash is None:
        return
    evidence = Evidence(
        who="recipient", source=f"send:{send_id}", method="one-click", wording="List-Unsubscribe=One-Click"
    )
    _everyone(send, evidence, digest("one-click", send_id), now)


def _everyone(send: Send, evidence: Evidence, change_id: str, now: datetime) -> None:
    hashed = send.address_hash or ""
    suppression.suppress(Wanted(hashed, suppression.BULK, suppression.UNSUBSCRIBED, note=f"send:{send.send_id}"), now)
    holders = contacts.holders(hashed)
    opting.set_bulk([send.contact_id or "", *holders], change_id, evidence, now, allow=False)
