"""What wakes a resting enrolment: wait rows for facts, delayed messages and the agenda for time."""

import math
from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib import queues
from chalicelib.dynamodb import Write, commit
from chalicelib.interactions.plans import HUMAN, NONE
from chalicelib.journeys import plans
from chalicelib.journeys.document import IfThen, JourneyDocument
from chalicelib.journeys.models import Enrolment, Wait
from chalicelib.journeys.rules import Awaited, all_awaited
from chalicelib.journeys.schedule import deadline
from chalicelib.journeys.state import State

SOON = timedelta(minutes=15)
Wake = tuple[str, str | None]
"""An enrolment, and the tile that a fact calls it at; None where its time has come."""


def mark(state: State) -> str:
    """Return the name of the visit that wait rows were written for."""
    return f"{state.tile}#{state.visit}"


def _awaited(enrolment: Enrolment, state: State, document: JourneyDocument) -> list[Awaited]:
    tile = document.tiles[state.tile or ""]
    return list(all_awaited(tile, enrolment.enrolment_id, state.trail)) if isinstance(tile, IfThen) else []


def only_for(enrolment: Enrolment, state: State, document: JourneyDocument, made: Container[str]) -> bool:
    """Return whether the tile waits for nothing but facts about sends that are being made: none can have come yet."""
    return all(each.field == "send_id" and each.literal in made for each in _awaited(enrolment, state, document))


def rows(enrolment: Enrolment, state: State, document: JourneyDocument) -> list[Write]:
    """Return the rows that let facts wake the enrolment at the tile it stands at."""
    tile = document.tiles[state.tile or ""]
    if not isinstance(tile, IfThen):
        return []
    until = deadline(tile, state.arrived, document.zone)
    wanted = sorted({(each.type, each.literal) for each in _awaited(enrolment, state, document)})
    return [
        plans.await_fact(enrolment, type_, literal, state.tile or "", until, each)
        for type_, literal in wanted
        for each in enrolment.people
    ]


def write_rows(enrolment: Enrolment, state: State, document: JourneyDocument) -> str:
    """Write what the tile waits for, once a visit, and return the visit's mark."""
    if enrolment.waits != mark(state):
        for row in rows(enrolment, state, document):
            commit([row])
    return mark(state)


def call_back(enrolment_id: str, until: datetime, now: datetime) -> None:
    """Let a queue wake what rests for less than 15 minutes; the agenda wakes the rest, and what the queue lost."""
    if until - now <= SOON:
        delay = min(900, max(0, math.ceil((until - now).total_seconds())))
        queues.send("wake", [{"fact": "due", "enrolment": enrolment_id}], delay=delay)


def woken_by(fact: Mapping[str, Any]) -> list[Wake]:
    """Return the enrolments that a fact, or their time, wakes."""
    name = fact["fact"]
    if name == "due":
        return [(fact["enrolment"], None)]
    if name == "enrolment.created":
        return [(fact["id"], None)]
    if name == "rebuild":  # a resync: whatever waits for a fact looks whether it has happened
        every = Wait.query(f"CONTACT#{fact['contact']}", Wait.sk.startswith("WAIT#"), consistent_read=True)
        return list(dict.fromkeys((row.enrolment_id, row.tile) for row in every))
    if not name.startswith("interaction.") or fact["verdict"] not in {NONE, HUMAN}:
        return []
    rows = Wait.query(f"CONTACT#{fact['contact']}", Wait.sk.startswith(f"WAIT#{fact['type']}#"), consistent_read=True)
    return [(row.enrolment_id, row.tile) for row in rows if row.literal in fact["about"]]
