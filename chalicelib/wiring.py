"""Who hears of what: every fact, and the queues of the reactions to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Fact = Mapping[str, Any]

SETTLED = {"none", "human"}  # verdicts that cause something at once; undecided facts wait, machines cause nothing


def queues_for(fact: Fact) -> tuple[str, ...]:
    """Return the queues that hear of a fact (docs/architecture.md has the same table in words)."""
    name = fact["fact"]
    if name == "interaction.recorded":
        return _interaction(fact)
    return REACTIONS.get(name, ())


VISITS = {"FormSubmitted", "FormVisited", "WebsiteVisited"}
"""What a person does on a page, which decides earlier who clicked to get there (decision 35)."""

REACTIONS: dict[str, tuple[str, ...]] = {
    "contact.created": ("membership", "business"),
    "contact.changed": ("rescore", "membership", "business"),
    "contact.deleted": ("membership",),
    "preferences.changed": ("rescore", "membership", "enrol"),
    "interaction.decided": ("rescore", "membership", "wake", "count"),
    "lead.created": ("rescore", "membership", "business", "count"),
    "lead.changed": ("rescore",),
    "segment.joined": ("enrol",),
    "segment.left": ("enrol",),
    "send.queued": ("send",),
    "send.settled": ("sent", "count"),
    "enrolment.created": ("wake", "count"),
    "enrolment.ended": ("count",),
    "burst.recorded": ("count",),
    "trigger.raised": ("enrol",),
    "submission.pending": ("submissions",),
    "job.created": ("jobs",),
}


def _interaction(fact: Fact) -> tuple[str, ...]:
    if fact["verdict"] == "undecided":
        return ("verdict", "count")
    if fact["verdict"] not in SETTLED:
        return ("count",)
    entering = ("enrol",) if fact["type"] == "FormSubmitted" else ()
    confirming = ("confirm",) if fact["type"] in VISITS else ()
    return ("rescore", "membership", "wake", "count", *entering, *confirming)


@dataclass(frozen=True, slots=True)
class Agenda:
    """A kind of due work: the index it lies in, the queue of its work, and the message made of an item's key."""

    work: str
    queue: str
    by_due: Callable[[], Any]
    message: Callable[[str, str], dict[str, Any]]


def agendas() -> tuple[Agenda, ...]:
    """Return every domain's due work, for the poller."""
    from chalicelib.definitions.models import DefinitionsItem
    from chalicelib.journeys.models import JourneysItem
    from chalicelib.messages.models import MessagesItem
    from chalicelib.segments.models import SegmentsItem

    return (
        Agenda("enrolment", "wake", lambda: JourneysItem.by_due, _enrolment),
        Agenda("membership", "membership", lambda: SegmentsItem.by_due, _contact),
        Agenda("send", "send", lambda: MessagesItem.by_due, lambda pk, _: {"fact": "due", "id": _id(pk)}),
        Agenda("job", "jobs", lambda: DefinitionsItem.by_due, lambda pk, _: {"fact": "due", "id": _id(pk)}),
    )


def _id(pk: str) -> str:
    return pk.partition("#")[2]


def _contact(pk: str, _: str) -> dict[str, Any]:
    return {"fact": "due", "contact": _id(pk)}


def _enrolment(pk: str, sk: str) -> dict[str, Any]:
    _, journey, occurrence = sk.split("#")
    return {"fact": "due", "enrolment": f"{_id(pk)}.{journey}.{occurrence}"}
