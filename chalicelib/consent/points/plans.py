"""What a change of what a contact point allows writes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.clock import as_text, from_text
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points.models import PointChange, PointConsent, PointRefusals, consent_key
from chalicelib.consent.points.rules import Channel, Said, Standing, State, Wanted, changed
from chalicelib.consent.rules import A_MOMENT
from chalicelib.dynamodb import Write, check, put, put_new


def standing_of(point: str, profile_id: str, channel: Channel, row: PointConsent | None) -> Standing:
    """Return what a contact point said of a profile whose row was read."""
    if row is None:
        return Standing(point, profile_id, channel)
    choices = {name: Said(State(each["state"]), from_text(each["since"])) for name, each in row.choices.items()}
    return Standing(point, profile_id, Channel(row.channel), choices, row.version, row.changed_at, row.record)


def change(before: Standing, wanted: Wanted, evidence: Evidence, change_id: str, now: datetime) -> list[Write]:
    """Return the writes of a change, none if nothing changes. Conditional on what was read before."""
    differs = changed(before, wanted)
    if not differs:
        return []
    at = _moment(before, now)
    row = PointConsent(
        *PointConsent.at(before.point, before.profile_id),
        profile_id=before.profile_id,
        channel=before.channel,
        choices=stored(_after(before, differs, at)),
        changed_at=at,
        record=f"{as_text(at)}#{change_id}",
        version=before.version + 1,
    )
    kept = put(row, PointConsent.version == before.version) if before.version else put_new(row)
    return [kept, put_new(_record(before, differs, evidence, change_id, at))]


def _moment(before: Standing, now: datetime) -> datetime:
    """Return from when a change counts: later than the last one, so that the log is in the order of the versions."""
    return now if before.changed_at is None or now > before.changed_at else before.changed_at + A_MOMENT


def _after(before: Standing, differs: Wanted, at: datetime) -> dict[str, Said]:
    left = {choice: said for choice, said in before.choices.items() if choice not in differs}
    return {**left, **{choice: Said(state, at) for choice, state in differs.items() if state is not None}}


def stored(choices: Mapping[str, Said]) -> dict[str, Any]:
    return {name: {"state": each.state, "since": as_text(each.since)} for name, each in sorted(choices.items())}


def _record(before: Standing, differs: Wanted, evidence: Evidence, change_id: str, at: datetime) -> PointChange:
    return PointChange(
        *PointChange.at(before.point, as_text(at), change_id),
        profile_id=before.profile_id,
        changed_at=at,
        who=evidence.who,
        source=evidence.source,
        source_version=evidence.version,
        wording=evidence.wording,
        method=evidence.method,
        reason=evidence.reason,
        before={choice: before.state(choice) for choice in differs},
        after=dict(differs),
        number=before.version + 1,
    )


def unchanged(before: Standing) -> Write:
    """Return the check that what a contact point said is still as it was read."""
    as_read = PointConsent.version == before.version if before.version else PointConsent.pk.does_not_exist()
    return check(consent_key(before.point, before.profile_id), as_read)


def since(row: PointConsent, moment: datetime) -> dict[str, Any]:
    """Return what of a row counts whoever has the address since a moment: what it agreed to later, and refused ever."""
    return {
        name: each
        for name, each in row.choices.items()
        if each["state"] == State.OPTED_OUT or from_text(each["since"]) > moment
    }


def only(row: PointConsent, choices: Mapping[str, Any]) -> Write:
    """Return the write that leaves of a row some of its choices, with the record by which they stand."""
    was, row.choices, row.version = row.version, dict(choices), row.version + 1
    return put(row, PointConsent.version == was)


def refusals(row: PointConsent) -> Write | None:
    """Return the write that leaves of a row what was refused, and says of nobody who that was; None: nothing was."""
    left = {name: each for name, each in row.choices.items() if each["state"] == State.OPTED_OUT}
    if not left:
        return None
    kept = PointRefusals(
        row.pk,
        row.sk,
        profile_id=row.profile_id,
        channel=row.channel,
        choices=left,
        changed_at=row.changed_at,
        version=row.version + 1,
    )
    return put(kept, PointConsent.version == row.version)
