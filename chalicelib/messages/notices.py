"""Use case: tell somebody of one's own staff something by a live email, once, however often it is asked for.

A notice is no send of the ledger: it has no enrolment, its reader is no contact, its links are not tracked. It goes out
at most once: it is claimed before it is handed over, and whoever finds a claim that died leaves it as unknown.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.contacts.fields import FIELDS
from chalicelib.contacts.normalise import Email
from chalicelib.contacts.normalise import email as read_email
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import ConditionFailed, commit, put_changed, put_new
from chalicelib.errors import Conflict, Unavailable
from chalicelib.messages import provider, readers, service
from chalicelib.messages.addresses import TEST
from chalicelib.messages.ledger import State
from chalicelib.messages.models import Notice
from chalicelib.messages.previews import suppressed
from chalicelib.messages.provider import Accepted, Lost, NotNow, Refused
from chalicelib.messages.rendering import Composed, compose
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument

LEASE = timedelta(minutes=5)  # longer than the function that sends may run
NOBODY: Mapping[str, Any] = {"id": TEST, **dict.fromkeys(FIELDS)}
"""For whom a notice is rendered that concerns no contact."""

BUSY = Unavailable("The mail provider takes no more at the moment.")
AT_WORK = Conflict("Somebody is sending this notice at this moment.")


class Wanted(Struct, frozen=True):
    """What somebody is to be told, and about whom; `id` is the same for the same occasion."""

    id: str
    email_id: str
    address: str
    about: Mapping[str, Any] | None = None


def tell(wanted: Wanted, now: datetime) -> str | None:
    """Send a notice, unless it went out before. Returns why it cannot go out, None where it did (or may have).

    Raises Unavailable or Conflict where it is to be tried again.
    """
    row = Notice.find(*Notice.at(wanted.id))
    if row is not None and row.settled_at is not None:
        return None if row.state != State.FAILED else str(row.reason)
    if row is not None and row.state == State.CLAIMED:
        if row.leased_until is not None and row.leased_until > now:
            raise AT_WORK
        _settle(row, State.UNKNOWN, "its sender died", now)
        return None
    composed = _composed(wanted)
    refused = composed if isinstance(composed, str) else _refused(composed, wanted, now)
    row = _claimed(row, wanted, now)
    if refused is not None or isinstance(composed, str):
        _settle(row, State.FAILED, refused, now)
        return refused
    return _sent(row, composed, read_email(wanted.address, "addresses"), now)


def _claimed(row: Notice | None, wanted: Wanted, now: datetime) -> Notice:
    """Take a notice, so that nobody else sends it. Raises Conflict where somebody was quicker."""
    fresh = row is None
    claimed = row or Notice(*Notice.at(wanted.id), notice_id=wanted.id, email_id=wanted.email_id)
    claimed.state, claimed.leased_until = State.CLAIMED, now + LEASE
    try:
        commit([put_new(claimed) if fresh else put_changed(claimed, refused=AT_WORK)])
    except ConditionFailed as failed:
        raise AT_WORK from failed
    return claimed


def _settle(row: Notice, state: State, reason: str | None, now: datetime) -> None:
    row.state, row.reason, row.settled_at, row.leased_until = state, reason, now, None
    commit([put_changed(row)])


def _composed(wanted: Wanted) -> Composed | str:
    """Return the message as it would go out, or why there is none."""
    live = definitions.live("email", wanted.email_id)
    if live is None:
        return f"The email {wanted.email_id} is not live."
    document, shared = EmailDocument.model_validate(live.document), ContentSettingsDocument.model_validate({})
    chosen = service.default_content_settings()
    found = definitions.live("content-settings", chosen) if chosen else None
    if found is not None:
        shared = ContentSettingsDocument.model_validate(found.document)
    about = readers.in_words(dict(wanted.about), document) if wanted.about else NOBODY
    composed = compose(document, shared, about, TEST, tracked=False)
    return f"The email {wanted.email_id} came out without its {composed.missing[0]}." if composed.missing else composed


def _refused(composed: Composed, wanted: Wanted, now: datetime) -> str | None:
    """Notices go to one's own staff only, as tests do."""
    address = read_email(wanted.address, "addresses")
    own = {_domain(parseaddr(composed.sender or "")[1]), *(service.message_settings().staff_domains or ())}
    if composed.sender is None or _domain(address.key) not in own:
        return "It would not go to one's own staff: to the sender's domain, or one that the settings of mail name."
    live = definitions.require_live("email", wanted.email_id)
    gone = suppressed(address, EmailDocument.model_validate(live.document), now)
    return "Its address is suppressed." if gone else None


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _sent(row: Notice, composed: Composed, address: Email, now: datetime) -> str | None:
    """Hand a claimed notice over, and keep what came of it."""
    match provider.send(replace(composed, recipient=address, headers=[]), {"notice": row.notice_id}):
        case Accepted():
            _settle(row, State.SENT, None, now)
        case Lost():
            _settle(row, State.UNKNOWN, "the provider's answer was lost", now)
        case Refused(reason):
            _settle(row, State.FAILED, f"The mail provider refused it: {reason}.", now)
            return row.reason
        case NotNow():
            row.state, row.leased_until = State.QUEUED, None
            commit([put_changed(row)])
            raise BUSY
    return None
