"""Use cases: draft, check, publish, stop."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from chalicelib.clock import as_text
from chalicelib.definitions import jobs, live, usage
from chalicelib.definitions.lifecycle import (
    LIVE_STATES,
    Check,
    Checked,
    Document,
    JobWanted,
    State,
    after_edit,
    not_live,
    require_room,
    require_unpublished,
)
from chalicelib.definitions.models import Definition, DefinitionsItem, LiveRow, Milestone, Version
from chalicelib.dynamodb import Key, Write, commit, delete, put, put_changed, put_new, read
from chalicelib.errors import Conflict, NotFound, Problem, Stale, Unprocessable
from chalicelib.lists import Asked, Page, page, partitions

MOST_WRITES = 100


def create(kind: str, definition_id: str, name: str, document: Document, by: str, now: datetime) -> Definition:
    """Make a draft. The same id again returns what it made the first time. Raises TooLarge."""
    require_room(document)
    definition = Definition(
        *Definition.at(kind, definition_id),
        definition_kind=kind,
        definition_id=definition_id,
        state=State.DRAFT,
        document=dict(document),
        created_at=now,
        updated_at=now,
        updated_by=by,
    )
    definition.list_as(name)
    try:
        commit([put_new(definition, refused=Conflict("made already"))])
    except Conflict:
        return get(kind, definition_id)
    return definition


def get(kind: str, definition_id: str) -> Definition:
    """Return a definition, read consistently. Raises NotFound."""
    definition = Definition.find(*Definition.at(kind, definition_id))
    if definition is None:
        raise NotFound(f"There is no {kind.replace('-', ' ')} of this id.")
    return definition


def names(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return by kind and id what definitions are called, those that there are, in one request."""
    asked = list(dict.fromkeys(wanted))
    found = read(Key(Definition, *Definition.at(*each)) for each in asked)
    return {each: row.name for each, row in zip(asked, found, strict=True) if row is not None}


def find_page(kind: str, prefix: str, asked: Asked) -> Page[Definition]:
    """Return definitions of a kind by name, all or those whose name begins with `prefix`."""
    condition = DefinitionsItem.name_key.startswith(prefix.casefold()) if prefix else None
    return page(DefinitionsItem.by_name, partitions(kind), asked, condition=condition, kind=Definition)


def save_draft(
    kind: str, definition_id: str, name: str, document: Document, *, version: int, by: str, now: datetime
) -> Definition:
    """Replace the draft; a live version goes on until the draft is published. Raises NotFound, Stale, TooLarge."""
    require_room(document)
    definition = get(kind, definition_id)
    _require(definition, version)
    definition.list_as(name)
    definition.document, definition.state = dict(document), after_edit(definition.state)
    definition.updated_at, definition.updated_by = now, by
    commit([put_changed(definition)])
    return definition


def _require(definition: Definition, version: int) -> None:
    if definition.version != version:
        raise Stale("It has changed since it was read. Read it again and repeat the change.")


def discard(kind: str, definition_id: str, version: int) -> None:
    """Delete a draft that never went live. Raises Conflict, Stale, NotFound."""
    definition = get(kind, definition_id)
    _require(definition, version)
    require_unpublished(definition.published_version)
    commit([delete(definition.key, Definition.version == version, refused=Stale("It has changed meanwhile."))])


def check(kind: str, definition_id: str, check_document: Check) -> Checked:
    """Return everything that keeps the draft from going live, as publishing would say it (JRN-7)."""
    return _checked(get(kind, definition_id), check_document)


def _checked(definition: Definition, check_document: Check) -> Checked:
    checked = check_document(definition.document)
    references = list(dict.fromkeys(checked.references))
    problems = [*checked.problems, *not_live(references, usage.live_among(references))]
    if len(references) > usage.MOST:
        problems.append(Problem("references", f"It names {len(references)} things; {usage.MOST} at most."))
    return Checked(problems, references, checked.warnings)


