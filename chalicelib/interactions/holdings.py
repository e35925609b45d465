"""What the interactions table holds of a person; packed digests are shown as the rows that they are made of."""

from chalicelib.holdings import Holding, Noun, Reached
from chalicelib.interactions.models import Digest, Fact, Interaction, InteractionsItem, Late

HOLDING = Holding(
    InteractionsItem,
    (
        Reached(Interaction),
        Reached(Fact, shown=False),  # goes with the interaction that it is the source row of
        Reached(Digest, shown=False),
        Reached(Late, shown=False),
    ),
    partitions={Noun.CONTACT: "CONTACT#", Noun.VISITOR: "VISITOR#", Noun.SUBMISSION: "SUBMISSION#"},
)
