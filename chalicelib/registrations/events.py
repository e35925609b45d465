"""Which events are live, at which address, and whether registration is open."""

from datetime import datetime

from msgspec import Struct

from chalicelib.contacts import strategies
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked
from chalicelib.definitions.models import Definition
from chalicelib.dynamodb import Write, put
from chalicelib.errors import Conflict, NotFound, Problem
from chalicelib.registrations import checks
from chalicelib.registrations.models import EventAddress
from chalicelib.registrations.schemas import EventDocument, Matching

KIND = "event"
STRATEGIES = {
    Matching.EMAIL: "email",
    Matching.NAMES: "names",
    Matching.EMAIL_AND_NAMES: "email-and-names",
}
"""The matching strategy of each setting of EVT-10; all are shipped (decision 39)."""


class Event(Struct, frozen=True):
    """A live version of an event."""

    id: str
    name: str
    version: int
    document: EventDocument


def find(event: str) -> Event:
    """Return a live event by its id or its readable id. Raises NotFound: nothing else is shown (EVT-5)."""
    address = (
        None if live_definitions.live(KIND, event) else EventAddress.find(*EventAddress.at(event), consistent=False)
    )
    event_id = address.event_id if address is not None else event
    live = live_definitions.require_live(KIND, event_id, NotFound("There is no live event here (any more)."))
    name = definitions.names([(KIND, event_id)]).get((KIND, event_id), event_id)
    return Event(event_id, name, live.version, EventDocument.model_validate(live.document))


def is_closed(document: EventDocument, now: datetime) -> bool:
    """Return whether registration has ended: at the instant that the event names, else when it is over (EVT-11)."""
    return now >= (document.registration_ends_at or document.ends_at)


def check(document: EventDocument) -> Checked:
    """Return everything that keeps an event from going live, and the strategy that it holds while it is."""
    strategy_id = STRATEGIES[document.matching]
    problems = list(checks.problems_of(document))
    if not strategies.is_live(strategies.CONTACT, strategy_id):
        sentence = "Contacts are being prepared to be matched by this. Publish the event again in some minutes."
        problems.append(Problem("matching", sentence))
        return Checked(problems)
    return Checked(problems, strategies.held(strategies.CONTACT, strategy_id))


def going_live(definition: Definition) -> list[Write]:
    """Return the write that gives an event its readable id. Refused where another event has it."""
    readable = definition.document.get("readable_id")
    if readable is None:
        return []
    taken = Conflict("Another event has this readable id already.", [Problem("readable_id", readable)])
    free = EventAddress.pk.does_not_exist() | (EventAddress.event_id == definition.definition_id)
    address = EventAddress(*EventAddress.at(readable), event_id=definition.definition_id)
    return [put(address, free, refused=taken)]
