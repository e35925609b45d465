"""Scoring over HTTP: models and their scores, a lead's scores, the configuration."""

from http import HTTPStatus

from chalicelib.conditions import sources
from chalicelib.consent import switches
from chalicelib.contacts.custom import naming
from chalicelib.definitions.lifecycle import Checked, State
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.http import Api, Call, Listing, ListQuery, Nothing
from chalicelib.scoring import bulk, configuration, management, targets
from chalicelib.scoring.compiler import compile_model, problems_of
from chalicelib.scoring.explanations import explaining, moments
from chalicelib.scoring.explanations.schemas import DifferenceQuery, DifferenceView, ExplainQuery, ExplanationView
from chalicelib.scoring.live import KIND
from chalicelib.scoring.models import Configuration
from chalicelib.scoring.schemas import (
    Configurations,
    ConfigurationView,
    HistoryQuery,
    LeadScores,
    ModelDocument,
    ModelText,
    NewConfiguration,
    ScoreChangeView,
    ScoreView,
    TextQuery,
)

api = Api(__name__)


def _check(model: ModelDocument) -> Checked:
    catalogue = sources.current_catalogue()
    problems = problems_of(model, catalogue)
    named = () if problems else naming.asked(each.subject for each in compile_model(model, catalogue).dependencies)
    found = [*management.problems(), *problems, *switches.problems(model.minimum_consent)]
    return Checked(found, named, warnings=targets.warnings_of(model))


def _while_on(model: ModelDocument, _: Definition | None) -> ModelDocument:
    management.require_on()
    return model


lifecycle(
    api,
    Kind(
        name=KIND,
        path="/scoring-models",
        schema=ModelDocument,
        check=_check,
        before_save=_while_on,
        publish_job=bulk.on_publish,
        publish_writes=management.going_live,
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
