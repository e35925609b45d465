"""What the messages table holds of a person: what was sent to it. What keeps mail from its address stays."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.clock import from_text
from chalicelib.dynamodb import ConditionFailed, Key, commit, delete, put
from chalicelib.holdings import Holding, Nobody, Noun, Person, Reached, Stays
from chalicelib.messages import plans
from chalicelib.messages.ledger import State
from chalicelib.messages.models import Bounces, Dedup, MessageSettings, MessagesItem, Notice, Send, Suppressed
from chalicelib.messages.optin.models import Confirmation, Mailed, OptInSettings
from chalicelib.messages.reasons import Reason


def _of_contact(contact_id: str) -> Iterator[Key]:
    for item in MessagesItem.by_contact.query(contact_id):
        yield Key(MessagesItem, item.pk, item.sk)


def _erase(_: Person, send: Send, now: datetime) -> bool:
    """Settle what is open first, for figures are counted from that (invariant 5); what is being sent is waited for."""
    try:
        if send.state == State.QUEUED:
            commit([plans.block(send, Reason.CONTACT_DELETED, now)])
        elif send.state == State.UNKNOWN and send.settled_at is None:
            commit([plans.close_unknown(send, now)])
        elif send.state == State.CLAIMED:
            return False
        once = [delete(Key(Dedup, *Dedup.at(plans.dedup_name(send, send.address_hash))))] if send.address_hash else []
        commit([delete(send.key, Send.settled_at.exists())], once)
    except ConditionFailed:
        return False
    return True


def _asked_anew(person: Person, row: Confirmation) -> bool:
    return person.anew(row.asked_at)


def _anew(person: Person, row: Mailed) -> list[list[str]]:
    return [each for each in row.mails if person.anew(from_text(each[1]))]


def _all_anew(person: Person, row: Mailed) -> bool:
    return bool(row.mails == _anew(person, row))


def _uncount(person: Person, row: Mailed, _: datetime) -> bool:
    """Count for an address what it was mailed since its holder asked to be forgotten, and nothing else."""
    was, row.mails, row.version = row.version, _anew(person, row), row.version + 1
    try:
        commit([put(row, Mailed.version == was) if row.mails else delete(row.key, Mailed.version == was)])
    except ConditionFailed:
        return False
    return True


HOLDING = Holding(
    MessagesItem,
    (
        Reached(Send, erase=_erase),
        Reached(Confirmation, anew=_asked_anew),
        Reached(Mailed, erase=_uncount, shown=False, anew=_all_anew),
        Nobody(OptInSettings, "What the organisation decided."),
        Nobody(Dedup, "A keyed hash; goes with the message that it belongs to."),
        Stays(Suppressed, "A keyed hash: that no mail may go to an address holds whoever has it (decision 31)."),
        Stays(Bounces, "A keyed hash and a number."),
        Nobody(Notice, "A message to one's own staff, without its address."),
        Nobody(MessageSettings, "What the organisation decided."),
    ),
    partitions={Noun.ADDRESS: "ADDRESS#"},
    found={Noun.CONTACT: _of_contact},
)
