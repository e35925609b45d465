"""What definitions may name though it is none itself, such as a matching strategy: it is held while they are live."""

from datetime import datetime

from chalicelib.definitions.lifecycle import Reference
from chalicelib.definitions.models import LiveRow
from chalicelib.definitions.service import users_of
from chalicelib.dynamodb import Write, delete, put_new
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
