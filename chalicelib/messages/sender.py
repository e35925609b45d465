"""The sender: takes a send up, checks for the last time, claims it, hands it over, records what came of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from msgspec import Struct

from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.rules import Designation, Preferences, refusal, strictest
from chalicelib.contacts import service as contacts
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, read
from chalicelib.errors import NotFound, Unavailable
from chalicelib.messages import plans, pointed, provider, readers, suppression
from chalicelib.messages.blocking import Situation, blocked_by
from chalicelib.messages.ledger import CONTENT_SETTINGS_AGAIN, State, may_go_again
from chalicelib.messages.models import Dedup, MessageSettings, Send
from chalicelib.messages.pace import Pace
from chalicelib.messages.pointed import Pointed
from chalicelib.messages.provider import Accepted, Lost, NotNow, Refused
from chalicelib.messages.reasons import Reason
from chalicelib.messages.rendering import Composed, compose, recipient_of
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument
from chalicelib.observability import logger
from chalicelib.queues import send as enqueue
from chalicelib.settings import settings

BEHIND = 30  # seconds until a message comes again that would have waited too long for its turn


@cache
def _pace() -> Pace:
    return Pace(provider.rate())


def take_up(send_id: str, now: datetime, token: str) -> None:
    """Do what a send needs next; nothing if it needs nothing, so a message delivered twice does no harm."""
    row = Send.find(*Send.at(send_id))
    if row is None or row.settled_at is not None:
        return
    match row.state:
        case State.QUEUED:
            _attempt(row, now, token)
        case State.CLAIMED if row.leased_until is None or row.leased_until <= now:
            _settle(plans.unknown(send_id, row.token or "", now))  # its sender died: nobody knows
        case State.UNKNOWN if row.due is None or row.due <= now:
            _take_up_unknown(row, now, token)


def _take_up_unknown(row: Send, now: datetime, token: str) -> None:
    if may_go_again(row.designation, row.tries):
        _attempt(row, now, token)
    else:
        _settle(plans.close_unknown(row, now))


class _Ready(Struct, frozen=True):
    """What was read for the final check."""

    version: int
    document: EmailDocument | None
    contact: Any
    consents: Sequence[Preferences]
    composed: Composed | None
    suppressed: bool
    settings: MessageSettings
    point: Pointed | None = None

    @property
    def preferences(self) -> Preferences:
        return strictest(self.consents)

    @property
    def tracked(self) -> bool:
        return _tracked(self.preferences, self.point)

    @property
    def proof(self) -> dict[str, Any]:
        """What the send keeps of the consent that it relies on."""
        own = consent.proof(self.consents)
        return own if self.point is None else {**own, "point": self.point.proof()}

    @property
    def unchanged(self) -> list[Write]:
        """The checks that the consent it relies on is still as it was read."""
        own = [consent_plans.unchanged(each) for each in self.consents]
        return own if self.point is None else [*own, self.point.unchanged()]


def _tracked(preferences: Preferences, point: Pointed | None) -> bool:
    return preferences.tracking if point is None else point.tracked(preferences)


def _attempt(row: Send, now: datetime, token: str) -> None:
    shared = live_definitions.live("content-settings", row.content_settings_id)
    if shared is None:
        _settle(plans.rest(row, CONTENT_SETTINGS_AGAIN, now))  # EML-7: the contact waits until they are live again
        return
    document = ContentSettingsDocument.model_validate(shared.document)
    for _ in range(3):
        ready = _ready(row, document, now)
        reason = blocked_by(_situation(row, ready, now))
        if reason is not None:
            _block(row, reason, now)
            return
        if _done(row, ready, now, token):
            return
    raise Unavailable("The contact's preferences keep changing.")


def _done(row: Send, ready: _Ready, now: datetime, token: str) -> bool:
    """Claim and hand over; False only where the contact's preferences have changed since they were read."""
    if not _pace().turn():
        enqueue("send", [{"id": row.send_id}], delay=BEHIND)
        return True
    failed = _claim(row, ready, now, token)
    if failed is None:
        _hand_over(row, ready, token, now)
    elif failed.of(Dedup) and not failed.of(Send):
        _block(row, Reason.DUPLICATE, now)
    return failed is None or bool(failed.of(Send)) or bool(failed.of(Dedup))


def _block(row: Send, reason: Reason, now: datetime) -> None:
    again = row.state == State.UNKNOWN  # blocked is reached from queued only; what may have gone out stays unknown
    _settle(plans.close_unknown(row, now) if again else plans.block(row, reason, now))


