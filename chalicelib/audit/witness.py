"""Looks on while people change records, and writes down with each change who made it: in the very transaction."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from msgspec import Struct

from chalicelib.audit.models import Audited
from chalicelib.audit.records import Record, difference
from chalicelib.clock import new_id
from chalicelib.dynamodb import Item, Raw, Write, put_new, read, shard, witnessed
from chalicelib.http import Call, Operation
from chalicelib.settings import settings

LONGEST_AGENT = 200  # letters


class Known(Struct):
    """What people edit, by class; chalicelib.wiring says."""

    records: Callable[[], Mapping[type[Item], Record]] = dict


audited = Known()


def attend(call: Call[Any], operation: Operation) -> AbstractContextManager[None]:
    """Look on while a request is answered."""
    return witnessed(lambda writes: _seen(writes, call, operation))


def _seen(writes: Sequence[Write], call: Call[Any], operation: Operation) -> list[Write]:
    known = audited.records()
    changes = [write for write in writes if write.verb != "ConditionCheck" and write.key.kind in known]
    if not changes:
        return []
    before = [each.serialize() if each is not None else None for each in read(write.key for write in changes)]
    rows = [
        _row(known[write.key.kind], write, old, call, operation) for write, old in zip(changes, before, strict=True)
    ]
    return [put_new(row) for row in rows if row is not None]


def _row(record: Record, write: Write, before: Raw | None, call: Call[Any], operation: Operation) -> Audited | None:
    after = _after(write, before)
    change = difference(before, after, telling=record.telling)
    if change is None or (before is None and after is None):
        return None
    audit_id = new_id()
    values = {name: next(iter(each.values())) for name, each in (after or before or {}).items()}
    return Audited(
        *Audited.at(audit_id),
        audit_id=audit_id,
        listed=f"audit#{shard(audit_id)}",
        record=record.name(values, write.key.pk, write.key.sk),
        who=call.caller.id,
        created_at=call.now,
        action=change.action,
        fields=change.fields,
        values=change.values,
        route=f"{operation.method} {operation.path}",
        address=(call.request.context.get("identity") or {}).get("sourceIp"),
        agent=str(call.headers.get("user-agent") or "")[:LONGEST_AGENT] or None,
        expires=call.now + timedelta(days=int(settings.audit_days)),
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
