"""The lead's business process: five stages, and what moves a lead between them; pure (reference 7)."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from chalicelib.errors import Conflict


class Stage(StrEnum):
    INQUIRY = "inquiry"
    MARKETING_QUALIFICATION = "automated_marketing_qualification"
    TELEPROSPECTING_ACCEPTANCE = "teleprospecting_acceptance"
    TELEPROSPECTING_QUALIFICATION = "teleprospecting_qualification"
    SALES_ACCEPTANCE = "sales_acceptance"


class Flag(StrEnum):
    """What people and scores say of a lead."""

    TELEPROSPECT_READY = "teleprospect_ready"
    TELEPROSPECT_ACCEPTED = "teleprospect_accepted"
    SALES_READY = "sales_ready"
    SALES_ACCEPTED = "sales_accepted"
    RECYCLED = "recycled"


class StageInfo(Struct, frozen=True):
    """A stage as people see it: the fields that support it, how a lead enters and how it leaves."""

    stage: Stage
    name: str
    fields: tuple[str, ...]
    entry: str
    exit: str


STAGES: tuple[StageInfo, ...] = (
    StageInfo(
        Stage.INQUIRY,
        "Inquiry",
        ("contact_id", "account_id"),
        "A new lead.",
        "The first score, or by hand.",
    ),
    StageInfo(
        Stage.MARKETING_QUALIFICATION,
        "Automated marketing qualification",
        ("sales_ready", "teleprospect_ready"),
        "The first score from any model, or by hand.",
        "Sales ready leads to sales acceptance, teleprospecting ready to teleprospecting acceptance.",
    ),
    StageInfo(
        Stage.TELEPROSPECTING_ACCEPTANCE,
        "Teleprospecting acceptance",
        ("teleprospect_accepted",),
        "Marked ready for teleprospecting.",
        "An operator accepts the lead.",
    ),
    StageInfo(
        Stage.TELEPROSPECTING_QUALIFICATION,
        "Teleprospecting qualification",
        (
            "need",
            "purchase_timeframe",
            "purchase_process",
            "budget_amount",
            "decision_maker",
            "do_not_bulk_email",
            "description",
            "sales_ready",
        ),
        "Accepted for teleprospecting.",
        "Marked ready for sales.",
    ),
    StageInfo(
        Stage.SALES_ACCEPTANCE,
        "Sales acceptance",
        ("owner_id", "sales_accepted"),
        "Marked ready for sales, by hand or by a score.",
        "A salesperson accepts the lead and works it.",
    ),
)
NUMBER: Mapping[Stage, int] = {info.stage: number for number, info in enumerate(STAGES, start=1)}


class Position(Struct, frozen=True):
    """Where a lead stands."""

    stage: Stage
    flags: frozenset[Flag] = frozenset()
    open: bool = True


class Step(Struct, frozen=True):
    """What changes: the stage (None: it stays) and flags."""

    stage: Stage | None = None
    flags: Mapping[Flag, bool] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.stage is not None or bool(self.flags)


STAY = Step()

LEADS_TO: Mapping[Flag, Stage] = {
    Flag.TELEPROSPECT_READY: Stage.TELEPROSPECTING_ACCEPTANCE,
    Flag.TELEPROSPECT_ACCEPTED: Stage.TELEPROSPECTING_QUALIFICATION,
    Flag.SALES_READY: Stage.SALES_ACCEPTANCE,
}
"""Being marked moves a lead; ready for sales skips the stages of teleprospecting (BPF-5)."""


def _require_open(position: Position) -> None:
    if not position.open:
        raise Conflict("This lead is closed. Open it again first.")


def _forward(position: Position, to: Stage) -> Stage | None:
    """What moves by itself moves only forward (decision 14)."""
    return to if NUMBER[to] > NUMBER[position.stage] else None


def move(position: Position, to: Stage) -> Step:
    """Move to any stage by hand, forward or back (BPF-2). Raises Conflict for a closed lead."""
    _require_open(position)
    return STAY if to is position.stage else Step(to)


def mark(position: Position, flag: Flag) -> Step:
    """Set a flag by hand, which moves the lead forward (7.2). Raises Conflict for a closed lead."""
    _require_open(position)
    return _mark(position, flag)


def _mark(position: Position, flag: Flag) -> Step:
    if flag in position.flags:
        return STAY
    return Step(_forward(position, LEADS_TO[flag]) if flag in LEADS_TO else None, {flag: True})


def accept(position: Position) -> Step:
    """Accept what lies with the operator or the salesperson. Raises Conflict where nothing waits to be accepted."""
    _require_open(position)
    if position.stage is Stage.TELEPROSPECTING_ACCEPTANCE:
        return _mark(position, Flag.TELEPROSPECT_ACCEPTED) or Step(Stage.TELEPROSPECTING_QUALIFICATION)
    if position.stage is Stage.SALES_ACCEPTANCE:
        return _mark(position, Flag.SALES_ACCEPTED)
    raise Conflict("A lead is accepted at Teleprospecting acceptance or at Sales acceptance; this one is at neither.")


SALES_SIDE = frozenset(Flag) - {Flag.RECYCLED}


def return_to_marketing(position: Position) -> Step:
    """Give a lead back for further nurturing (LEAD-7): it is recycled, and has to become ready anew.

    Raises Conflict where it is with marketing already.
    """
    _require_open(position)
    if NUMBER[position.stage] <= NUMBER[Stage.MARKETING_QUALIFICATION] and not position.flags & SALES_SIDE:
        raise Conflict("This lead is with marketing already.")
    cleared = dict.fromkeys(sorted(position.flags & SALES_SIDE), False)
    to = Stage.MARKETING_QUALIFICATION
    return Step(None if position.stage is to else to, {**cleared, Flag.RECYCLED: True})


def first_score(position: Position) -> Step:
    """The first contribution from any model starts the nurturing (BPF-7, decision 14); closed leads stay."""
    return Step(_forward(position, Stage.MARKETING_QUALIFICATION)) if position.open else STAY


def reached(position: Position) -> Step:
    """A score that reached its threshold makes the lead ready for sales (BPF-5, BPF-6); closed leads stay."""
    return _mark(position, Flag.SALES_READY) if position.open else STAY
