"""What joining and leaving write."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.clock import as_text
from chalicelib.dynamodb import Write, delete, put, put_new
from chalicelib.segments.models import HAND, Interval, Member, Membership


def join(segment_id: str, contact_id: str, before: Membership | None, why: str, now: datetime) -> list[Write]:
    """Make a contact a member; `before` is its last time in the segment, as read. `why`: query, hand or merged."""
    membership = Membership(
        *Membership.at(segment_id, contact_id),
        contact_id=contact_id,
        segment_id=segment_id,
        since=now,
        why=why,
        version=before.version + 1 if before else 1,
    )
    unchanged = Membership.version == before.version if before else Membership.pk.does_not_exist()
    member = Member(*Member.at(segment_id, contact_id), contact_id=contact_id, since=now)
    return [put(membership, unchanged), put(member)]


def leave(membership: Membership, now: datetime, *, kept: bool = False) -> list[Write]:
    """End a contact's time in a segment and keep the interval; `kept`: it stays picked, but another is the member."""
    segment_id, contact_id = membership.segment_id, membership.contact_id
    ended = Membership(
        membership.pk,
        membership.sk,
        contact_id=contact_id,
        segment_id=segment_id,
        since=membership.since,
        until=max(now, membership.since),
        why=membership.why,
        kept=kept or None,
        version=membership.version + 1,
    )
    interval = Interval(
        *Interval.at(segment_id, contact_id, as_text(membership.since)),
        contact_id=contact_id,
        segment_id=segment_id,
        since=membership.since,
        until=ended.until,
    )
    member = Member(*Member.at(segment_id, contact_id))
    return [put(ended, Membership.version == membership.version), put_new(interval), delete(member.key)]


def put_in(segment_id: str, contact_id: str, before: Membership | None, now: datetime) -> list[Write]:
    """Pick a contact by hand; nothing where it is picked already. `before` as of `join`."""
    if before is not None and before.picked:
        return []
    if before is not None and before.holds:
        return [_rewritten(before, HAND)]  # a member for another so far
    return join(segment_id, contact_id, before, HAND, now)


def take_out(memberships: Iterable[Membership], now: datetime) -> list[Write]:
    """Take somebody out by hand, as all that it is; nothing for a contact that is neither in nor picked."""
    writes: list[Write] = []
    for each in memberships:
        if each.holds:
            writes += leave(each, now)
        elif each.picked:
            writes.append(_rewritten(each, each.why))
    return writes


def _rewritten(membership: Membership, why: str) -> Write:
    """Say anew why, and keep nothing; the time in the segment is the same."""
    same = Membership(
        membership.pk,
        membership.sk,
        contact_id=membership.contact_id,
        segment_id=membership.segment_id,
        since=membership.since,
        until=membership.until,
        why=why,
        version=membership.version + 1,
    )
    return put(same, Membership.version == membership.version)
