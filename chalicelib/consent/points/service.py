"""Use cases: say what an address or a number allows, change it, show every change."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

from msgspec import Struct

from chalicelib.clock import as_text
from chalicelib.consent.models import ConsentItem
from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import plans, records
from chalicelib.consent.points.models import (
    ComplianceProfile,
    PointChange,
    PointConsent,
    consent_key,
    profile_key,
)
from chalicelib.consent.points.profile import DEFAULT
from chalicelib.consent.points.rules import Channel, Standing, State, Wanted, lowered, raises
from chalicelib.contacts.normalise import email as read_email
from chalicelib.contacts.normalise import phone as read_phone
from chalicelib.dynamodb import ConditionFailed, Write, commit, read, tries
from chalicelib.errors import Invalid, Problem, Unavailable
from chalicelib.lists import Asked, Page
from chalicelib.tokens import keyed_hash, seal, unseal

CURSOR = "contact-point"
BUSY = Unavailable("This consent is being changed by others. Try again in a few seconds.")


class Point(Struct, frozen=True):
    """An address or a number, by the hash that claims on it have too: the same whoever has it (RCN-1)."""

    id: str
    channel: Channel


def point_of(written: str) -> Point:
    """Return which contact point somebody wrote. Raises Invalid for what is no address and no number."""
    if "@" in written:
        return Point(hash_of(read_email(written, "address").key), Channel.EMAIL)
    return Point(hash_of(read_phone(written, field="address")), Channel.TELEPHONE)


def hash_of(key: str) -> str:
    """Return the name of a normalised address or number."""
    return keyed_hash("claim", key)


class Found(Struct, frozen=True):
    """A profile, and what a contact point said of it."""

    profile: ComplianceProfile
    standing: Standing


def of_point(point: Point, profile_id: str) -> Found | None:
    """Return a profile and what a contact point said of it, read consistently in one request; None: there is none."""
    known, row = read([profile_key(profile_id), consent_key(point.id, profile_id)])
    found = known or (records.shipped() if profile_id == DEFAULT else None)
    return Found(found, plans.standing_of(point.id, profile_id, point.channel, row)) if found is not None else None


def every(point: Point) -> list[Standing]:
    """Return all that a contact point ever said, by profile."""
    pk, prefix = PointConsent.at(point.id, "")
    rows = ConsentItem.query(pk, ConsentItem.sk.startswith(prefix), consistent_read=True)
    known = (row for row in rows if isinstance(row, PointConsent))
    return [plans.standing_of(point.id, row.profile_id, point.channel, row) for row in known]


def log(point: Point, asked: Asked) -> Page[PointChange]:
    """Return a page of the changes of a contact point, oldest first. Raises Invalid for a cursor of another list."""
    found = list(islice(_log(point, _place(point, asked.cursor)), asked.limit + 1))
    more = len(found) > asked.limit
    cursor = seal(CURSOR, f"{point.id} {found[asked.limit - 1].sk}") if more else None
    return Page(found[: asked.limit], cursor)


def _place(point: Point, cursor: str | None) -> str | None:
    if not cursor:
        return None
    whose, _, place = unseal(CURSOR, cursor).partition(" ")
    if whose != point.id:
        raise Invalid("This cursor is of another list.", [Problem("cursor", "Begin without a cursor.")])
    return place


def _log(point: Point, after: str | None) -> Iterator[PointChange]:
    behind = PointChange.sk.between(f"{after}\x00", "CHANGE#~") if after else PointChange.sk.startswith("CHANGE#")
    found = PointChange.query(f"ADDRESS#{point.id}", behind, consistent_read=True)
    return (each for each in found if isinstance(each, PointChange))


def lowered_since(point: Point, profile_id: str, moment: datetime) -> set[str]:
    """Return what a contact point has allowed less of since a moment: a link from before revives nothing of it."""
    changes = _since(f"ADDRESS#{point.id}", profile_id, moment, "CHANGE#~")
    return {choice for each in changes for choice in lowered(each.before, each.after)}


def agreed_between(row: PointConsent | PointChange, moment: datetime) -> set[str]:
    """Return what the contact point of a row agreed to after a moment, up to when the row was written."""
    changes = _since(row.pk, row.profile_id, moment, f"CHANGE#{as_text(row.changed_at)}~")
    return {choice for each in changes for choice, state in each.after.items() if state == State.OPTED_IN}


def _since(pk: str, profile_id: str, moment: datetime, until: str) -> Iterator[PointChange]:
    later = PointChange.sk.between(f"CHANGE#{as_text(moment)}~", until)
    found = PointChange.query(pk, later, consistent_read=True)
    return (each for each in found if isinstance(each, PointChange) and each.profile_id == profile_id)


def change_by_user(
    point: Point, profile_id: str, wanted: Wanted, evidence: Evidence, change_id: str, now: datetime
) -> Standing:
    """Say for a contact point what it allows, because a user says so; where nothing changes, nothing is written.

    Raises NotFound, Invalid for what the profile does not offer, and for allowing more without a reason (invariant 7).
    """
    _known(records.find(profile_id), wanted)
    for _ in tries():
        before = _standing(point, profile_id)
        if raises(before, wanted) and not evidence.reason:
            reason = "Say how the person asked for it: only they can allow more than before."
            raise Invalid("This allows more than the person allowed.", [Problem("reason", reason)])
        if _made(plans.change(before, wanted, evidence, change_id, now)):
            return _standing(point, profile_id)
    raise BUSY


def _standing(point: Point, profile_id: str) -> Standing:
    [row] = read([consent_key(point.id, profile_id)])
    return plans.standing_of(point.id, profile_id, point.channel, row)


def _made(writes: list[Write]) -> bool:
    try:
        commit(writes)
    except ConditionFailed:
        return False  # others were quicker
    return True


def _known(profile: ComplianceProfile, wanted: Mapping[str, State | None]) -> None:
    offered = {choice for each in profile.purposes for choice, _ in each.choices()}
    sentence = "The profile has no such purpose, or the purpose no such topic."
    unknown = [Problem(f"choices.{each}", sentence) for each in wanted if each not in offered]
    if unknown:
        raise Invalid("The compliance profile does not offer all of this.", unknown)


def refuse(point: Point, profile_id: str, purpose: str, evidence: Evidence, change_id: str, now: datetime) -> None:
    """Opt a contact point out of a purpose; repeating it changes nothing."""
    for _ in tries():
        before = _standing(point, profile_id)
        if _made(plans.change(before, {purpose: State.OPTED_OUT}, evidence, change_id, now)):
            return
    raise BUSY
