"""How leads from LinkedIn are matched, over HTTP (LNK-4)."""

from collections.abc import Sequence
from http import HTTPStatus

from chalicelib.capture.linkedin import matching
from chalicelib.capture.linkedin.models import Strategy
from chalicelib.capture.linkedin.schemas import NewStrategy, Strategies, StrategyView
from chalicelib.http import Api, Call, Nothing

api = Api(__name__)


@api.on(
    "POST /linkedin-strategies",
    scope="linkedin:write",
    body=NewStrategy,
    returns=StrategyView,
    status=HTTPStatus.CREATED,
)
def create_linkedin_strategy(call: Call[NewStrategy]) -> StrategyView:
    """Make a way to match leads from LinkedIn; it counts once it is activated."""
    new = call.body
    made = matching.create(
        call.new_id,
        new.name,
        new.lead_fields,
        always_create_lead=new.always_create_lead,
        enable_contact_creation=new.enable_contact_creation,
        now=call.now,
    )
    [view] = _views([made])
    return view


@api.on("GET /linkedin-strategies", scope="linkedin:read", returns=Strategies)
def list_linkedin_strategies(call: Call[Nothing]) -> Strategies:
    """List the ways to match leads from LinkedIn."""
    return Strategies(items=_views(matching.records(call.now)))


@api.on("POST /linkedin-strategies/{strategy_id}/activate", scope="linkedin:write", returns=StrategyView)
def activate_linkedin_strategy(call: Call[Nothing], strategy_id: str) -> StrategyView:
    """Let a strategy replace the active one."""
    [view] = _views([matching.activate(strategy_id, call.now)])
    return view


@api.on("DELETE /linkedin-strategies/{strategy_id}", scope="linkedin:write")
def delete_linkedin_strategy(_: Call[Nothing], strategy_id: str) -> None:
    """Delete a strategy that is not active."""
    matching.remove(strategy_id)


def _views(found: Sequence[Strategy]) -> list[StrategyView]:
    return [
        StrategyView(
            id=each.strategy.strategy_id,
            name=each.strategy.name,
            active=each.active,
            lead_fields=list(each.lead_fields),
            always_create_lead=each.strategy.always_create_lead,
            enable_contact_creation=each.strategy.enable_contact_creation,
        )
        for each in matching.shown(found)
    ]
