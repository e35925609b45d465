"""What a change of preferences writes."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.clock import as_text, digest
from chalicelib.consent.models import ChangeRow, PreferencesRow, preferences_key
from chalicelib.consent.rules import Preferences, changed, raisable, raises
from chalicelib.dynamodb import Write, check, put, put_new, update


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
    differs = changed(before, wanted)
    if not differs:
        return []
    return [_put(before, differs, now), _record(before, differs, evidence, change_id, now)]


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
    known, records = before, []
    for answer in answers:
        differs = raisable(known, answer.raises, lowered)
        records.append(_record(known, differs, answer.evidence, answer.change_id, now))
        known = replace(known, **differs)
    differs = changed(before, known.fields())
    return [*([_put(before, differs, now)] if differs else []), *records]


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


def _put(before: Preferences, differs: Mapping[str, Any], now: datetime) -> Write:
    after = {name: value for name, value in {**before.fields(), **differs}.items() if value is not None}
    pk, sk = PreferencesRow.at(before.contact_id)
    row = PreferencesRow(pk, sk, contact_id=before.contact_id, changed_at=now, version=before.version + 1, **after)
    return put(row, PreferencesRow.version == before.version) if before.version else put_new(row)


def _record(
    before: Preferences, differs: Mapping[str, Any], evidence: Evidence, change_id: str, now: datetime
) -> Write:
    record = ChangeRow(
        *ChangeRow.at(before.contact_id, as_text(now), change_id),
        contact_id=before.contact_id,
        changed_at=now,
        who=evidence.who,
        source=evidence.source,
        source_version=evidence.version,
        wording=evidence.wording,
        method=evidence.method,
        reason=evidence.reason,
        before={name: before.fields()[name] for name in differs},
        after=dict(differs),
    )
    return put_new(record)


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


def passed(each: Sequence[Preferences], now: datetime) -> list[Write]:
    """Move the versions of contacts on that become one, or stop being one: nobody goes on by what one of them allowed.

    All get a version that none of them had, alone or together.
    """
    version = sum(one.version for one in each) + 1
    return [_passed(one, version, now) for one in each]


def _passed(before: Preferences, version: int, now: datetime) -> Write:
    if before.version:
        as_read = PreferencesRow.version == before.version
        return update(preferences_key(before.contact_id), PreferencesRow.version.set(version), condition=as_read)
    given = {name: value for name, value in before.fields().items() if value is not None}
    place = PreferencesRow.at(before.contact_id)
    return put_new(PreferencesRow(*place, contact_id=before.contact_id, changed_at=now, version=version, **given))
