"""What a change of preferences writes."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.agenda import due_shard
from chalicelib.clock import as_text, digest
from chalicelib.consent.ages import begins
from chalicelib.consent.models import ChangeRow, PreferencesRow, Ward, preferences_key
from chalicelib.consent.rules import Preferences, changed, lawful, lowers, moment, raisable, raises
from chalicelib.dynamodb import Key, Write, check, delete, put, put_new

WORK = "of-age"


class Evidence(Struct, frozen=True):
    """Who changed it, from where (a form, a message, the API …), in which words, how, and why.

    `version` is that of the form or email that it came by.
    """

    who: str
    source: str
    method: str
    wording: str | None = None
    reason: str | None = None
    version: int | None = None


def change(
    before: Preferences, wanted: Mapping[str, Any], evidence: Evidence, change_id: str, now: datetime
) -> list[Write]:
    """Return the writes of a change, none if nothing changes. Conditional on what was read before (PRV-13)."""
    differs = changed(before, lawful(before, wanted))
    return [*_kept(before, [(differs, evidence, change_id)], now), *_guarded(before, differs)] if differs else []


def _guarded(before: Preferences, differs: Mapping[str, Any]) -> list[Write]:
    """Keep under each guardian whom it guards."""
    if "guardian_id" not in differs:
        return []
    ward, after = before.contact_id, differs["guardian_id"]
    gone = [unguarded(before.guardian_id, ward)] if before.guardian_id is not None else []
    row = Ward(*Ward.at(after, ward), contact_id=after, ward_id=ward) if after is not None else None
    return [*gone, *([put(row)] if row is not None else [])]


def unguarded(guardian_id: str, ward_id: str) -> Write:
    return delete(Key(Ward, *Ward.at(guardian_id, ward_id)))


class Answer(Struct, frozen=True):
    """A box that the person saw elsewhere: its words and whether it was ticked (`evidence`), and what that allows."""

    change_id: str
    evidence: Evidence
    raises: Mapping[str, Any] = field(default_factory=dict)


def answered(before: Preferences, answers: Sequence[Answer], lowered: Set[str], now: datetime) -> list[Write]:
    """Return the writes that keep every answer as evidence and allow what was ticked, never what was once withdrawn.

    `lowered` are the names that a change allowed less of before (`service.lowered`): a box that comes by another
    system, and may come late, never revives those (invariant 7). Conditional on what was read before.
    """
    known, changes = before, []
    for answer in answers:
        differs = raisable(known, changed(known, lawful(known, answer.raises)), lowered)
        changes.append((differs, answer.evidence, answer.change_id))
        known = replace(known, **differs)
    return _kept(before, changes, now)


def imported(
    each: Sequence[Preferences],
    wanted: Mapping[str, Any],
    evidence: Evidence,
    change_id: str,
    lowered: Set[str],
    now: datetime,
) -> list[Write]:
    """Return the writes by which a list changes what a person allows, as each of its identities.

    What allows less counts at once; what allows more only where nothing of the kind was ever withdrawn (`lowered`).
    """
    writes = []
    for number, before in enumerate(each):
        less = {name: value for name, value in wanted.items() if not raises(before, {name: value})}
        allowed = {**less, **raisable(before, wanted, lowered)}
        writes += change(before, allowed, evidence, digest(change_id, str(number)), now)
    return writes


Change = tuple[Mapping[str, Any], Evidence, str]
"""What differs, how it came about, and what names the change."""


def _kept(before: Preferences, changes: Sequence[Change], now: datetime) -> list[Write]:
    """Return the writes of changes that are made together: what stands after them, and a record of each.

    Where nothing differs, records are kept for themselves: they move no version, and no moment is read from them.
    """
    at, known, steps = moment(before, now), before, []
    for differs, evidence, change_id in changes:
        steps.append((known, differs, evidence, change_id))
        known = replace(known, **differs)
    differs_at_all = known.fields() != before.fields()
    after = replace(
        known,
        version=before.version + int(differs_at_all),
        changed_at=at,
        record=f"{as_text(at)}#{next((each[3] for each in reversed(steps) if each[1]), '')}",
        withdrawn=before.withdrawn | {name for step in steps for name in lowers(step[0].fields(), step[1])},
    )
    records = [_record(after, *step) for step in steps]
    if not differs_at_all:
        return [put_new(_without_state(each)) for each in records]
    return [_put(before, after), *(put_new(each) for each in records)]


def _put(before: Preferences, after: Preferences) -> Write:
    given = {name: value for name, value in after.fields().items() if value is not None}
    row = PreferencesRow(
        *PreferencesRow.at(after.contact_id),
        contact_id=after.contact_id,
        changed_at=after.changed_at,
        record=after.record,
        people=list(after.people) or None,
        withdrawn=sorted(after.withdrawn) or None,
        version=after.version,
        **given,
    )
    if after.is_child and after.of_age_on is not None:
        row.due, row.due_shard = begins(date.fromisoformat(after.of_age_on)), due_shard(WORK, after.contact_id)
    return put(row, PreferencesRow.version == before.version) if before.version else put_new(row)


def _record(
    after: Preferences, before: Preferences, differs: Mapping[str, Any], evidence: Evidence, change_id: str
) -> ChangeRow:
    at = after.changed_at
    if at is None:
        raise ValueError("a change has its moment")
    return ChangeRow(
        *ChangeRow.at(after.contact_id, as_text(at), change_id),
        contact_id=after.contact_id,
        changed_at=at,
        who=evidence.who,
        source=evidence.source,
        source_version=evidence.version,
        wording=evidence.wording,
        method=evidence.method,
        reason=evidence.reason,
        before={name: before.fields()[name] for name in differs},
        after=dict(differs),
        state=changed(Preferences(after.contact_id), after.fields()),
        people=list(after.people) or None,
        number=after.version,
    )


def _without_state(record: ChangeRow) -> ChangeRow:
    record.state, record.people, record.number = None, None, None
    return record


def unchanged(preferences: Preferences) -> Write:
    """Return the check that preferences are still as they were read."""
    as_read = (
        PreferencesRow.version == preferences.version if preferences.version else PreferencesRow.pk.does_not_exist()
    )
    return check(preferences_key(preferences.contact_id), as_read)


def every(
    each: Sequence[Preferences], wanted: Mapping[str, Any], evidence: Evidence, change_id: str, now: datetime
) -> list[Write]:
    """Return the writes by which a person with several identities changes its mind: for all of them.

    So undoing a merge revives nothing that was withdrawn meanwhile. Their other settings stay as they are.
    """
    return [
        write
        for number, before in enumerate(each)
        for write in change(before, wanted, evidence, digest(change_id, str(number)) if number else change_id, now)
    ]


def passed(groups: Iterable[Sequence[Preferences]], now: datetime) -> list[Write]:
    """Move the versions of contacts on that become one, or stop being one: nobody goes on by what one of them allowed.

    `groups` are who is one person from now on. All get a version that none of them had, alone or together, and a record
    in their log, so that who counted together can be told of any moment.
    """
    people = [list(group) for group in groups]
    version = sum(one.version for group in people for one in group) + 1
    return [write for group in people for one in group for write in _passed(one, group, version, now)]


def _passed(before: Preferences, group: Sequence[Preferences], version: int, now: datetime) -> list[Write]:
    at, together = moment(before, now), tuple(one.contact_id for one in group)
    change_id = digest("merge", before.contact_id, str(version))
    after = replace(
        before,
        version=version,
        changed_at=at,
        record=f"{as_text(at)}#{change_id}",
        people=together if len(together) > 1 else (),
    )
    evidence = Evidence(who="system", source="merge", method="merged" if after.people else "merge undone")
    return [_put(before, after), put_new(_record(after, before, {}, evidence, change_id))]
