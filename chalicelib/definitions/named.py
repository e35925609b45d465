"""What definitions may name though it is none itself, such as a matching strategy: it is held while they are live."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.definitions.lifecycle import Reference
from chalicelib.definitions.models import LiveRow, UsedBy
from chalicelib.definitions.usage import hold, users_of
from chalicelib.dynamodb import Key, Write, delete, put, put_new
from chalicelib.errors import Conflict


def nameable(reference: Reference, now: datetime) -> Write:
    """Let live definitions name it, from the transaction that makes it on."""
    _, identity = reference
    return put_new(LiveRow(*LiveRow.at(*reference), definition_id=identity, number=1, published_at=now, references=[]))


def let_go(reference: Reference, refused: str) -> list[Write]:
    """Return what goes with it when it is removed. Raises Conflict naming the live definitions that name it.

    Where one more goes live in between the write is refused: what names it is to be read anew.
    """
    row = LiveRow.find(*LiveRow.at(*reference))  # read before who names it, so that nobody is missed
    if users := users_of(*reference):
        raise Conflict(refused, users)
    return [delete(row.key, LiveRow.named == row.named)] if row is not None else []


def naming(user: Reference, names: Sequence[Reference], now: datetime) -> list[Write]:
    """Return what lets something that is no definition name others, from the transaction that makes it on."""
    _, identity = user
    references = [list(each) for each in names]
    row = LiveRow(*LiveRow.at(*user), definition_id=identity, number=1, published_at=now, references=references)
    used = [put(UsedBy(*UsedBy.at(*each, *user), user_kind=user[0], user_id=identity)) for each in names]
    return [put_new(row), *(hold(each) for each in names), *used]


def no_longer_naming(user: Reference, names: Sequence[Reference]) -> list[Write]:
    """Return what goes with something that named others."""
    return [delete(Key(LiveRow, *LiveRow.at(*user))), *forgotten(user, names)]


def forgotten(user: Reference, names: Sequence[Reference]) -> list[Write]:
    """Return the deletions of what told others that something named them, which goes by itself."""
    return [delete(Key(UsedBy, *UsedBy.at(*each, *user))) for each in names]
