"""What the journeys table holds of a person."""

from chalicelib.holdings import Held, Holding, Nobody, Noun, Reached
from chalicelib.journeys.models import Burst, Closing, Enrolment, Inside, JourneysItem, Raised, Refusal, Wait

HOLDING = Holding(
    JourneysItem,
    (
        Held(Raised, lambda person, row: row.contact_id in person.contacts),
        Reached(Enrolment),
        Reached(Burst),
        Reached(Refusal),
        Reached(Wait, shown=False),
        Reached(Inside, shown=False),
        Nobody(Closing, "How far a search has come."),
    ),
    partitions={Noun.CONTACT: "CONTACT#"},
)
