"""Which business process a lead follows: the shipped one, or a version that was published; and what conditions ask."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from chalicelib.conditions import sources
from chalicelib.conditions.compiler import compile_condition
from chalicelib.conditions.facts import Facts, Interaction, KnownFacts, Record
from chalicelib.conditions.nodes import Compiled
from chalicelib.contacts.accounts import find_if_any
from chalicelib.contacts.fields import of_account
from chalicelib.definitions import live as definitions
from chalicelib.definitions.lifecycle import Checked, Document, Reference
from chalicelib.errors import Problem, Unprocessable
from chalicelib.leads import process_checks
from chalicelib.leads.actions import Action, CreateTask, Notify, RaiseTrigger
from chalicelib.leads.fields import record_of
from chalicelib.leads.models import Lead
from chalicelib.leads.process import AutomaticMove, HandOver, Process, StageInfo
from chalicelib.leads.process_checks import KIND
from chalicelib.leads.process_schemas import (
    AnyAction,
    HandOverDocument,
    NotifyAction,
    ProcessDocument,
    StageDocument,
    TaskAction,
    TriggerAction,
)
from chalicelib.leads.shipped import PROCESS_ID, SHIPPED

MOST_HAND_OVERS = 20


def of(lead: Lead) -> Process:
    """Return the process that a lead follows, in the version that it carries."""
    return SHIPPED if lead.process_id is None else published(lead.process_id, lead.process_version)


@lru_cache(maxsize=500)
def published(process_id: str, version: int) -> Process:
    """Return a version of a process; it never changes, so each process compiles it once. Raises NotFound."""
    if process_id == PROCESS_ID:
        return SHIPPED
    return compiled(
        process_id, version, ProcessDocument.model_validate(definitions.document(KIND, process_id, version))
    )


def live_if_any(process_id: str | None) -> Process | None:
    """Return what is live of a process that users have published, None where nothing is."""
    found = definitions.live(KIND, process_id) if process_id is not None else None
    return published(found.id, found.version) if found is not None else None


def live(process_id: str) -> Process:
    """Return what is live of a process. Raises Unprocessable."""
    if process_id == PROCESS_ID:
        return SHIPPED
    found = live_if_any(process_id)
    if found is None:
        raise Unprocessable("There is no such process live.", [Problem("process_id", "This process is not live.")])
    return found


def compiled(process_id: str, version: int, document: ProcessDocument) -> Process:
    """Return a document as rules read it; it was checked when it went live."""
    zone, given = ZoneInfo(document.time_zone), document.hand_over
    return Process(
        process_id,
        version,
        tuple(_stage(stage, zone) for stage in document.stages),
        tuple(AutomaticMove(each.on, each.to, tuple(each.only_from)) for each in document.moves),
        document.returned_to or "",
        HandOver(given.on, given.process_id, dict(given.stages)) if given is not None else None,
    )


def _stage(stage: StageDocument, zone: ZoneInfo) -> StageInfo:
    return StageInfo(
        id=stage.id,
        name=stage.name,
        fields=tuple(stage.fields),
        required=tuple(stage.required),
        entry=stage.entry,
        exit=stage.exit,
        enters_if=compile_condition(stage.entry_condition, sources.catalogue(), zone)
        if stage.entry_condition
        else None,
        leaves_if=compile_condition(stage.exit_condition, sources.catalogue(), zone) if stage.exit_condition else None,
        queue=stage.queue,
        accepts=stage.accepts,
        actions=tuple(_action(each) for each in stage.actions),
    )


def _action(written: AnyAction) -> Action:
    match written:
        case TaskAction():
            return CreateTask(written.subject, written.details, written.due_in, written.assign_to, written.to)
        case NotifyAction():
            return Notify(written.email_id, tuple(written.addresses))
        case TriggerAction():
            return RaiseTrigger(written.trigger_id, written.attributes)


def shipped_document() -> ProcessDocument:
    """Return the shipped process as somebody would write it, for one's own to begin with."""
    told = ("id", "name", "fields", "required", "entry", "exit", "queue", "accepts")
    stages = [{name: getattr(info, name) for name in told} for info in SHIPPED.stages]
    moves = [{"on": move.on, "to": move.to} for move in SHIPPED.moves]
    return ProcessDocument.model_validate({"stages": stages, "moves": moves, "returned_to": SHIPPED.returned_to})


# What keeps one from going live --------------------------------------------------------------------------------------


def check(document: ProcessDocument, process_id: str) -> Checked:
    """Return everything that keeps a process from going live, and what it names."""
    found = process_checks.problems(document, sources.current_catalogue())
    if not found and _comes_back(document, process_id):
        circle = "The processes would hand leads round in a circle: it comes back to this one."
        found.append(Problem("/hand_over/process_id", circle))
    if not found and document.hand_over is not None:
        found += _lands(document.hand_over)
    named = tuple(dict.fromkeys(process_checks.references(document)))
    return Checked([*found, *process_checks.raised(document, _triggers(named))], named)


def _triggers(named: Iterable[Reference]) -> dict[str, Document]:
    """Return what the live triggers among what a process names declare."""
    found = {each: definitions.live(kind, each) for kind, each in named if kind == "trigger"}
    return {each: live.document for each, live in found.items() if live is not None}


def _comes_back(document: ProcessDocument, process_id: str) -> bool:
    """Follow the hand-overs of what is live, which is a chain, for each process hands over to one at most."""
    named = document.hand_over.process_id if document.hand_over is not None else None
    for _ in range(MOST_HAND_OVERS):
        if named is None or named == process_id:
            return named is not None
        found = definitions.live(KIND, named)
        given = found.document.get("hand_over") if found is not None else None
        named = given["process_id"] if given else None
    return True


def _lands(hand_over: HandOverDocument) -> list[Problem]:
    """What leads are handed to has the stages that are named; one that is not live is told as a reference."""
    if hand_over.process_id != PROCESS_ID and definitions.live(KIND, hand_over.process_id) is None:
        return []
    target = live(hand_over.process_id)
    return [
        Problem(f"/hand_over/stages/{stage}", f"“{to}” is no stage of the process that leads are handed to.")
        for stage, to in hand_over.stages.items()
        if target.stage(to) is None
    ]


# What conditions are asked about -------------------------------------------------------------------------------------


class LeadFacts(Struct, frozen=True):
    """The facts of one lead: its own record, its own account where it has one, and what is known of its contact."""

    lead: Record
    shared: KnownFacts
    account: Record | None = None

    def records(self, entity: str) -> Sequence[Record]:
        if entity == "account" and self.account is not None:
            return (self.account,)
        return (self.lead,) if entity == "lead" else self.shared.records(entity)

    def interactions(self, type_: str, since: datetime | None, *, machines: bool) -> Sequence[Interaction]:
        return self.shared.interactions(type_, since, machines=machines)


def facts(lead: Lead, asked: Sequence[Compiled | None], now: datetime) -> Facts:
    """Read what conditions ask of a lead, which is nothing where there are none."""
    needed = [condition for condition in asked if condition is not None]
    entities = {entity for condition in needed for entity in condition.entities} - {"lead"}
    windows = {type_: length for condition in needed for type_, length in condition.interactions.items()}
    known = KnownFacts({}, {})
    if lead.contact_id is not None and (entities or windows):
        known = sources.gather(lead.contact_id, sorted(entities), dict.fromkeys(windows), now)
    account = find_if_any(lead.account_id) if "account" in entities else None
    return LeadFacts(record_of(lead), known, of_account(account) if account is not None else None)