def _ready(row: Send, shared: ContentSettingsDocument, now: datetime) -> _Ready:
    version, document = email_of(row.email_id)
    who = contacts.who_is(row.contact_id or "")
    contact, consents = who.contact, consent.of_each(who.ids)
    composed = point = None
    if contact is not None and document is not None:
        values = readers.values_of(contact, document)
        if document.compliance is not None:
            point = pointed.of_message(document, recipient_of(document, shared, values, row.send_id))
        message = pointed.links(point.profile, row.send_id) if point else None
        tracked = _tracked(strictest(consents), point)
        composed = compose(document, shared, values, row.send_id, tracked=tracked, message=message)
    suppressed, own = _stored(composed, document, now, point)
    return _Ready(version, document, contact, consents, composed, suppressed, own, point)


def email_of(email_id: str) -> tuple[int, EmailDocument | None]:
    """Return the live version of an email, of a stopped one the last: a live journey goes on sending it (EML-5)."""
    live = live_definitions.live("email", email_id)
    if live is not None:
        return live.version, EmailDocument.model_validate(live.document)
    try:
        number = definitions.get("email", email_id).published_version
    except NotFound:
        return 0, None
    if number == 0:
        return 0, None
    return number, EmailDocument.model_validate(live_definitions.document("email", email_id, number))


def _stored(
    composed: Composed | None, document: EmailDocument | None, now: datetime, point: Pointed | None
) -> tuple[bool, MessageSettings]:
    own = Key(MessageSettings, *MessageSettings.at())
    if composed is None or document is None or composed.recipient is None:
        [found] = read([own])
        return False, found or MessageSettings(*MessageSettings.at())
    hashed = suppression.address_hash(composed.recipient.key)
    *rows, found = read([*suppression.keys(hashed), own])
    agreed_at = point.agreed_at if point else None
    suppressed = suppression.applies(rows, document.legal_designation, now, agreed_at)
    return suppressed, found or MessageSettings(*MessageSettings.at())


def _situation(row: Send, ready: _Ready, now: datetime) -> Situation:
    designation = Designation(ready.document.legal_designation) if ready.document else Designation.COMMERCIAL
    return Situation(
        now=now,
        exists=ready.contact is not None,
        inactive=bool(ready.contact is not None and ready.contact.inactive),
        good_until=row.good_until,
        refusal=refusal(ready.preferences, designation, fields=ready.point is None or ready.point.fields),
        published=ready.document is not None,
        suppressed=ready.suppressed,
        composed=ready.composed,
        forbidden_links=frozenset(ready.settings.forbidden_links or ()),
        point=ready.point.refused if ready.point else None,
    )


def _claim(row: Send, ready: _Ready, now: datetime, token: str) -> ConditionFailed | None:
    """Claim a send in one transaction with its address and the consent it relies on; returns what stood in the way."""
    composed, document = ready.composed, ready.document
    if composed is None or composed.recipient is None or document is None:
        raise ValueError("a message without an address was not blocked")
    hashed = suppression.address_hash(composed.recipient.key)
    claimed = plans.Claimed(
        token=token,
        leased_until=now + timedelta(seconds=int(settings.lease_seconds)),
        email_version=ready.version,
        designation=document.legal_designation,
        address_hash=hashed,
        account_id=ready.contact.account_id,
        tracked=ready.tracked,
        consent=ready.proof,
        links=composed.computed_links,
    )
    once = [] if ready.settings.bypass_deduplication else plans.only_once(row, hashed, now)
    try:
        commit(plans.claim(row, claimed), once, ready.unchanged)
    except ConditionFailed as failed:
        return failed
    return None


def _hand_over(row: Send, ready: _Ready, token: str, now: datetime) -> None:
    if ready.composed is None:
        raise ValueError("nothing was composed")
    tags = {"send": row.send_id, "journey": row.journey_id or "", "tile": row.tile or ""}
    match provider.send(ready.composed, tags):
        case Accepted(provider_id):
            _settle(plans.sent(row.send_id, token, provider_id, now))
        case Refused(reason):
            _settle(plans.failed(row.send_id, token, reason, now))
        case NotNow(seconds):
            _settle(plans.give_back(row, token))
            enqueue("send", [{"id": row.send_id}], delay=seconds)
        case Lost():
            _settle(plans.unknown(row.send_id, token, now))


def _settle(write: Write) -> None:
    """Make a change of the ledger; where its condition fails somebody else has settled the send, by an event say."""
    try:
        commit([write])
    except ConditionFailed:
        logger.info("send settled meanwhile")
