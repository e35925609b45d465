"""Merging leads over HTTP: see what it would change, do it, undo it."""

from http import HTTPStatus

from chalicelib.contacts.joining import Wish
from chalicelib.contacts.merge_routes import preview_view
from chalicelib.contacts.merge_schemas import MergePreviewRequest, MergePreviewView, MergeRequest, Merges, MergeView
from chalicelib.http import Api, Call, Nothing
from chalicelib.leads import merging
from chalicelib.leads.models import LeadMerge

api = Api(__name__)


@api.on("POST /leads/{lead_id}/merges/preview", scope="leads:write", body=MergePreviewRequest, returns=MergePreviewView)
def preview_lead_merge(call: Call[MergePreviewRequest], lead_id: str) -> MergePreviewView:
    """Show what merging another lead into this one would change."""
    return preview_view(merging.preview(lead_id, call.body.other_id, call.body.choices))


@api.on(
    "POST /leads/{lead_id}/merges",
    scope="leads:write",
    body=MergeRequest,
    returns=MergeView,
    status=HTTPStatus.CREATED,
)
def merge_lead(call: Call[MergeRequest], lead_id: str) -> MergeView:
    """Merge another lead of the same contact into this one; send If-Match."""
    wish = Wish(call.new_id, call.body.choices, by=call.caller.id, why=call.body.why)
    return _view(merging.merge(lead_id, call.body.other_id, wish, call.version, call.now))


@api.on("GET /leads/{lead_id}/merges", scope="leads:read", returns=Merges)
def list_lead_merges(_: Call[Nothing], lead_id: str) -> Merges:
    """List the last merges into a lead, newest first."""
    return Merges(items=[_view(each) for each in merging.merges(lead_id)])


@api.on("DELETE /leads/{lead_id}/merges/{merge_id}", scope="leads:write", returns=MergeView)
def undo_lead_merge(call: Call[Nothing], lead_id: str, merge_id: str) -> MergeView:
    """Make two leads of one again."""
    return _view(merging.undo(lead_id, merge_id, call.caller.id, call.now))


def _view(merge: LeadMerge) -> MergeView:
    return MergeView(
        id=merge.merge_id,
        into_id=merge.into_id,
        other_id=merge.other_id,
        at=merge.at_instant,
        by=merge.by,
        why=merge.why,
        taken=merge.taken,
        before=merge.before,
        undone_at=merge.undone_at,
        undone_by=merge.undone_by,
    )
