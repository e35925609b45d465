"""Merging contacts and accounts over HTTP: who may be the same, what merging would change, do it, undo it."""

from http import HTTPStatus

from chalicelib.contacts import account_merging, merging, suggesting
from chalicelib.contacts.joining import Wish
from chalicelib.contacts.merge_schemas import (
    AccountDuplicates,
    AccountDuplicateView,
    Duplicates,
    DuplicateView,
    FieldView,
    MergePreviewRequest,
    MergePreviewView,
    MergeRequest,
    Merges,
    MergeView,
)
from chalicelib.contacts.models import Merge
from chalicelib.http import Api, Call, Nothing

api = Api(__name__)


@api.on(
    "POST /contacts/{contact_id}/merges/preview",
    scope="contacts:write",
    body=MergePreviewRequest,
    returns=MergePreviewView,
)
def preview_contact_merge(call: Call[MergePreviewRequest], contact_id: str) -> MergePreviewView:
    """Show what merging another contact into this one would change."""
    return preview_view(merging.preview(contact_id, call.body.other_id, call.body.choices))


@api.on(
    "POST /contacts/{contact_id}/merges",
    scope="contacts:write",
    body=MergeRequest,
    returns=MergeView,
    status=HTTPStatus.CREATED,
)
def merge_contact(call: Call[MergeRequest], contact_id: str) -> MergeView:
    """Merge another contact into this one; send If-Match."""
    wish = Wish(call.new_id, call.body.choices, by=call.caller.id, why=call.body.why)
    return _view(merging.merge(contact_id, call.body.other_id, wish, call.version, call.now))


@api.on("GET /contacts/{contact_id}/merges", scope="contacts:read", returns=Merges)
def list_contact_merges(_: Call[Nothing], contact_id: str) -> Merges:
    """List the last merges into a contact, newest first."""
    return Merges(items=[_view(each) for each in merging.merges(contact_id)])


@api.on("DELETE /contacts/{contact_id}/merges/{merge_id}", scope="contacts:write", returns=MergeView)
def undo_contact_merge(call: Call[Nothing], contact_id: str, merge_id: str) -> MergeView:
    """Make two contacts of one again."""
    return _view(merging.undo(contact_id, merge_id, call.caller.id, call.now))


@api.on(
    "POST /accounts/{account_id}/merges/preview",
    scope="accounts:write",
    body=MergePreviewRequest,
    returns=MergePreviewView,
)
def preview_account_merge(call: Call[MergePreviewRequest], account_id: str) -> MergePreviewView:
    """Show what merging another account into this one would change."""
    return preview_view(account_merging.preview(account_id, call.body.other_id, call.body.choices))


@api.on(
    "POST /accounts/{account_id}/merges",
    scope="accounts:write",
    body=MergeRequest,
    returns=MergeView,
    status=HTTPStatus.CREATED,
)
def merge_account(call: Call[MergeRequest], account_id: str) -> MergeView:
    """Merge another account into this one; send If-Match."""
    wish = Wish(call.new_id, call.body.choices, by=call.caller.id, why=call.body.why)
    return _view(account_merging.merge(account_id, call.body.other_id, wish, call.version, call.now))


@api.on("GET /accounts/{account_id}/merges", scope="accounts:read", returns=Merges)
def list_account_merges(_: Call[Nothing], account_id: str) -> Merges:
    """List the last merges into an account, newest first."""
    return Merges(items=[_view(each) for each in account_merging.merges(account_id)])


@api.on("DELETE /accounts/{account_id}/merges/{merge_id}", scope="accounts:write", returns=MergeView)
def undo_account_merge(call: Call[Nothing], account_id: str, merge_id: str) -> MergeView:
    """Make two accounts of one again."""
    return _view(account_merging.undo(account_id, merge_id, call.caller.id, call.now))


@api.on("GET /contacts/{contact_id}/duplicates", scope="contacts:read", returns=Duplicates)
def list_duplicates(_: Call[Nothing], contact_id: str) -> Duplicates:
    """List contacts that may be the same person, the surest first."""
    found = suggesting.of_contact(contact_id)
    return Duplicates(items=[_suggestion(each) for each in found])


def _suggestion(each: suggesting.Suggestion) -> DuplicateView:
    return DuplicateView(
        contact_id=each.id,
        score=each.score,
        reasons=each.reasons,
        strategy_id=each.strategy_id,
        found_at=each.found_at,
    )


@api.on("DELETE /contacts/{contact_id}/duplicates/{other_id}", scope="contacts:write")
def dismiss_duplicate(call: Call[Nothing], contact_id: str, other_id: str) -> None:
    """Say that another contact is not the same person; it is not suggested again while both stay as they are."""
    suggesting.dismiss_contact(contact_id, other_id, call.caller.id, call.now)


@api.on("GET /accounts/{account_id}/duplicates", scope="accounts:read", returns=AccountDuplicates)
def list_account_duplicates(_: Call[Nothing], account_id: str) -> AccountDuplicates:
    """List accounts that may be the same company, the surest first."""
    found = suggesting.of_account(account_id)
    views = [AccountDuplicateView(account_id=each.id, score=each.score, reasons=each.reasons) for each in found]
    return AccountDuplicates(items=views)


@api.on("DELETE /accounts/{account_id}/duplicates/{other_id}", scope="accounts:write")
def dismiss_account_duplicate(call: Call[Nothing], account_id: str, other_id: str) -> None:
    """Say that another account is not the same company; it is not suggested again while both stay as they are."""
    suggesting.dismiss_account(account_id, other_id, call.caller.id, call.now)


def preview_view(found: merging.Preview) -> MergePreviewView:
    fields = [FieldView(name=each.name, this=each.this, other=each.other, after=each.after) for each in found.fields]
    return MergePreviewView(fields=fields, identities=found.identities, consequences=dict(found.consequences))


def _view(merge: Merge) -> MergeView:
    return MergeView(
        id=merge.merge_id,
        into_id=merge.into_id,
        other_id=merge.other_id,
        at=merge.at,
        by=merge.by,
        why=merge.why,
        taken=merge.taken,
        before=merge.before,
        undone_at=merge.undone_at,
        undone_by=merge.undone_by,
    )
