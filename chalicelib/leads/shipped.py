"""The business process that is always there: five stages from a new lead to its acceptance by sales (7.2)."""

from enum import StrEnum

from chalicelib.leads.process import AutomaticMove, Event, Flag, Process, Queue, StageInfo


class Stage(StrEnum):
    INQUIRY = "inquiry"
    MARKETING_QUALIFICATION = "automated_marketing_qualification"
    TELEPROSPECTING_ACCEPTANCE = "teleprospecting_acceptance"
    TELEPROSPECTING_QUALIFICATION = "teleprospecting_qualification"
    SALES_ACCEPTANCE = "sales_acceptance"


STAGES: tuple[StageInfo, ...] = (
    StageInfo(
        id=Stage.INQUIRY.value,
        name="Inquiry",
        fields=("contact_id", "account_id"),
        entry="A new lead.",
        exit="The first score, or by hand.",
    ),
    StageInfo(
        id=Stage.MARKETING_QUALIFICATION.value,
        name="Automated marketing qualification",
        fields=("sales_ready", "teleprospect_ready"),
        entry="The first score from any model, or by hand.",
        exit="Sales ready leads to sales acceptance, teleprospecting ready to teleprospecting acceptance.",
    ),
    StageInfo(
        id=Stage.TELEPROSPECTING_ACCEPTANCE.value,
        name="Teleprospecting acceptance",
        fields=("teleprospect_accepted",),
        entry="Marked ready for teleprospecting.",
        exit="An operator accepts the lead.",
        queue=Queue.TELEPROSPECTING,
        accepts=Flag.TELEPROSPECT_ACCEPTED,
    ),
    StageInfo(
        id=Stage.TELEPROSPECTING_QUALIFICATION.value,
        name="Teleprospecting qualification",
        fields=(
            "need",
            "purchase_timeframe",
            "purchase_process",
            "budget_amount",
            "decision_maker",
            "do_not_bulk_email",
            "description",
            "sales_ready",
        ),
        entry="Accepted for teleprospecting.",
        exit="Marked ready for sales.",
        queue=Queue.TELEPROSPECTING,
    ),
    StageInfo(
        id=Stage.SALES_ACCEPTANCE.value,
        name="Sales acceptance",
        fields=("owner_id", "sales_accepted"),
        entry="Marked ready for sales, by hand or by a score.",
        exit="A salesperson accepts the lead and works it.",
        queue=Queue.SALES,
        accepts=Flag.SALES_ACCEPTED,
    ),
)

MOVES: tuple[AutomaticMove, ...] = (
    AutomaticMove(Event.FIRST_SCORE, Stage.MARKETING_QUALIFICATION.value),
    AutomaticMove(Event.TELEPROSPECT_READY, Stage.TELEPROSPECTING_ACCEPTANCE.value),
    AutomaticMove(Event.TELEPROSPECT_ACCEPTED, Stage.TELEPROSPECTING_QUALIFICATION.value),
    AutomaticMove(Event.SALES_READY, Stage.SALES_ACCEPTANCE.value),
)
"""Being marked moves a lead; ready for sales skips the stages of teleprospecting (BPF-5)."""

PROCESS_ID = "lead-to-opportunity"
NAME = "Lead to opportunity marketing sales process"
SHIPPED = Process(PROCESS_ID, 1, STAGES, MOVES, Stage.MARKETING_QUALIFICATION.value)
