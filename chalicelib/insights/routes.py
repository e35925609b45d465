"""Figures over HTTP."""

from chalicelib.http import Api, Call, Nothing
from chalicelib.insights import scores, service, websites
from chalicelib.insights.schemas import Figures, InsightsQuery, JourneyFigures, ModelInsights, WebsiteInsights
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


@api.on("GET /redirects/{redirect_id}/figures", scope="redirects:read", returns=Figures)
def show_redirect_figures(_: Call[Nothing], redirect_id: str) -> Figures:
    """Count who followed a redirect, in all and by country."""
    return Figures(figures=service.figures(f"redirect#{redirect_id}"))


@api.on(
    "GET /scoring-models/{scoring_model_id}/insights",
    scope="scoring-models:read",
    query=InsightsQuery,
    returns=ModelInsights,
)
def show_scoring_model_insights(call: Call[Nothing], scoring_model_id: str) -> ModelInsights:
    """Show how a model's scores are spread over buckets and grades, and how many changed day by day."""
    return scores.insights(scoring_model_id, call.query.months, call.now)


@api.on("GET /websites/{website_id}/insights", scope="websites:read", query=InsightsQuery, returns=WebsiteInsights)
def show_website_insights(call: Call[Nothing], website_id: str) -> WebsiteInsights:
    """Show a website's most seen pages, where its visitors come from, and its visits and clicks day by day."""
    return websites.insights(website_id, call.query.months, call.now)
