"""Use case: mail the link of a confirmation, at most once an asking, and never more than an address has to bear.

Such a message is no send of the ledger: it has no enrolment, often no contact, and its links are not tracked. What the
provider tells of it is about its address, which its tag names.
"""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.clock import as_text, from_text
from chalicelib.dynamodb import ConditionFailed, Write, commit, put, put_new, tries, update
from chalicelib.errors import Conflict, Unavailable
from chalicelib.messages import provider
from chalicelib.messages.optin import letters
from chalicelib.messages.optin.models import Confirmation, Mailed
from chalicelib.messages.optin.rules import AGAIN_AFTER, DAY, Mail, Mails, may_mail, recent
from chalicelib.messages.provider import Accepted, Lost, NotNow, Refused
from chalicelib.messages.rendering import Composed

NO_TIME = timedelta()
LEASE = timedelta(minutes=5)  # longer than the function that sends may run
BUSY = Unavailable("The mail provider takes no more at the moment.")
AT_WORK = Conflict("Somebody is mailing this confirmation at this moment.")


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
    letter = letters.of(row)
    mailed = Mailed.find(*Mailed.at(row.address_hash))
    if letter.composed is None:
        _end(row, Mail.FAILED, letter.refused)
    elif not may_mail(_mails(mailed), _counted_as(row), now, apart=NO_TIME if row.form_id else AGAIN_AFTER):
        _end(row, Mail.HELD, "This address was mailed often enough today.")
    else:
        _claim(row, mailed, now, token)
        _hand_over(row, letter.composed, token, now)


def _counted_as(row: Confirmation) -> str:
    """Return what counts as the same request: of a form, whatever is sent by it."""
    return str(row.form_id or row.confirmation_id)


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
    mails = [*recent(_mails(mailed), now), (_counted_as(row), now)]
    try:
        commit([claimed, _counted(row.address_hash, mailed, mails, now)])
    except ConditionFailed as failed:
        raise AT_WORK from failed


def _give_back(row: Confirmation, token: str, now: datetime) -> None:
    """Undo a claim whose message was certainly not taken: it does not count either."""
    again = update(row.key, Confirmation.state.set(Mail.WANTED), condition=_held(token))
    for _ in tries():
        mailed = Mailed.find(*Mailed.at(row.address_hash))
        others = [each for each in _mails(mailed) if each != (_counted_as(row), now)]
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
