"""Notes about contacts and accounts over HTTP, and the routes of notes about whatever else."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from chalicelib.activities import notes
from chalicelib.activities.models import Note
from chalicelib.activities.notes import About
from chalicelib.activities.schemas import NoteText, NoteView
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing

api = Api(__name__)


def notable(api: Api, about: About) -> None:
    """Register the routes of notes about a kind of record: write one, list them, change one, delete one."""
    noun = about.noun
    every, read, write = f"/{noun}s/{{{noun}_id}}/notes", f"{noun}s:read", f"{noun}s:write"
    one = f"{every}/{{note_id}}"

    def create(call: Call[NoteText], **path: str) -> NoteView:
        made = notes.create(about, path[f"{noun}_id"], call.new_id, call.body.text, call.caller.id, call.now)
        return view(made)

    def listed(call: Call[Nothing], **path: str) -> Listing[NoteView]:
        return Listing[NoteView].of(notes.listed(about, path[f"{noun}_id"], call.query.asked), view)

    def change(call: Call[NoteText], **path: str) -> NoteView:
        record_id, note_id, caller = path[f"{noun}_id"], path["note_id"], call.caller.id
        return view(
            notes.change(about, record_id, note_id, call.body.text, by=caller, version=call.version, now=call.now)
        )

    def remove(call: Call[Nothing], **path: str) -> None:
        notes.remove(about, path[f"{noun}_id"], path["note_id"], call.version)

    create.__doc__ = f"Write down something about this {noun}."
    listed.__doc__ = f"List the notes about this {noun}, newest first."
    change.__doc__ = f"Write a note about this {noun} anew; send If-Match."
    remove.__doc__ = f"Delete a note about this {noun}; send If-Match."
    _on(api, f"POST {every}", f"create_{noun}_note", create, scope=write, body=NoteText, returns=NoteView,
        status=HTTPStatus.CREATED)  # fmt: skip
    _on(api, f"GET {every}", f"list_{noun}_notes", listed, scope=read, query=ListQuery, returns=Listing[NoteView])
    _on(api, f"PATCH {one}", f"change_{noun}_note", change, scope=write, body=NoteText, returns=NoteView)
    _on(api, f"DELETE {one}", f"delete_{noun}_note", remove, scope=write)


def _on(api: Api, verb: str, name: str, route: Callable[..., Any], **options: Any) -> None:
    route.__name__ = name
    api.on(verb, **options)(route)


def view(note: Note) -> NoteView:
    given = {name: getattr(note, name) for name in NoteView.model_fields if name != "id"}
    return NoteView(id=note.note_id, **given)


notable(api, notes.CONTACT)
notable(api, notes.ACCOUNT)
