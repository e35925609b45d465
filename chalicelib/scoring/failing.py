"""Remembers that a rescoring failed, so that its scores say so and the agenda tries again (invariant 4)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from chalicelib.agenda import due_shard
from chalicelib.clock import from_text
from chalicelib.dynamodb import ConditionFailed, Key, Write, commit, put_new, update
from chalicelib.errors import DomainError
from chalicelib.scoring.models import Evaluation
from chalicelib.scoring.plans import WORK

PAUSE = timedelta(hours=1)
"""Until the agenda tries again, when the queue has long given up."""


@contextmanager
def noted(fact: Mapping[str, Any], now: datetime) -> Iterator[None]:
    """Note on the contact's record that scoring it fails; the error goes on to the queue.

    Domain errors are no failure of the rescoring: a lost race or a busy table, which the queue's next try settles.
    """
    try:
        yield
    except DomainError:
        raise
    except Exception as error:
        _note(fact["contact"], from_text(fact["at"]) if "at" in fact else None, type(error).__name__, now)
        raise


def _note(contact_id: str, at: datetime | None, failure: str, now: datetime) -> None:
    record = Evaluation.find(*Evaluation.at(contact_id))
    if record is not None and record.evaluated_at and at and at < record.evaluated_at:
        return  # another evaluation has taken the fact in meanwhile
    try:
        commit([_failed(record, failure, now) if record else _first(contact_id, failure, now)])
    except ConditionFailed:
        return  # another evaluation has just ended, and knows better


def _failed(record: Evaluation, failure: str, now: datetime) -> Write:
    planned = record.due if record.due is not None and record.due > now else now + PAUSE
    return update(
        Key(Evaluation, record.pk, record.sk),
        Evaluation.failed_at.set(now),
        Evaluation.failure.set(failure),
        Evaluation.due.set(min(planned, now + PAUSE)),
        Evaluation.due_shard.set(due_shard(WORK, record.contact_id)),
        Evaluation.version.add(1),
        condition=Evaluation.version == record.version,
    )


def _first(contact_id: str, failure: str, now: datetime) -> Write:
    record = Evaluation(*Evaluation.at(contact_id), contact_id=contact_id, failed_at=now, failure=failure, version=1)
    record.due_shard, record.due = due_shard(WORK, contact_id), now + PAUSE
    return put_new(record)
