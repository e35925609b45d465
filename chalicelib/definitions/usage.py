"""Who names whom of what is live: held while it is named, and told before it goes."""

from collections.abc import Sequence

from pynamodb.expressions.condition import Condition

from chalicelib.definitions.lifecycle import Reference, not_live
from chalicelib.definitions.models import Definition, LiveRow, UsedBy
from chalicelib.dynamodb import Key, Write, delete, put, read, update
from chalicelib.errors import Problem, Stale, Unprocessable

MOST = 45  # each takes two writes of the transaction, which holds 100
MOVED = Stale("Something that uses it went live at this very moment. Try again.")


def live_among(references: Sequence[Reference]) -> list[Reference]:
    """Return those of the references that are live."""
    found = read(Key(LiveRow, *LiveRow.at(kind, identity)) for kind, identity in references)
    return [reference for reference, row in zip(references, found, strict=True) if row is not None]


def as_read(before: LiveRow | None) -> Condition:
    """Return the condition that a live row is still as it was read, also in who names it."""
    return LiveRow.pk.does_not_exist() if before is None else LiveRow.named == before.named


def naming(definition: Definition, before: LiveRow | None, references: Sequence[Reference]) -> list[Write]:
    """Return the writes that hold on to what is named: still live, and aware of who names it."""
    user = definition.definition_kind, definition.definition_id
    old = _references(before)
    held = [reference for reference in references if reference != user]
    rows = [
        put(UsedBy(*UsedBy.at(*reference, *user), user_kind=user[0], user_id=user[1]))
        for reference in held
        if reference not in old
    ]
    return [*(hold(reference) for reference in held), *rows]


def hold(reference: Reference) -> Write:
    """Return the write that holds on to something live that is about to be named."""
    refused = Unprocessable("It cannot go live as it stands.", not_live([reference], ()))
    key = Key(LiveRow, *LiveRow.at(*reference))
    return update(key, LiveRow.named.add(1), condition=LiveRow.pk.exists(), refused=refused)


def no_longer_naming(definition: Definition, before: LiveRow | None, references: Sequence[Reference]) -> list[Write]:
    """Return the deletions of rows that no longer tell the truth; `used_by` does not believe one that is left over."""
    user = definition.definition_kind, definition.definition_id
    gone = sorted(_references(before) - set(references) - {user})
    return [delete(Key(UsedBy, *UsedBy.at(*reference, *user))) for reference in gone]


def _references(row: LiveRow | None) -> set[Reference]:
    return {(kind, identity) for kind, identity in row.references} if row else set()


def used_by(kind: str, definition_id: str) -> list[Reference]:
    """Return the live definitions that name this one."""
    pk, _ = Definition.at(kind, definition_id)
    rows = UsedBy.query(pk, UsedBy.sk.startswith("USED_BY#"), consistent_read=True)
    users = [(row.user_kind, row.user_id) for row in rows]
    live_rows = read(Key(LiveRow, *LiveRow.at(*user)) for user in users)
    return [user for user, row in zip(users, live_rows, strict=True) if (kind, definition_id) in _references(row)]


def users_of(kind: str, definition_id: str) -> list[Problem]:
    """Say which live definitions keep this one from going."""
    users = used_by(kind, definition_id)
    return [Problem(f"{user}:{identity}", "This is live and uses it.") for user, identity in users]
