"""Who hears of what: every fact, and the queues of the reactions to it."""

from collections.abc import Mapping
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
    "preferences.changed": ("rescore", "membership"),
    "interaction.decided": ("rescore", "membership", "wake", "count"),
    "lead.created": ("rescore", "membership", "business", "count"),
    "lead.changed": ("rescore",),
    "segment.joined": ("enrol",),
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
