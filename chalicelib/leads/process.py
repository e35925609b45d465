"""A lead's business process: its stages, and what moves a lead between them; pure (reference 7).

Every rule takes the process as an argument: the one with five stages that is shipped (shipped.py), or one that users
have published.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from chalicelib.conditions.changes import earliest
from chalicelib.conditions.clauses import value_at
from chalicelib.conditions.evaluation import Answer, evaluate
from chalicelib.conditions.facts import Facts
from chalicelib.conditions.nodes import Compiled
from chalicelib.errors import Conflict, Problem, Unprocessable
from chalicelib.leads.actions import Action


class Flag(StrEnum):
    """What people and scores say of a lead."""

    TELEPROSPECT_READY = "teleprospect_ready"
    TELEPROSPECT_ACCEPTED = "teleprospect_accepted"
    SALES_READY = "sales_ready"
    SALES_ACCEPTED = "sales_accepted"
    RECYCLED = "recycled"


class Event(StrEnum):
    """What may move a lead by itself: being marked, the first score of any model, a score at its threshold."""

    TELEPROSPECT_READY = Flag.TELEPROSPECT_READY.value
    TELEPROSPECT_ACCEPTED = Flag.TELEPROSPECT_ACCEPTED.value
    SALES_READY = Flag.SALES_READY.value
    SALES_ACCEPTED = Flag.SALES_ACCEPTED.value
    FIRST_SCORE = "first_score"
    THRESHOLD = "threshold"


class Queue(StrEnum):
    """Whose work the leads of a stage are."""

    TELEPROSPECTING = "teleprospecting"
    SALES = "sales"


class StageInfo(Struct, frozen=True):
    """A stage: the fields that support it, what a lead needs to leave it and to enter it, and what entering causes."""

    id: str
    name: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    entry: str = ""
    exit: str = ""
    enters_if: Compiled | None = None
    leaves_if: Compiled | None = None
    queue: Queue | None = None
    accepts: Flag | None = None
    """What accepting a lead here marks it as; None where nothing waits to be accepted."""
    actions: tuple[Action, ...] = ()


class AutomaticMove(Struct, frozen=True):
    """An event leads to a stage, from every earlier one or from those that are named."""

    on: Event
    to: str
    only_from: tuple[str, ...] = ()


class Hindrances(Struct, frozen=True):
    """What keeps a lead from a stage; until before `changes_at` time alone changes nothing in it (None: never)."""

    problems: Sequence[Problem]
    changes_at: datetime | None


class HandOver(Struct, frozen=True):
    """Being marked gives a lead to another process (BPF-8), at the stage that `stages` names for the one it leaves."""

    on: Event
    process_id: str
    stages: Mapping[str, str] = field(default_factory=dict)


class Process(Struct, frozen=True):
    """A version of a business process."""

    id: str
    version: int
    stages: tuple[StageInfo, ...]
    moves: tuple[AutomaticMove, ...] = ()
    returned_to: str = ""
    """The stage of a lead that sales give back; the first where nothing is said."""
    hand_over: HandOver | None = None

    @property
    def first(self) -> str:
        return self.stages[0].id

    def stage(self, stage_id: str) -> StageInfo | None:
        return next((info for info in self.stages if info.id == stage_id), None)

    def number(self, stage_id: str) -> int:
        """Return where a stage stands, from 1; 0 for one that the process does not have."""
        return next((number for number, info in enumerate(self.stages, start=1) if info.id == stage_id), 0)

    def after(self, stage_id: str) -> str | None:
        """Return the stage that comes next."""
        number = self.number(stage_id)
        return self.stages[number].id if number < len(self.stages) else None

    def leads_to(self, event: Event, stage_id: str) -> str | None:
        """Return where an event moves a lead from a stage: what moves by itself moves only forward (decision 14)."""
        here = self.number(stage_id)
        return next(
            (
                move.to
                for move in self.moves
                if move.on is event and self.number(move.to) > here and stage_id in (move.only_from or (stage_id,))
            ),
            None,
        )


class Position(Struct, frozen=True):
    """Where a lead stands."""

    stage: str
    flags: frozenset[Flag] = frozenset()
    open: bool = True


class Step(Struct, frozen=True):
    """What changes: the stage (None: it stays) and flags. `back` is a step that nothing may hinder."""

    stage: str | None = None
    flags: Mapping[Flag, bool] = field(default_factory=dict)
    back: bool = False

    def __bool__(self) -> bool:
        return self.stage is not None or bool(self.flags)


STAY = Step()


def _require_open(position: Position) -> None:
    if not position.open:
        raise Conflict("This lead is closed. Open it again first.")


def move(process: Process, position: Position, to: str) -> Step:
    """Move to any stage by hand, forward or back (BPF-2). Raises Conflict for a closed lead, Unprocessable."""
    _require_open(position)
    if process.stage(to) is None:
        known = ", ".join(info.id for info in process.stages)
        raise Unprocessable("The lead's process has no such stage.", [Problem("stage", f"Its stages are {known}.")])
    return STAY if to == position.stage else Step(to)


def complete(process: Process, position: Position) -> Step:
    """Complete the stage and activate the next one (BPF-1). Raises Conflict at the last stage, for a closed lead."""
    _require_open(position)
    to = process.after(position.stage)
    if to is None:
        raise Conflict("This is the last stage of the process; qualify or disqualify the lead.")
    return Step(to)


def mark(process: Process, position: Position, flag: Flag) -> Step:
    """Set a flag by hand, which moves the lead forward (7.2). Raises Conflict for a closed lead."""
    _require_open(position)
    return _mark(process, position, flag)


def _mark(process: Process, position: Position, flag: Flag) -> Step:
    if flag in position.flags:
        return STAY
    return Step(process.leads_to(Event(flag.value), position.stage), {flag: True})


def accept(process: Process, position: Position) -> Step:
    """Accept what lies with the operator or the salesperson. Raises Conflict where nothing waits to be accepted."""
    _require_open(position)
    info = process.stage(position.stage)
    if info is None or info.accepts is None:
        where = " or at ".join(each.name for each in process.stages if each.accepts)
        raise Conflict(f"A lead is accepted at {where}; this one is at neither." if where else "Nothing is accepted.")
    step = _mark(process, position, info.accepts)
    return step or Step(process.leads_to(Event(info.accepts.value), position.stage))


SALES_SIDE = frozenset(Flag) - {Flag.RECYCLED}


def return_to_marketing(process: Process, position: Position) -> Step:
    """Give a lead back for further nurturing (LEAD-7): it is recycled, and has to become ready anew.

    Raises Conflict where it is with marketing already.
    """
    _require_open(position)
    to = process.returned_to or process.first
    if process.number(position.stage) <= process.number(to) and not position.flags & SALES_SIDE:
        raise Conflict("This lead is with marketing already.")
    cleared = dict.fromkeys(sorted(position.flags & SALES_SIDE), False)
    return Step(None if position.stage == to else to, {**cleared, Flag.RECYCLED: True}, back=True)


def first_score(process: Process, position: Position) -> Step:
    """The first contribution from any model starts the nurturing (BPF-7, decision 14); closed leads stay."""
    return Step(process.leads_to(Event.FIRST_SCORE, position.stage)) if position.open else STAY


def reached(process: Process, position: Position) -> Step:
    """A score that reached its threshold makes the lead ready for sales (BPF-5, BPF-6); closed leads stay."""
    if not position.open or Flag.SALES_READY in position.flags:
        return STAY
    by_score = process.leads_to(Event.THRESHOLD, position.stage)
    return Step(by_score or process.leads_to(Event.SALES_READY, position.stage), {Flag.SALES_READY: True})


def hands_over(process: Process, marks: Mapping[Flag, bool]) -> HandOver | None:
    """Return the hand-over to another process that being marked so brings about (BPF-8)."""
    given = process.hand_over
    return given if given is not None and marks.get(Flag(given.on.value)) else None


def landing(process: Process, stage_id: str, mapped: Mapping[str, str]) -> str:
    """Return where a lead stands in `process` after another one: as mapped, else at the same id, else first (BPF-3)."""
    wanted = mapped.get(stage_id, stage_id)
    return wanted if process.stage(wanted) is not None else process.first


def hindrances(process: Process, leaving: str, entering: str, facts: Facts, now: datetime) -> Hindrances:
    """Return everything that keeps a lead from going from one stage to another.

    What a stage asks for before it is left is asked of those who go forward; whoever goes back owes nothing (BPF-2).
    """
    here, there = process.stage(leaving), process.stage(entering)
    found: list[Problem] = []
    asked: list[tuple[Compiled | None, str]] = []
    if here is not None and process.number(entering) > process.number(leaving):
        [record] = facts.records("lead")
        lacking = [name for name in here.required if _lacks(name, value_at(record, name))]
        found += [Problem(name, f"Fill this in before the lead leaves {here.name}.") for name in lacking]
        asked.append((here.leaves_if, f"It leaves {here.name} only if"))
    if there is not None:
        asked.append((there.enters_if, f"It enters {there.name} only if"))
    answers = [(evaluate(condition, facts, now), only_if) for condition, only_if in asked if condition is not None]
    denied = [problem for answer, only_if in answers if not answer.holds for problem in _denied(answer, only_if)]
    return Hindrances([*found, *denied], earliest([answer.changes_at for answer, _ in answers]))


def queue_of(process: Process, position: Position) -> Queue | None:
    """Return whose work a lead is: of sales only what is ready for sales (LEAD-10), of teleprospectors their stages."""
    if not position.open:
        return None
    if Flag.SALES_READY in position.flags:
        return Queue.SALES
    info = process.stage(position.stage)
    theirs = info is not None and info.queue is Queue.TELEPROSPECTING
    return Queue.TELEPROSPECTING if theirs else None


MARKS = frozenset(flag.value for flag in Flag)


def _lacks(name: str, value: object) -> bool:
    """Return whether a required field is missing; a mark that is not set is, another “no” is an answer."""
    return value in (None, "") or (name in MARKS and value is False)


def _denied(answer: Answer, only_if: str) -> list[Problem]:
    return [Problem("stage", f"{only_if} {text}.") for text in dict.fromkeys(each.text for each in answer.reasons)]
