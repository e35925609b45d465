"""What is found out about a model by bulk work, over HTTP: exports of its scores and previews of its draft."""

from http import HTTPStatus

from chalicelib.definitions.routes import job_view
from chalicelib.http import Api, Call, Listing, Nothing
from chalicelib.scoring.reports import exports, previews
from chalicelib.scoring.reports.exports import Export
from chalicelib.scoring.reports.previewing import Effect
from chalicelib.scoring.reports.previews import Preview, PreviewedLead
from chalicelib.scoring.reports.schemas import (
    ExportView,
    FileView,
    GradeForecast,
    NewPreview,
    PreviewedLeadView,
    PreviewedQuery,
    PreviewView,
)

api = Api(__name__)


@api.on(
    "POST /scoring-models/{scoring_model_id}/exports",
    scope="leads:read",
    returns=ExportView,
    status=HTTPStatus.ACCEPTED,
)
def start_score_export(call: Call[Nothing], scoring_model_id: str) -> ExportView:
    """Export a model's scores as CSV files, by a job: ask for the export until its files are there."""
    return _export(exports.start(scoring_model_id, call.new_id, call.caller.id, call.now))


@api.on("GET /scoring-models/{scoring_model_id}/exports/{export_id}", scope="leads:read", returns=ExportView)
def show_score_export(call: Call[Nothing], scoring_model_id: str, export_id: str) -> ExportView:
    """Show how far an export is, and where its files can be fetched."""
    return _export(exports.find(scoring_model_id, export_id, call.now))


def _export(export: Export) -> ExportView:
    job = job_view(exports.job_of(export))
    return ExportView(
        id=export.export_id,
        model_id=export.model_id,
        state=job.state,
        reason=job.reason,
        leads_seen=job.done,
        slices_finished=job.slices_finished,
        rows=export.rows,
        files=[
            FileView(url=exports.link(export, number), rows=each["rows"], bytes=each["bytes"])
            for number, each in enumerate(export.files or [])
            if export.rows is not None
        ],
        created_at=export.created_at,
        created_by=export.created_by,
        expires_at=export.expires,
    )


@api.on(
    "POST /scoring-models/{scoring_model_id}/previews",
    scope="scoring-models:write",
    body=NewPreview,
    returns=PreviewView,
    status=HTTPStatus.ACCEPTED,
)
def start_score_preview(call: Call[NewPreview], scoring_model_id: str) -> PreviewView:
    """Preview what publishing the draft would do, by a job over the stored facts; no score is written."""
    return _preview(previews.start(scoring_model_id, call.new_id, call.body.one_in, call.caller.id, call.now))


@api.on(
    "GET /scoring-models/{scoring_model_id}/previews/{preview_id}", scope="scoring-models:read", returns=PreviewView
)
def show_score_preview(call: Call[Nothing], scoring_model_id: str, preview_id: str) -> PreviewView:
    """Show for how many leads a preview found which effect, and how far it is."""
    return _preview(previews.find(scoring_model_id, preview_id, call.now))


@api.on(
    "GET /scoring-models/{scoring_model_id}/previews/{preview_id}/leads",
    scope="leads:read",
    query=PreviewedQuery,
    returns=Listing[PreviewedLeadView],
)
def list_previewed_leads(call: Call[Nothing], scoring_model_id: str, preview_id: str) -> Listing[PreviewedLeadView]:
    """List the leads for which a preview found an effect, those first whose score would change the most."""
    preview = previews.find(scoring_model_id, preview_id, call.now)
    found = previews.of_effect(preview, call.query.effect, call.query.asked)
    return Listing[PreviewedLeadView].of(found, _previewed)


def _previewed(found: PreviewedLead) -> PreviewedLeadView:
    return PreviewedLeadView(**{name: getattr(found, name) for name in PreviewedLeadView.model_fields})


def _preview(preview: Preview) -> PreviewView:
    job, sums = job_view(previews.job_of(preview)), previews.totals(preview)
    grades: dict[str, GradeForecast] = {}
    for name, number in sums.items():
        side, separator, grade = name.partition(":")
        if separator:
            setattr(grades.setdefault(grade, GradeForecast()), side, number)
    return PreviewView(
        id=preview.preview_id,
        model_id=preview.model_id,
        live_version=preview.live_version,
        draft_version=preview.draft_version,
        one_in=preview.one_in,
        state=job.state,
        reason=job.reason,
        leads=sums["leads"],
        with_parent=sums["with_parent"],
        slices_finished=job.slices_finished,
        effects={effect: sums[effect] for effect in Effect},
        grades=dict(sorted(grades.items())),
        created_at=preview.created_at,
        created_by=preview.created_by,
        expires_at=preview.expires,
    )
