"""Imports over HTTP."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from chalicelib import files
from chalicelib.access.scopes import require as require_scope
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing, Reply
from chalicelib.imports import choices, maps, parsing, service, template
from chalicelib.imports.models import Import
from chalicelib.imports.rows import Row
from chalicelib.imports.schemas import (
    CountsView,
    ErrorFile,
    ImportSummary,
    ImportView,
    LooksView,
    NewImport,
    NewOptionsView,
    OptionsChange,
    OptionsView,
    StartRequest,
    TemplateQuery,
    UndoView,
    UploadView,
)
from chalicelib.imports.sniffing import DELIMITERS
from chalicelib.imports.states import KEPT_OFF, Outcome, State, Undone, verdict

api = Api(__name__)
maps.register(api)


@api.on("POST /imports", scope="imports:write", body=NewImport, returns=ImportView, status=HTTPStatus.CREATED)
def create_import(call: Call[NewImport]) -> ImportView:
    """Make an import; send the file to the address that it names, look at it, map its columns, start it."""
    return _view(service.create(call.new_id, call.body.record_type, call.body.name, call.caller.id, call.now))


@api.on("GET /imports", scope="imports:read", query=ListQuery, returns=Listing[ImportSummary])
def list_imports(call: Call[Nothing]) -> Listing[ImportSummary]:
    """List imports, newest first."""
    return Listing[ImportSummary].of(service.by_created(call.query.asked), _summary)


@api.on("GET /imports/template", scope="imports:read", query=TemplateQuery)
def show_template(call: Call[Nothing]) -> Reply:
    """Give a workbook to be filled in, whose columns are mapped by themselves."""
    record_type = call.query.record_type
    content = template.written(record_type, custom_fields.in_use(record_type))
    named = {"Content-Disposition": f'attachment; filename="{record_type}s.xlsx"', "Cache-Control": "no-store"}
    return Reply(content, content_type=files.TYPES["xlsx"], headers=named)


@api.on("GET /imports/{import_id}", scope="imports:read", returns=ImportView)
def show_import(_: Call[Nothing], import_id: str) -> ImportView:
    """Show an import: how far it is, what its rows came to, where the file of those that failed is."""
    return _view(service.find(import_id))


@api.on("PATCH /imports/{import_id}", scope="imports:write", body=OptionsChange, returns=ImportView)
def change_import(call: Call[OptionsChange], import_id: str) -> ImportView:
    """Decide what becomes of the file's columns and rows; send If-Match."""
    return _view(service.amend(import_id, call.body.given(), call.version, call.now, call.body.map_id))


@api.on("POST /imports/{import_id}/look", scope="imports:write", returns=ImportView)
def look_at_import(call: Call[Nothing], import_id: str) -> ImportView:
    """Look at the file that was sent: its columns, its first rows, what they may be mapped to; send If-Match."""
    return _view(*service.look(import_id, call.version, call.now))


@api.on(
    "POST /imports/{import_id}/start",
    scope="imports:write",
    body=StartRequest,
    returns=ImportView,
    status=HTTPStatus.ACCEPTED,
)
def start_import(call: Call[StartRequest], import_id: str) -> ImportView:
    """Start an import, or with dry_run a trial that writes no record; send If-Match.

    Whoever lets options be added to fields may write those too.
    """
    if service.adds_options(import_id):
        require_scope(call.caller.scopes, "fields:write")
    started = service.start(import_id, dry=call.body.dry_run, by=call.caller.id, version=call.version, now=call.now)
    return _view(started)


@api.on("POST /imports/{import_id}/cancel", scope="imports:write", returns=ImportView)
def cancel_import(call: Call[Nothing], import_id: str) -> ImportView:
    """Stop an import that is running; what was imported stays."""
    return _view(service.cancel(import_id, call.now))


@api.on("POST /imports/{import_id}/undo", scope="imports:write", returns=ImportView, status=HTTPStatus.ACCEPTED)
def undo_import(call: Call[Nothing], import_id: str) -> ImportView:
    """Undo an import: what it made and nobody has changed since is deleted; send If-Match."""
    return _view(service.undo(import_id, call.version, call.now))


def _view(import_: Import, first: Sequence[Row] = ()) -> ImportView:
    found, upload = service.totals(import_), service.upload(import_)
    counts: dict[str, Any] = {outcome.value: found.sums[outcome] for outcome in Outcome}
    if import_.state == State.COMPLETED:
        counts["verdict"] = verdict(counts)
    counts[KEPT_OFF] = found.sums[KEPT_OFF]
    return ImportView(
        **_shared(import_),
        reason=import_.reason,
        options=OptionsView.model_validate(import_.options),
        looks=_looks(import_, first),
        upload=UploadView.model_validate(upload) if upload else None,
        job_id=_job(import_),
        counts=CountsView(**counts, errors=found.errors[:100]),
        checked=CountsView.model_validate(import_.checked) if import_.checked else None,
        new_options=[NewOptionsView.model_validate(each) for each in choices.told(import_)],
        error_file=_errors(import_),
        undo=_undo(import_),
        started_at=import_.started_at,
        ended_at=import_.ended_at,
    )


def _looks(import_: Import, first: Sequence[Row]) -> LooksView | None:
    if import_.looks is None:
        return None
    rows = [{"number": row.number, "cells": row.cells} for row in first]
    return LooksView.model_validate({**import_.looks, "writing": _writing(import_), "first": rows})


def _writing(import_: Import) -> dict[str, Any] | None:
    writing = import_.looks["writing"]
    names = {sign: name for name, sign in DELIMITERS.items()}
    return {"encoding": writing["encoding"], "delimiter": names.get(writing["delimiter"])} if writing else None


def _summary(import_: Import) -> ImportSummary:
    result = {**import_.result, "errors": []} if import_.result else None
    return ImportSummary(**_shared(import_), result=CountsView.model_validate(result) if result else None)


def _shared(import_: Import) -> Mapping[str, Any]:
    return {
        "id": import_.import_id,
        "record_type": import_.record_type,
        "name": import_.name,
        "state": import_.state,
        "dry_run": import_.dry,
        "rows": import_.rows,
        "created_at": import_.created_at,
        "created_by": import_.created_by,
        "version": import_.version,
    }


def _job(import_: Import) -> str | None:
    if not import_.run:
        return None
    return parsing.rows_job(import_) if import_.pages is not None else parsing.reading_job(import_)


def _errors(import_: Import) -> ErrorFile | None:
    if import_.errors is None:
        return None
    return ErrorFile(rows=import_.errors["rows"], url=service.link(import_), bytes=import_.errors.get("bytes"))


def _undo(import_: Import) -> UndoView | None:
    if import_.undo is None:
        return None
    found = service.undone(import_)
    return UndoView(
        state=import_.undo,
        job_id=service.undo_job(import_.import_id),
        **{outcome.value: found.sums[outcome] for outcome in Undone},
        kept=found.errors[:100],
        undone_at=import_.undone_at,
    )
