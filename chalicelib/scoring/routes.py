"""Scoring over HTTP: models and their scores, a lead's scores, the configuration."""

from http import HTTPStatus

from chalicelib.conditions import sources
from chalicelib.definitions.lifecycle import Checked, State
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing
from chalicelib.scoring import bulk, configuration, explaining, targets
from chalicelib.scoring.compiler import problems_of
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Configuration
from chalicelib.scoring.schemas import (
    Configurations,
    ConfigurationView,
    HistoryQuery,
    LeadScores,
    ModelDocument,
    NewConfiguration,
    ScoreChangeView,
    ScoreView,
)

api = Api(__name__)


def _check(model: ModelDocument) -> Checked:
    return Checked(problems_of(model, sources.catalogue()), warnings=targets.warnings_of(model))


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
    return Listing[ScoreView].of(explaining.scores_of_model(scoring_model_id, call.query.asked), explaining.view)


@api.on("GET /leads/{lead_id}/scores", scope="leads:read", returns=LeadScores)
def list_lead_scores(_: Call[Nothing], lead_id: str) -> LeadScores:
    """Explain a lead's scores, one a model."""
    return explaining.scores_of_lead(lead_id)


@api.on("GET /leads/{lead_id}/scores/history", scope="leads:read", query=HistoryQuery, returns=Listing[ScoreChangeView])
def list_lead_score_changes(call: Call[Nothing], lead_id: str) -> Listing[ScoreChangeView]:
    """List how a model's score of a lead changed, newest first."""
    found = explaining.changes(lead_id, call.query.model_id, call.query.asked)
    return Listing[ScoreChangeView].of(found, explaining.change_view)


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
