"""What the activities table holds of a person: what somebody was to do about the person or its leads."""

from collections.abc import Callable, Iterator

from chalicelib.activities.models import ActivitiesItem, Activity, Note
from chalicelib.dynamodb import Key
from chalicelib.holdings import Holding, Noun, Reached


def _regarding(kind: Noun) -> Callable[[str], Iterator[Key]]:
    def found(identity: str) -> Iterator[Key]:
        for item in ActivitiesItem.by_regarding.query(f"{kind}#{identity}"):
            yield Key(Activity, item.pk, item.sk)

    return found


HOLDING = Holding(
    ActivitiesItem,
    (Reached(Activity), Reached(Note)),
    partitions={Noun.CONTACT: "CONTACT#", Noun.LEAD: "LEAD#"},
    found={Noun.CONTACT: _regarding(Noun.CONTACT), Noun.LEAD: _regarding(Noun.LEAD)},
)