def publish(
    kind: str,
    definition_id: str,
    check_document: Check,
    *,
    version: int,
    by: str,
    now: datetime,
    job: JobWanted | None = None,
    writes: Callable[[Definition], Sequence[Write]] | None = None,
) -> Definition:
    """Make the draft the next live version, in one transaction with the job that it sets going.

    Raises Unprocessable with every problem at once and changes nothing then (decision 18); Stale; NotFound.
    """
    definition = get(kind, definition_id)
    _require(definition, version)
    checked = _checked(definition, check_document)
    if checked.problems:
        raise Unprocessable("It cannot go live as it stands.", checked.problems)
    before = LiveRow.find(*LiveRow.at(kind, definition_id))
    number = definition.published_version + 1
    definition.state, definition.live_version, definition.published_version = State.LIVE, number, number
    definition.updated_at, definition.updated_by = now, by
    needed = [
        *_version(definition, before, checked, by, now),
        _milestone(definition, by, now),
        *(jobs.plan(f"{kind}-{definition_id}-{number}", _named(job, definition), now) if job else []),
        *(writes(definition) if writes else []),
        *usage.naming(definition, before, checked.references),
    ]
    tidying = usage.no_longer_naming(definition, before, checked.references)
    commit(needed, tidying[: max(0, MOST_WRITES - len(needed))])
    live.forget()
    return definition


def _named(job: JobWanted, definition: Definition) -> JobWanted:
    """Tell a job what was published last: what goes live by it, or what stopped."""
    arguments = {"id": definition.definition_id, "version": definition.published_version, **job.arguments}
    return replace(job, arguments=arguments)


def _version(definition: Definition, before: LiveRow | None, checked: Checked, by: str, now: datetime) -> list[Write]:
    kind, identity, number = definition.definition_kind, definition.definition_id, definition.live_version
    taken = Stale("It was published by someone else meanwhile.")
    published = Version(
        *Version.at(kind, identity, number),
        number=number,
        document=definition.document,
        published_at=now,
        published_by=by,
    )
    row = LiveRow(
        *LiveRow.at(kind, identity),
        definition_id=identity,
        number=number,
        published_at=now,
        references=[list(reference) for reference in checked.references],
        named=before.named if before else 0,
    )
    return [
        put_new(published, refused=taken),
        put_changed(definition),
        put(row, usage.as_read(before), refused=usage.MOVED),
    ]


def _milestone(definition: Definition, by: str, now: datetime) -> Write:
    place = Milestone.place(definition.definition_kind, definition.definition_id, as_text(now))
    return put(Milestone(*place, state=definition.state, at_version=definition.live_version, at=now, by=by))


def stop(
    kind: str,
    definition_id: str,
    *,
    version: int,
    by: str,
    now: datetime,
    confirmed: bool = False,
    job: JobWanted | None = None,
    back_to: State = State.STOPPED,
) -> Definition:
    """Take the live version out of use. Raises Conflict naming what uses it, unless confirmed (JRN-11, EML-5)."""
    definition = get(kind, definition_id)
    _require(definition, version)
    if definition.state not in LIVE_STATES:
        raise Conflict("It is not live, so there is nothing to stop.")
    before = LiveRow.find(*LiveRow.at(kind, definition_id))
    users = usage.users_of(kind, definition_id)
    if users and not confirmed:
        raise Conflict("Other live things use it. Stop them first, or confirm that it shall stop all the same.", users)
    definition.state, definition.live_version = back_to, 0
    definition.updated_at, definition.updated_by = now, by
    commit(
        [
            put_changed(definition),
            delete(Key(LiveRow, *LiveRow.at(kind, definition_id)), usage.as_read(before), refused=usage.MOVED),
        ],
        usage.no_longer_naming(definition, before, ()),
        [_milestone(definition, by, now)],
        jobs.plan(f"{kind}-{definition_id}-stop-{definition.version}", _named(job, definition), now) if job else [],
    )
    live.forget()
    return definition


def is_live(definition: Definition) -> bool:
    """Return whether a version of it is live."""
    return definition.state in LIVE_STATES


def milestones(kind: str, definition_id: str) -> list[Milestone]:
    """Return every change of state, oldest first."""
    pk, _ = Definition.at(kind, definition_id)
    return list(Milestone.query(pk, Milestone.sk.startswith("MILESTONE#")))
