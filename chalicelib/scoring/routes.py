"""Scoring over HTTP: models and their scores, a lead's scores, the configuration."""

from http import HTTPStatus

from chalicelib.conditions import sources
from chalicelib.definitions.lifecycle import Checked, State
from chalicelib.definitions.routes import Kind, job_view, lifecycle
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing
from chalicelib.scoring import bulk, configuration, explaining, exports, moments, previews
from chalicelib.scoring.compiler import problems_of
from chalicelib.scoring.exports import Export
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Configuration
from chalicelib.scoring.previewing import Effect
from chalicelib.scoring.previews import Preview, PreviewedLead
from chalicelib.scoring.schemas import (
    Configurations,
    ConfigurationView,
    DifferenceQuery,
    DifferenceView,
    ExplainQuery,
    ExplanationView,
    ExportView,
    FileView,
    GradeForecast,
    HistoryQuery,
    LeadScores,
    ModelDocument,
    ModelText,
    NewConfiguration,
    NewPreview,
    PreviewedLeadView,
    PreviewedQuery,
    PreviewView,
    ScoreChangeView,
    ScoreView,
    TextQuery,
)

api = Api(__name__)


def _check(model: ModelDocument) -> Checked:
    return Checked(problems_of(model, sources.catalogue()))


lifecycle(
    api,
    Kind(
        name=KIND,
        path="/scoring-models",
        schema=ModelDocument,
        check=_check,
        publish_job=bulk.on_publish,
        stop_job=bulk.on_stop,
        stops_to=State.DRAFT,
    ),
)


@api.on(
    "GET /scoring-models/{scoring_model_id}/scores",
    scope="scoring-models:read",
    query=ListQuery,
    returns=Listing[ScoreView],
)
def list_model_scores(call: Call[Nothing], scoring_model_id: str) -> Listing[ScoreView]:
    """List every lead that a model scored, the highest score first."""
    found = explaining.scores_of_model(scoring_model_id, call.query.asked, call.now)
    return Listing[ScoreView](items=found.items, next_cursor=found.next_cursor)


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


@api.on("GET /leads/{lead_id}/scores", scope="leads:read", returns=LeadScores)
def list_lead_scores(call: Call[Nothing], lead_id: str) -> LeadScores:
    """Explain a lead's scores, one a model, and how far each can be relied on."""
    return explaining.scores_of_lead(lead_id, call.now)


@api.on("GET /leads/{lead_id}/scores/history", scope="leads:read", query=HistoryQuery, returns=Listing[ScoreChangeView])
def list_lead_score_changes(call: Call[Nothing], lead_id: str) -> Listing[ScoreChangeView]:
    """List how a model's score of a lead changed, newest first."""
    found = explaining.changes(lead_id, call.query.model_id, call.query.asked)
    return Listing[ScoreChangeView].of(found, explaining.change_view)


@api.on(
    "GET /leads/{lead_id}/scores/{scoring_model_id}/explain",
    scope="leads:read",
    query=ExplainQuery,
    returns=ExplanationView,
)
def explain_lead_score(call: Call[Nothing], lead_id: str, scoring_model_id: str) -> ExplanationView:
    """Explain a model's score of a lead rule by rule: now from the facts, at a moment in the past from its history."""
    return moments.explain(lead_id, scoring_model_id, call.query.at, call.now)


@api.on(
    "GET /leads/{lead_id}/scores/{scoring_model_id}/difference",
    scope="leads:read",
    query=DifferenceQuery,
    returns=DifferenceView,
)
def show_lead_score_difference(call: Call[Nothing], lead_id: str, scoring_model_id: str) -> DifferenceView:
    """Say which rules made a score rise or fall between two moments, and why."""
    return moments.difference(lead_id, scoring_model_id, call.query.since, call.query.until, call.now)


@api.on("GET /scoring-models/{scoring_model_id}/text", scope="scoring-models:read", query=TextQuery, returns=ModelText)
def show_scoring_model_text(call: Call[Nothing], scoring_model_id: str) -> ModelText:
    """Read a model's rules as sentences. To copy rules, take them from its document and put them into another's."""
    return explaining.text(scoring_model_id, call.query.version)


@api.on("GET /scoring-configuration", scope="scoring-models:read", returns=ConfigurationView)
def show_scoring_configuration(_: Call[Nothing]) -> ConfigurationView:
    """Show the configuration that counts."""
    found = configuration.current()
    return _configuration(found) if found else ConfigurationView()


@api.on("GET /scoring-configuration/records", scope="scoring-models:read", returns=Configurations)
def list_scoring_configurations(_: Call[Nothing]) -> Configurations:
    """List the configurations, newest first."""
    return Configurations(items=[_configuration(each) for each in configuration.records()])


@api.on(
    "POST /scoring-configuration",
    scope="settings:write",
    body=NewConfiguration,
    returns=ConfigurationView,
    status=HTTPStatus.CREATED,
)
def create_scoring_configuration(call: Call[NewConfiguration]) -> ConfigurationView:
    """Make a configuration, which counts from now on."""
    return _configuration(configuration.configure(call.new_id, call.body, call.caller.id, call.now))


def _configuration(found: Configuration) -> ConfigurationView:
    return ConfigurationView.model_validate(found)
