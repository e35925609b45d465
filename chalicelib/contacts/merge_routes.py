"""Merging over HTTP, of every kind of record that can be there twice: suggestions, preview, merge, undo."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol

from msgspec import Struct

from chalicelib.contacts import account_merging, merging, suggesting
from chalicelib.contacts.joining import Choices, Wish
from chalicelib.contacts.merge_schemas import (
    AccountDuplicates,
    Duplicates,
    FieldView,
    MergePreviewRequest,
    MergePreviewView,
    MergeRequest,
    Merges,
    MergeView,
)
from chalicelib.contacts.merging import Preview
from chalicelib.contacts.suggestions import Suggestion
from chalicelib.http import Api, Call, Nothing

api = Api(__name__)


class Merging(Protocol):
    """The use cases of merging one kind of record; a module has them."""

    def preview(self, record_id: str, other_id: str, choices: Choices, /) -> Preview: ...
    def merge(self, record_id: str, other_id: str, wish: Wish, version: int, now: datetime, /) -> Any: ...
    def merges(self, record_id: str, /) -> Sequence[Any]: ...
    def undo(self, record_id: str, merge_id: str, by: str, now: datetime, /) -> Any: ...


class Mergeable(Struct, frozen=True):
    """What a domain says of its kind of record that can be merged; `duplicates` is how its suggestions are listed."""

    noun: str
    merging: Merging
    suggested: Callable[[str], Sequence[Suggestion]]
    dismiss: Callable[[str, str, str, datetime], None]
    duplicates: type[Any]

    @property
    def one(self) -> str:
        """The path of one of them."""
        return f"/{self.noun}s/{{{self.noun}_id}}"

    def id(self, path: Mapping[str, str]) -> str:
        return path[f"{self.noun}_id"]


def mergeable(api: Api, kind: Mergeable) -> None:
    """Register the routes of a kind: preview, merge, list merges, undo; list suggestions, dismiss one."""
    _merging(api, kind)
    _undoing(api, kind)
    _suggesting(api, kind)


def _merging(api: Api, kind: Mergeable) -> None:
    def preview(call: Call[MergePreviewRequest], **path: str) -> MergePreviewView:
        return _preview(kind.merging.preview(kind.id(path), call.body.other_id, call.body.choices))

    def merge(call: Call[MergeRequest], **path: str) -> MergeView:
        wish = Wish(call.new_id, call.body.choices, by=call.caller.id, why=call.body.why)
        return _view(kind.merging.merge(kind.id(path), call.body.other_id, wish, call.version, call.now))

    write, noun = f"{kind.noun}s:write", kind.noun
    preview.__doc__ = f"Show what merging another {noun} into this one would change."
    merge.__doc__ = f"Merge another {noun} into this one; send If-Match."
    _on(api, f"POST {kind.one}/merges/preview", f"preview_{noun}_merge", preview, scope=write,
        body=MergePreviewRequest, returns=MergePreviewView)  # fmt: skip
    _on(api, f"POST {kind.one}/merges", f"merge_{noun}", merge, scope=write, body=MergeRequest, returns=MergeView,
        status=HTTPStatus.CREATED)  # fmt: skip


def _undoing(api: Api, kind: Mergeable) -> None:
    def merges(_: Call[Nothing], **path: str) -> Merges:
        return Merges(items=[_view(each) for each in kind.merging.merges(kind.id(path))])

    def undo(call: Call[Nothing], **path: str) -> MergeView:
        return _view(kind.merging.undo(kind.id(path), path["merge_id"], call.caller.id, call.now))

    noun = kind.noun
    merges.__doc__ = f"List the last merges into this {noun}, newest first."
    undo.__doc__ = f"Make two {noun}s of one again."
    _on(api, f"GET {kind.one}/merges", f"list_{noun}_merges", merges, scope=f"{noun}s:read", returns=Merges)
    _on(api, f"DELETE {kind.one}/merges/{{merge_id}}", f"undo_{noun}_merge", undo, scope=f"{noun}s:write",
        returns=MergeView)  # fmt: skip


def _suggesting(api: Api, kind: Mergeable) -> None:
    def duplicates(_: Call[Nothing], **path: str) -> Any:
        return kind.duplicates(items=[_suggestion(kind, each) for each in kind.suggested(kind.id(path))])

    def dismiss(call: Call[Nothing], **path: str) -> None:
        kind.dismiss(kind.id(path), path["other_id"], call.caller.id, call.now)

    noun = kind.noun
    duplicates.__doc__ = f"List {noun}s that may be the same as this one, the surest first."
    dismiss.__doc__ = f"Say that another {noun} is not the same; it is not suggested while both stay as they are."
    _on(api, f"GET {kind.one}/duplicates", f"list_{noun}_duplicates", duplicates, scope=f"{noun}s:read",
        returns=kind.duplicates)  # fmt: skip
    _on(api, f"DELETE {kind.one}/duplicates/{{other_id}}", f"dismiss_{noun}_duplicate", dismiss, scope=f"{noun}s:write")


def _on(api: Api, verb: str, name: str, view: Callable[..., Any], **options: Any) -> None:
    view.__name__ = name
    api.on(verb, **options)(view)


def _suggestion(kind: Mergeable, found: Suggestion) -> dict[str, Any]:
    return {
        f"{kind.noun}_id": found.id,
        "score": found.score,
        "reasons": found.reasons,
        "strategy_id": found.strategy_id,
        "found_at": found.found_at,
    }


def _preview(found: Preview) -> MergePreviewView:
    fields = [FieldView(name=each.name, this=each.this, other=each.other, after=each.after) for each in found.fields]
    return MergePreviewView(fields=fields, identities=found.identities, consequences=dict(found.consequences))


def _view(merge: Any) -> MergeView:
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


CONTACTS = Mergeable("contact", merging, suggesting.of_contact, suggesting.dismiss_contact, Duplicates)
ACCOUNTS = Mergeable("account", account_merging, suggesting.of_account, suggesting.dismiss_account, AccountDuplicates)

mergeable(api, CONTACTS)
mergeable(api, ACCOUNTS)
