"""Files of what a view or a segment shows, over HTTP."""

from http import HTTPStatus
from typing import Annotated

from pydantic import Field, model_validator

from chalicelib.access.scopes import require as require_scope
from chalicelib.definitions import service as definitions
from chalicelib.definitions.routes import job_view
from chalicelib.http import Api, Call, Nothing
from chalicelib.views import exports, rows
from chalicelib.views.consent_log import ConsentLog
from chalicelib.views.document import Id, ViewDocument, require
from chalicelib.views.exports import Format
from chalicelib.views.models import Export
from chalicelib.views.schemas import ExportedFile, RecordsExport

api = Api(__name__)


class NewExport(ViewDocument):
    """What to export: a saved view, or what a view would say (such as where: {segment_id})."""

    view_id: Id | None = None
    consent_log: Annotated[
        ConsentLog | None, Field(description="In the place of records every change of consent, of everybody.")
    ] = None
    format: Format = Format.CSV
    name: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> "NewExport":
        said = self.model_fields_set & set(ViewDocument.model_fields)
        if self.view_id is not None and said:
            raise ValueError("Name a view_id, or say what to export, not both.")
        if self.consent_log is not None and (said or self.view_id is not None):
            raise ValueError("Ask for the log of consent, or for records, not both.")
        return self


@api.on("POST /exports", scope="views:read", body=NewExport, returns=RecordsExport, status=HTTPStatus.ACCEPTED)
def start_export(call: Call[NewExport]) -> RecordsExport:
    """Export records as files, by a job: ask for the export until its files are there."""
    wanted, name = _wanted(call.body)
    records = "contacts" if isinstance(wanted, ConsentLog) else f"{wanted.record_type}s"
    require_scope(call.caller.scopes, f"{records}:read")
    return _view(exports.start(wanted, name, call.body.format, call.new_id, call.caller.id, call.now))


def _wanted(body: NewExport) -> tuple[exports.Wanted, str]:
    if body.consent_log is not None:
        return body.consent_log, body.name
    if body.view_id is not None:
        return rows.find(body.view_id), body.name or definitions.get(rows.KIND, body.view_id).name
    said = ViewDocument(**{name: getattr(body, name) for name in ViewDocument.model_fields})
    require(said)
    return said, body.name


@api.on("GET /exports/{export_id}", scope="views:read", returns=RecordsExport)
def show_export(call: Call[Nothing], export_id: str) -> RecordsExport:
    """Show how far an export is, and where its files can be fetched for some minutes."""
    export = exports.find(export_id, call.now)
    require_scope(call.caller.scopes, f"{export.view['record_type']}s:read")
    return _view(export)


def _view(export: Export) -> RecordsExport:
    job = job_view(exports.job_of(export))
    return RecordsExport(
        id=export.export_id,
        name=export.name,
        record_type=export.view["record_type"] if export.consent_log is None else None,
        format=export.format,
        state=job.state,
        reason=job.reason,
        seen=job.done,
        slices_finished=job.slices_finished,
        rows=export.rows,
        files=[
            ExportedFile(url=exports.link(export, number), rows=each["rows"], bytes=each["bytes"])
            for number, each in enumerate(export.files or [])
            if export.rows is not None
        ],
        created_at=export.created_at,
        created_by=export.created_by,
        expires_at=export.expires,
    )
