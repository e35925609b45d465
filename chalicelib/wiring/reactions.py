"""Facts and the queues that hear of them (docs/architecture.md has the same table in words)."""

from collections.abc import Mapping
from typing import Any

from chalicelib.insights.counting import OF_THE_LEDGER
from chalicelib.journeys.rules import AWAITED

Fact = Mapping[str, Any]

SETTLED = {"none", "human"}  # verdicts that cause something at once; undecided facts wait, machines cause nothing
BY_PEOPLE = {"FormSubmitted", "WebsiteVisited", "FormVisited"}  # whoever does this is a person (decision 35)

REACTIONS: dict[str, tuple[str, ...]] = {
    "account.changed": ("rescore", "membership"),
    "account.deleted": ("sweep",),
    "account.merged": ("rescore", "membership"),
    "account.joined": ("rescore",),
    "account.left": ("rescore",),
    "contact.created": ("membership", "business"),
    "contact.age": ("children",),
    "child.marked": ("children",),
    "contact.changed": ("rescore", "membership", "business"),
    "contact.merged": ("rescore", "membership", "enrol", "children"),
    "contact.deleted": ("rescore", "membership", "sweep"),
    "preferences.changed": ("rescore", "membership", "enrol"),
    "interaction.decided": ("rescore", "membership", "wake", "count"),
    "lead.entered": ("leads-work",),
    "lead.created": ("rescore", "membership", "business"),
    "lead.changed": ("rescore", "membership"),
    "lead.deleted": ("rescore", "membership", "sweep"),
    "score.changed": ("count",),
    "opportunity.created": ("rescore", "membership"),
    "opportunity.changed": ("rescore", "membership"),
    "opportunity.deleted": ("rescore", "membership"),
    "registration.created": ("rescore", "membership", "business"),
    "registration.changed": ("rescore", "membership", "business"),
    "registration.deleted": ("rescore", "membership"),
    "segment.joined": ("enrol",),
    "segment.left": ("enrol",),
    "send.queued": ("send",),
    "send.settled": ("sent", "count"),
    "confirmation.asked": ("send",),
    "enrolment.created": ("wake",),
    "enrolment.refused": ("count",),
    "burst.recorded": ("count",),
    "trigger.raised": ("enrol",),
    "subscription.joined": ("rescore", "membership", "enrol"),
    "subscription.left": ("rescore", "membership", "enrol"),
    "submission.pending": ("submissions",),
    "visit.recorded": ("count",),
    "visitor.identified": ("submissions",),
    "visitor.named": ("submissions",),
    "job.created": ("jobs",),
}


OF_CONTACTS = frozenset(
    f"{entity}.{what}" for entity in ("lead", "opportunity") for what in ("created", "changed", "deleted")
)


def queues_for(fact: Fact) -> tuple[str, ...]:
    """Return the queues that hear of a fact (docs/architecture.md has the same table in words)."""
    if fact["fact"] == "interaction.recorded":
        return _interaction(fact)
    if fact["fact"] in OF_CONTACTS and "contact" not in fact:
        return _of_no_contact(fact)
    return REACTIONS.get(fact["fact"], ())


def _of_no_contact(fact: Fact) -> tuple[str, ...]:
    """Memberships and triggers are a contact's (CORE-4); account-based leads have scores, a new orphan may get one."""
    deleted = ("sweep",) if fact["fact"] == "lead.deleted" else ()
    if "accounts" in fact:
        return ("rescore", *deleted)
    return ("leads-work",) if fact["fact"] == "lead.created" else deleted


def _interaction(fact: Fact) -> tuple[str, ...]:
    if fact["verdict"] == "undecided":
        return ("verdict",)
    if fact["verdict"] not in SETTLED:
        return ("count",)
    entering = ("enrol",) if fact["type"] == "FormSubmitted" else ()
    confirming = ("confirm",) if fact["type"] in BY_PEOPLE else ()
    counted_before = fact["type"] in OF_THE_LEDGER or fact.get("credited")  # as the visitor's, when it happened
    counted = () if counted_before else ("count",)
    waking = ("wake",) if fact["type"] in AWAITED else ()
    return ("rescore", "membership", *waking, *counted, *entering, *confirming)
