"""What joining and leaving write."""

from datetime import datetime

from chalicelib.clock import as_text
from chalicelib.dynamodb import Write, delete, put, put_new
from chalicelib.segments.models import Interval, Member, Membership


def join(segment_id: str, contact_id: str, before: Membership | None, why: str, now: datetime) -> list[Write]:
    """Make a contact a member; `before` is its last time in the segment, as read. `why`: query or hand."""
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


def leave(membership: Membership, now: datetime, why: str | None = None) -> list[Write]:
    """End a contact's time in a segment and keep the interval; `why`, where the reason is not that it began by."""
    segment_id, contact_id = membership.segment_id, membership.contact_id
    ended = Membership(
        membership.pk,
        membership.sk,
        contact_id=contact_id,
        segment_id=segment_id,
        since=membership.since,
        until=max(now, membership.since),
        why=why or membership.why,
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
