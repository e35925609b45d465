"""Use case: mail the link of a confirmation, at most once an asking, and never more than an address has to bear.

Such a message is no send of the ledger: it has no enrolment, often no contact, and its links are not tracked. What the
provider tells of it is about its address, which its tag names.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.clock import as_text, from_text
from chalicelib.consent import service as consent
from chalicelib.contacts import service as contacts
from chalicelib.contacts.fields import EMAILS
from chalicelib.contacts.normalise import Email, key_of
from chalicelib.contacts.normalise import email as read_email
from chalicelib.definitions import service as definitions
from chalicelib.dynamodb import ConditionFailed, Write, commit, put, put_new, update
from chalicelib.errors import Conflict, Unavailable
from chalicelib.messages import provider, readers, sender, service, suppression
from chalicelib.messages.addresses import TEST
from chalicelib.messages.ledger import TRANSACTIONAL
from chalicelib.messages.optin import confirming, links, settings, wordings
from chalicelib.messages.optin.models import Confirmation, Mailed
from chalicelib.messages.optin.rules import DAY, Mail, Mails, Outcome, What, harmless, may_mail, recent
from chalicelib.messages.provider import Accepted, Lost, NotNow, Refused
from chalicelib.messages.rendering import Composed, compose
from chalicelib.messages.schemas import ContentSettingsDocument, EmailDocument

TRIES = 5
LEASE = timedelta(minutes=5)  # longer than the function that sends may run
BUSY = Unavailable("The mail provider takes no more at the moment.")
AT_WORK = Conflict("Somebody is mailing this confirmation at this moment.")


class Letter(Struct, frozen=True):
    """A message and whom it goes to, or why there is none."""

    composed: Composed | None = None
    refused: str = ""


def take_up(address_hash: str, confirmation_id: str, now: datetime, token: str) -> None:
    """Mail a request that was not mailed yet. Raises Unavailable or Conflict where it is to be tried again."""
    row = Confirmation.find(*Confirmation.at(address_hash, confirmation_id))
    if row is None or row.due is None:
        return
    if row.state == Mail.WANTED:
        _attempt(row, now, token)
    elif row.leased_until is not None and row.leased_until > now:
        raise AT_WORK
    else:
        _settle(row, row.token or "", Mail.UNKNOWN, now, "its sender died")


def _attempt(row: Confirmation, now: datetime, token: str) -> None:
    letter = _letter(row)
    mailed = Mailed.find(*Mailed.at(row.address_hash))
    if letter.composed is None:
        _end(row, Mail.FAILED, letter.refused)
    elif not may_mail(_mails(mailed), row.confirmation_id, now):
        _end(row, Mail.HELD, "This address was mailed often enough today.")
    else:
        _claim(row, mailed, now, token)
        _hand_over(row, letter.composed, token, now)


def _mails(mailed: Mailed | None) -> list[tuple[str, datetime]]:
    return [(name, from_text(at)) for name, at in (mailed.mails if mailed is not None else [])]


def _claim(row: Confirmation, mailed: Mailed | None, now: datetime, token: str) -> None:
    """Take a request, in one transaction with the count of its address. Raises Conflict where somebody was quicker."""
    claimed = update(
        row.key,
        Confirmation.state.set(Mail.CLAIMED),
        Confirmation.token.set(token),
        Confirmation.leased_until.set(now + LEASE),
        condition=(Confirmation.state == Mail.WANTED) & (Confirmation.asked_at == row.asked_at),
    )
    mails = [*recent(_mails(mailed), now), (row.confirmation_id, now)]
    try:
        commit([claimed, _counted(row.address_hash, mailed, mails, now)])
    except ConditionFailed as failed:
        raise AT_WORK from failed


def _give_back(row: Confirmation, token: str, now: datetime) -> None:
    """Undo a claim whose message was certainly not taken: it does not count either."""
    again = update(row.key, Confirmation.state.set(Mail.WANTED), condition=_held(token))
    for _ in range(TRIES):
        mailed = Mailed.find(*Mailed.at(row.address_hash))
        others = [each for each in _mails(mailed) if each != (row.confirmation_id, now)]
        try:
            commit([again, _counted(row.address_hash, mailed, others, now)])
        except ConditionFailed:
            continue  # the address is counted for another request
        return


def _counted(address_hash: str, mailed: Mailed | None, mails: Mails, now: datetime) -> Write:
    version = mailed.version if mailed is not None else 0
    after = Mailed(
        *Mailed.at(address_hash),
        mails=[[name, as_text(at)] for name, at in mails],
        version=version + 1,
        expires=int((now + 2 * DAY).timestamp()),
    )
    return put(after, Mailed.version == version) if version else put_new(after)


def _hand_over(row: Confirmation, composed: Composed, token: str, now: datetime) -> None:
    match provider.send(composed, {"confirmation": row.confirmation_id, "address": row.address_hash}):
        case Accepted():
            _settle(row, token, Mail.SENT, now)
        case Lost():
            _settle(row, token, Mail.UNKNOWN, now, "the provider's answer was lost")
        case Refused(reason):
            _settle(row, token, Mail.FAILED, now, reason)
        case NotNow():
            _give_back(row, token, now)
            raise BUSY


def _settle(row: Confirmation, token: str, state: Mail, now: datetime, reason: str | None = None) -> None:
    because = [Confirmation.reason.set(reason)] if reason else []
    went_out = [Confirmation.mailed_at.set(now)] if state is not Mail.FAILED else []
    ended = (Confirmation.due.remove(), Confirmation.due_shard.remove())
    _make(update(row.key, Confirmation.state.set(state), *because, *went_out, *ended, condition=_held(token)))


def _end(row: Confirmation, state: Mail, reason: str) -> None:
    """End a request that is not mailed; its older links, if there are, stay good."""
    as_read = (Confirmation.state == Mail.WANTED) & (Confirmation.asked_at == row.asked_at)
    ended = (Confirmation.due.remove(), Confirmation.due_shard.remove())
    _make(update(row.key, Confirmation.state.set(state), Confirmation.reason.set(reason), *ended, condition=as_read))


def _held(token: str) -> Any:
    return (Confirmation.state == Mail.CLAIMED) & (Confirmation.token == token)


def _make(write: Write) -> None:
    try:
        commit([write])
    except ConditionFailed:
        return  # asked for anew meanwhile, or settled by whoever came after us


# What goes out ------------------------------------------------------------------------------------------------------


def _letter(row: Confirmation) -> Letter:
    judged = confirming.judge(row)
    if judged.outcome is not Outcome.OPEN:
        return Letter(refused=f"There is nothing to confirm: {judged.outcome}.")
    address = _address(row, judged.who.contact, contacts.find_many(judged.who.ids[1:]))
    own = settings.current()
    email_id = own.subscriptions_email_id if row.what == What.LIST else own.consent_email_id
    if address is None or email_id is None:
        return Letter(refused="The settings of double opt-in name no message for this.")
    _, document = sender.email_of(email_id)
    if document is None or _unwelcome(row.address_hash):
        return Letter(refused="The message was never live, or nothing may be mailed to this address.")
    values = _harmless(readers.values_of(judged.who.contact, document))
    return _composed(row, document, values, address, own.content_settings_id)


def _address(row: Confirmation, *known: Any) -> Email | None:
    """Return the address of the person that has to confirm."""
    people = [known[0], *known[1]]
    written = [getattr(each, name) for each in people for name in EMAILS if getattr(each, name)]
    found = [each for each in written if suppression.address_hash(key_of("email", each) or "") == row.address_hash]
    return read_email(found[0]) if found else None


def _unwelcome(address_hash: str) -> bool:
    """Return whether nothing at all may be mailed: the address is suppressed, or somebody who holds it said so."""
    if any(row.scope == suppression.ALL for row in suppression.find(address_hash)):
        return True
    return any(not each.email for each in consent.of_each(contacts.holders(address_hash)))


def _harmless(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contact as such a message may show it: a stranger may have typed what it holds."""
    return {name: value if name in EMAILS else harmless(value) if isinstance(value, str) else value
            for name, value in values.items()}  # fmt: skip


def _composed(
    row: Confirmation, document: EmailDocument, values: Mapping[str, Any], address: Email, settings_id: str | None
) -> Letter:
    chosen = settings_id or service.default_content_settings()
    found = definitions.live("content-settings", chosen) if chosen else None
    shared = ContentSettingsDocument.model_validate(found.document if found is not None else {})
    message = {"confirmation_url": links.url_of(row), **wordings.of(row)}
    composed = compose(document, shared, values, TEST, tracked=False, message=message)
    if composed.sender is None or composed.missing or document.legal_designation != TRANSACTIONAL:
        return Letter(refused="The message came out without its sender, or without what every message needs.")
    return Letter(replace(composed, recipient=address, headers=[]))
