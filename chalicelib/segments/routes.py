"""Segments over HTTP: the life cycle, members, and why."""

from chalicelib.definitions.lifecycle import Checked, JobWanted
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.errors import Conflict
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing
from chalicelib.segments import service
from chalicelib.segments.models import Member, Membership
from chalicelib.segments.schemas import (
    AnswerView,
    MembersChange,
    Memberships,
    MembershipView,
    MemberView,
    SegmentDocument,
    SegmentType,
)

api = Api(__name__)


def _permanent(document: SegmentDocument, before: Definition | None) -> SegmentDocument:
    """The type of a segment is settled when it first goes live (SEG-4)."""
    if before is not None and before.published_version and before.document["type"] != document.type:
        raise Conflict("A segment that has been live keeps its type. Make another segment instead.")
    return document


def _build(segment: Definition) -> JobWanted | None:
    """Who is a member of a dynamic segment is found out when it goes live; a static one is picked by hand."""
    return JobWanted("segment-build") if segment.document["type"] == SegmentType.DYNAMIC else None


lifecycle(
    api,
    Kind(
        "segment",
        "/segments",
        SegmentDocument,
        lambda document: Checked(service.problems(document)),
        before_save=_permanent,
        publish_job=_build,
    ),
)


@api.on("POST /segments/{segment_id}/members", scope="segments:write", body=MembersChange)
def add_members(call: Call[MembersChange], segment_id: str) -> None:
    """Put contacts into a static segment."""
    service.pick(segment_id, call.body.contact_ids, call.now)


@api.on("DELETE /segments/{segment_id}/members/{contact_id}", scope="segments:write")
def remove_member(call: Call[Nothing], segment_id: str, contact_id: str) -> None:
    """Take a contact out of a static segment."""
    service.unpick(segment_id, contact_id, call.now)


@api.on("GET /segments/{segment_id}/members", scope="segments:read", query=ListQuery, returns=Listing[MemberView])
def list_members(call: Call[Nothing], segment_id: str) -> Listing[MemberView]:
    """List the contacts that are members now."""
    return Listing[MemberView].of(service.members(segment_id, call.query.asked), _member)


@api.on("GET /contacts/{contact_id}/segments", scope="segments:read", returns=Memberships)
def list_memberships(_: Call[Nothing], contact_id: str) -> Memberships:
    """List the segments that a contact is in, or was."""
    return Memberships(items=[_membership(each) for each in service.memberships_of(contact_id).values()])


@api.on("GET /segments/{segment_id}/why/{contact_id}", scope="segments:read", returns=AnswerView)
def explain_membership(call: Call[Nothing], segment_id: str, contact_id: str) -> AnswerView:
    """Say why a contact is or is not a member."""
    answer = service.why(segment_id, contact_id, call.now)
    reasons: list[dict[str, str | bool]] = [
        {"place": each.place, "text": each.text, "holds": each.holds, "saw": str(each.saw)} for each in answer.reasons
    ]
    return AnswerView(holds=answer.holds, reasons=reasons, changes_at=answer.changes_at)


def _member(member: Member) -> MemberView:
    return MemberView(contact_id=member.contact_id, since=member.since)


def _membership(each: Membership) -> MembershipView:
    return MembershipView(segment_id=each.segment_id, since=each.since, until=each.until, why=each.why)
