"""Figures over HTTP."""

from chalicelib.http import Api, Call, Nothing
from chalicelib.insights import scores, service
from chalicelib.insights.schemas import Figures, InsightsQuery, JourneyFigures, ModelInsights
from chalicelib.journeys import service as journeys

api = Api(__name__)


@api.on("GET /journeys/{journey_id}/figures", scope="journeys:read", returns=JourneyFigures)
def show_journey_figures(_: Call[Nothing], journey_id: str) -> JourneyFigures:
    """Count who entered, what became of them, and what happened at each tile."""
    tiles = {tile: service.figures(f"journey#{journey_id}#{tile}") for tile in journeys.tiles_of(journey_id)}
    return JourneyFigures(figures=service.figures(f"journey#{journey_id}"), tiles=tiles)


@api.on("GET /emails/{email_id}/figures", scope="emails:read", returns=Figures)
def show_email_figures(_: Call[Nothing], email_id: str) -> Figures:
    """Count what became of an email's messages."""
    return Figures(figures=service.figures(f"email#{email_id}"))


@api.on("GET /forms/{form_id}/figures", scope="forms:read", returns=Figures)
def show_form_figures(_: Call[Nothing], form_id: str) -> Figures:
    """Count visits and submissions of a form."""
    return Figures(figures=service.figures(f"form#{form_id}"))


@api.on("GET /pages/{page_id}/figures", scope="pages:read", returns=Figures)
def show_page_figures(_: Call[Nothing], page_id: str) -> Figures:
    """Count visits of a page."""
    return Figures(figures=service.figures(f"page#{page_id}"))


@api.on(
    "GET /scoring-models/{scoring_model_id}/insights",
    scope="scoring-models:read",
    query=InsightsQuery,
    returns=ModelInsights,
)
def show_scoring_model_insights(call: Call[Nothing], scoring_model_id: str) -> ModelInsights:
    """Show how a model's scores are spread over buckets and grades, and how many changed day by day."""
    return scores.insights(scoring_model_id, call.query.months, call.now)
