"""What the insights table holds of a person: nothing; figures stay as they are when somebody goes."""

from chalicelib.holdings import Holding, Nobody
from chalicelib.insights.models import Count, Counted, InsightsItem

HOLDING = Holding(
    InsightsItem,
    (
        Nobody(Counted, "A hash of a fact; 30 days."),
        Nobody(Count, "Figures."),
    ),
)
