"""Segments over HTTP: the life cycle, members, and why."""

from http import HTTPStatus

from chalicelib.contacts import service as contacts
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, job_view, lifecycle
from chalicelib.definitions.schemas import JobView
from chalicelib.errors import Conflict
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing
from chalicelib.segments import asking, service
from chalicelib.segments.models import Member, Membership
from chalicelib.segments.schemas import (
    AnswerView,
    EstimateView,
    MembersByQuery,
    MembersChange,
    Memberships,
    MembershipView,
    MemberView,
    SegmentDocument,
    SegmentType,
)

api = Api(__name__)


def _permanent(document: SegmentDocument, before: Definition | None) -> SegmentDocument:
    """Type and description are settled when a segment first goes live, as its name is; its query is not (SEG-4)."""
    live_before = before.document if before is not None and before.published_version else None
    for name in ("type", "description"):
        if live_before is not None and live_before[name] != getattr(document, name):
            raise Conflict(f"A segment that has been live keeps its {name}. Make another segment instead.")
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
        service.check,
        before_save=_permanent,
        publish_job=_build,
        keeps_name=True,
    ),
)


@api.on("POST /segments/{segment_id}/members", scope="segments:write", body=MembersChange)
def add_members(call: Call[MembersChange], segment_id: str) -> None:
    """Put contacts into a static segment."""
    service.pick(segment_id, call.body.contact_ids, call.now)


@api.on(
    "POST /segments/{segment_id}/members/by-query",
    scope="segments:write",
    body=MembersByQuery,
    returns=JobView,
    status=HTTPStatus.ACCEPTED,
)
def change_members_by_query(call: Call[MembersByQuery], segment_id: str) -> JobView:
    """Put those into a static segment for whom a query holds now, or take them out; asked once, in the background."""
    return job_view(asking.change(segment_id, call.body, call.new_id, call.now))


@api.on("POST /segments/{segment_id}/estimate", scope="segments:read", returns=EstimateView)
def estimate_segment(call: Call[Nothing], segment_id: str) -> EstimateView:
    """Say about how many members the draft's query would have."""
    found = asking.estimate(segment_id, call.now)
    return EstimateView(members=found.members, contacts=found.contacts, sampled=found.sampled, exact=found.exact)


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
    return Memberships(
        items=[_membership(each) for each in service.memberships_of(contacts.who_is(contact_id).id).values()]
    )


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
