"""Who hears of what: every fact, and the queues of the reactions to it."""

from collections.abc import Mapping
from typing import Any

from chalicelib.definitions.jobs import Work, works
from chalicelib.interactions.router import routes
from chalicelib.settings import settings

Fact = Mapping[str, Any]

SETTLED = {"none", "human"}  # verdicts that cause something at once; undecided facts wait, machines cause nothing


def queues_for(fact: Fact) -> tuple[str, ...]:
    """Return the queues that hear of a fact (docs/architecture.md has the same table in words)."""
    name = fact["fact"]
    if name == "interaction.recorded":
        return _interaction(fact)
    return REACTIONS.get(name, ())


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
    return ("rescore", "membership", "wake", "count", *entering)


DELAYS: dict[str, int] = {"verdict": int(settings.verdict_delay_seconds)}
"""Seconds that a queue's messages wait before they can be had."""

WORKS: dict[str, Work] = {}
"""Every kind of bulk work, by the name that definitions.jobs knows it by."""


def connect() -> None:
    """Tell the mechanism what only the assembled application knows: who hears of what, and what bulk work there is."""
    routes.queues_for, routes.delays = queues_for, DELAYS
    works.update(WORKS)
