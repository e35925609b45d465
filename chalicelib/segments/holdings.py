"""What the segments table holds of a person."""

from chalicelib.holdings import Holding, Nobody, Noun, Reached
from chalicelib.segments.models import Evaluation, Interval, Member, Membership, SegmentsItem

HOLDING = Holding(
    SegmentsItem,
    (
        Reached(Membership),
        Reached(Interval),
        Reached(Evaluation, shown=False),
        Nobody(Member, "Goes with the membership, whose other side it is."),
    ),
    partitions={Noun.CONTACT: "CONTACT#"},
)
