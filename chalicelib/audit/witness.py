"""Looks on while people change records, and writes down with each change who made it: in the very transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.audit.models import Audited
from chalicelib.audit.records import Change, Record, difference
from chalicelib.clock import new_id
from chalicelib.dynamodb import Item, Raw, Write, commit, put_new, read, shard, witnessed
from chalicelib.http import Call, Operation
from chalicelib.settings import settings

LONGEST_AGENT = 200  # letters


class Known(Struct):
    """What people edit, by class; chalicelib.wiring says."""

    records: Callable[[], Mapping[type[Item], Record]] = dict


audited = Known()


class Doer(Struct, frozen=True):
    """Who changes something, when, by which request, from where."""

    who: str
    at: datetime
    route: str
    address: str | None = None
    agent: str | None = None


_present: ContextVar[Doer | None] = ContextVar("doer", default=None)


def attend(call: Call[Any], operation: Operation) -> AbstractContextManager[None]:
    """Look on while a request is answered."""
    return _looking_on(_doer(call, operation))


def on_behalf(who: str, route: str, now: datetime) -> AbstractContextManager[None]:
    """Look on while a job changes what somebody asked for by a request of this route."""
    return _looking_on(Doer(who, now, route))


@contextmanager
def _looking_on(doer: Doer) -> Iterator[None]:
    token = _present.set(doer)
    try:
        with witnessed(lambda writes: _seen(writes, doer)):
            yield
    finally:
        _present.reset(token)


def tell(record: str, action: str) -> None:
    """Write down that somebody is about to do what changes no record; nothing where nobody looks on.

    It is written first, so that nothing is done without its row: of who dies in between it is known what was wanted.
    """
    doer = _present.get()
    if doer is not None:
        commit([put_new(_told(record, Change(action, [], None), doer))])


def _doer(call: Call[Any], operation: Operation) -> Doer:
    address = (call.request.context.get("identity") or {}).get("sourceIp")
    agent = str(call.headers.get("user-agent") or "")[:LONGEST_AGENT] or None
    return Doer(call.caller.id, call.now, f"{operation.method} {operation.path}", address, agent)


def _seen(writes: Sequence[Write], doer: Doer) -> list[Write]:
    known = audited.records()
    changes = [write for write in writes if write.verb != "ConditionCheck" and write.key.kind in known]
    if not changes:
        return []
    before = [each.serialize() if each is not None else None for each in read(write.key for write in changes)]
    rows = [_row(known[write.key.kind], write, old, doer) for write, old in zip(changes, before, strict=True)]
    return [put_new(row) for row in rows if row is not None]


def _row(record: Record, write: Write, before: Raw | None, doer: Doer) -> Audited | None:
    after = _after(write, before)
    change = difference(before, after, telling=record.telling, ids=record.ids)
    if change is None or (before is None and after is None):
        return None
    values = {name: next(iter(each.values())) for name, each in (after or before or {}).items()}
    return _told(record.name(values, write.key.pk, write.key.sk), change, doer)


def _told(record: str, change: Change, doer: Doer) -> Audited:
    audit_id = new_id()
    return Audited(
        *Audited.at(audit_id),
        audit_id=audit_id,
        listed=f"audit#{shard(audit_id)}",
        record=record,
        who=doer.who,
        created_at=doer.at,
        action=change.action,
        fields=change.fields,
        values=change.values,
        route=doer.route,
        address=doer.address,
        agent=doer.agent,
        expires=doer.at + timedelta(days=int(settings.audit_days)),
    )


def _after(write: Write, before: Raw | None) -> Raw | None:
    """Return the item as a write leaves it; of an update, as far as it says so: what it adds to counts as changed."""
    if write.verb == "Delete":
        return None
    if write.verb == "Put":
        item: Raw = write.request["Item"]
        return item
    return _updated(write.request, before or {})


def _updated(request: Mapping[str, Any], before: Raw) -> Raw:
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    after = dict(before)
    for clause, assignments in _clauses(request["UpdateExpression"]):
        for assignment in assignments:
            name = names[assignment.split()[0]]
            if clause == "REMOVE":
                after.pop(name, None)
            else:
                given = values.get(assignment.split()[-1])
                after[name] = given if clause == "SET" and given is not None else {"S": clause}
    return after


def _clauses(expression: str) -> list[tuple[str, list[str]]]:
    """Cut an update's expression into its clauses, each with what it assigns."""
    found: list[tuple[str, list[str]]] = []
    for word in expression.replace(",", " , ").split():
        if word in {"SET", "REMOVE", "ADD", "DELETE"}:
            found.append((word, [""]))
        elif word == ",":
            found[-1][1].append("")
        else:
            found[-1][1][-1] = f"{found[-1][1][-1]} {word}".strip()
    return found
