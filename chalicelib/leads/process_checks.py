"""What keeps a business process from going live; pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from chalicelib.conditions.catalogue import Catalogue, Fields
from chalicelib.conditions.compiler import problems_of
from chalicelib.conditions.paths import LEAD
from chalicelib.contacts.custom.asking import named_by
from chalicelib.contacts.custom.naming import named
from chalicelib.contacts.custom.record import is_custom
from chalicelib.contacts.normalise import email as read_email
from chalicelib.definitions.lifecycle import Reference
from chalicelib.errors import Invalid, Problem
from chalicelib.leads.actions import AssignTo
from chalicelib.leads.fields import FIELDS, SUPPORTING
from chalicelib.leads.process_schemas import (
    AnyAction,
    MoveDocument,
    NotifyAction,
    ProcessDocument,
    StageDocument,
    TaskAction,
    TriggerAction,
)
from chalicelib.leads.shipped import PROCESS_ID

KIND = "business-process"

TriggerCheck = Callable[[Mapping[str, Any], Mapping[str, Any]], Iterable[Problem]]
"""document of a live trigger, values → what is wrong with them."""

trigger_checks: list[TriggerCheck] = []
"""What triggers declare is known further down; chalicelib.wiring fills it."""


def problems(document: ProcessDocument, catalogue: Catalogue) -> list[Problem]:
    """Return everything that is wrong with a process in itself."""
    if not document.stages:
        return [Problem("/stages", "A process needs a first stage, at which its leads begin.")]
    found = [*_zone(document), *_stages(document), *_moves(document), *_targets(document)]
    zone = ZoneInfo(document.time_zone) if not list(_zone(document)) else ZoneInfo("UTC")
    for at, stage in enumerate(document.stages):
        place = f"/stages/{at}"
        found += _fields(stage, place, catalogue.entities.get(LEAD, {}))
        found += [each for number, action in enumerate(stage.actions) for each in _action(action, place, number)]
        for name in ("entry_condition", "exit_condition"):
            condition = getattr(stage, name)
            found += problems_of(condition, catalogue, zone, f"{place}/{name}") if condition is not None else []
    return found


def _zone(document: ProcessDocument) -> Iterator[Problem]:
    if document.time_zone not in available_timezones():
        yield Problem("/time_zone", "There is no time zone of this name; write one such as Europe/Copenhagen.")


def _stages(document: ProcessDocument) -> Iterator[Problem]:
    for name, said in (("id", "id"), ("name", "name")):
        seen: set[str] = set()
        for at, stage in enumerate(document.stages):
            if getattr(stage, name) in seen:
                yield Problem(f"/stages/{at}/{name}", f"There is another stage of this {said}.")
            seen.add(getattr(stage, name))


def _ids(document: ProcessDocument) -> list[str]:
    return [stage.id for stage in document.stages]


def _fields(stage: StageDocument, place: str, known: Fields) -> Iterator[Problem]:
    for at, name in enumerate(stage.fields):
        if name not in FIELDS and name not in known:
            yield Problem(f"{place}/fields/{at}", f"Leads have no field {name}.")
    for at, name in enumerate(stage.required):
        if name not in SUPPORTING and not (is_custom(name) and name in known):
            yield Problem(f"{place}/required/{at}", f"“{name}” is no field of leads that somebody fills in.")


def _moves(document: ProcessDocument) -> Iterator[Problem]:
    known, taken = _ids(document), Counter[tuple[str, str]]()
    for at, move in enumerate(document.moves):
        place = f"/moves/{at}"
        if move.to not in known:
            yield Problem(f"{place}/to", f"It leads to “{move.to}”, which is no stage of this process.")
            continue
        yield from _forward(move, known, place)
        taken.update((move.on.value, each) for each in move.only_from or known[: known.index(move.to)])
    for (event, stage), number in taken.items():
        if number > 1:
            yield Problem("/moves", f"“{event}” leads from “{stage}” to several stages; it can lead to one only.")


def _forward(move: MoveDocument, known: list[str], place: str) -> Iterator[Problem]:
    """What moves leads by itself leads forward only; so no lead ever goes round in circles."""
    if move.to == known[0]:
        yield Problem(f"{place}/to", "No stage comes before the first one, so nothing can lead there by itself.")
    for at, stage in enumerate(move.only_from):
        if stage not in known:
            yield Problem(f"{place}/only_from/{at}", f"“{stage}” is no stage of this process.")
        elif known.index(stage) >= known.index(move.to):
            circle = "It leads back, so leads would go round in circles; what moves by itself goes forward only."
            yield Problem(f"{place}/only_from/{at}", circle)


def _targets(document: ProcessDocument) -> Iterator[Problem]:
    known = _ids(document)
    if document.returned_to is not None and document.returned_to not in known:
        yield Problem("/returned_to", f"“{document.returned_to}” is no stage of this process.")
    if document.hand_over is not None:
        for stage in document.hand_over.stages:
            if stage not in known:
                yield Problem(f"/hand_over/stages/{stage}", f"“{stage}” is no stage of this process.")


def _action(action: AnyAction, place: str, number: int) -> Iterator[Problem]:
    place = f"{place}/actions/{number}"
    match action:
        case TaskAction() if (action.assign_to is AssignTo.LEAD_OWNER) != (action.to is None):
            yield Problem(f"{place}/to", "Name the user or the queue for “user” and “queue”, and only for them.")
        case NotifyAction():
            yield from _addresses(action.addresses, place)


def _addresses(addresses: Iterable[str], place: str) -> Iterator[Problem]:
    for at, address in enumerate(addresses):
        try:
            read_email(address, "addresses")
        except Invalid:
            yield Problem(f"{place}/addresses/{at}", "This is not an email address that mail can be sent to.")


def raised(document: ProcessDocument, triggers: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Yield what does not fit what the live triggers declare that stages raise; one that is not live is a reference."""
    for at, stage in enumerate(document.stages):
        for number, action in enumerate(stage.actions):
            if isinstance(action, TriggerAction) and action.trigger_id in triggers:
                for wrong in _mistakes(triggers[action.trigger_id], action.attributes):
                    place = f"/stages/{at}/actions/{number}/{wrong.field.replace('.', '/')}"
                    yield Problem(place, f"{wrong.message} The trigger {action.trigger_id} says so.")


def _mistakes(declared: Mapping[str, Any], values: Mapping[str, Any]) -> list[Problem]:
    return [wrong for check in trigger_checks for wrong in check(declared, values)]


def references(document: ProcessDocument) -> Iterator[Reference]:
    """Yield everything that a process names and that must be live."""
    for action in (each for stage in document.stages for each in stage.actions):
        match action:
            case NotifyAction():
                yield "email", action.email_id
            case TriggerAction():
                yield "trigger", action.trigger_id
    asked = [each for stage in document.stages for each in (stage.entry_condition, stage.exit_condition) if each]
    yield from named_by(asked)
    yield from named(LEAD, [name for stage in document.stages for name in (*stage.fields, *stage.required)])
    if document.hand_over is not None and document.hand_over.process_id != PROCESS_ID:
        yield KIND, document.hand_over.process_id
