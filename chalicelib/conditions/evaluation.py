"""Asks compiled conditions: does it hold, why, and when will time alone change that."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product
from typing import Any

from msgspec import Struct

from chalicelib.conditions.changes import combine
from chalicelib.conditions.facts import ABSENT, Facts, Record
from chalicelib.conditions.nodes import Binding, Compiled, DeedNode, FieldNode, Group, Negation, Node


class Reason(Struct, frozen=True):
    """How one clause was answered: where it stands, what it says, whether it holds, and the value or count it saw."""

    place: str
    text: str
    holds: bool
    saw: Any


class Answer(Struct, frozen=True):
    """Whether it holds and why; until before `changes_at` time alone changes nothing in `holds` (None: never)."""

    holds: bool
    reasons: tuple[Reason, ...]
    changes_at: datetime | None


class _Scene(Struct, frozen=True):
    facts: Facts
    now: datetime
    bound: dict[str, Record]


def evaluate(compiled: Compiled, facts: Facts, now: datetime) -> Answer:
    """Answer the condition from the facts at the instant `now`."""
    return _judge(compiled.root, _Scene(facts, now, {}))


def _judge(node: Node, scene: _Scene) -> Answer:
    match node:
        case FieldNode(place, entity, test):
            record = scene.bound[entity]
            holds, changes_at = test.judge(record, scene.now)
            return Answer(holds, (Reason(place, test.text, holds, test.saw(record)),), changes_at)
        case DeedNode(place, frequency):
            holds, count, changes_at = frequency.judge(scene.facts, scene.now)
            return Answer(holds, (Reason(place, frequency.text, holds, count),), changes_at)
        case Negation(inner):
            answer = _judge(inner, scene)
            return Answer(not answer.holds, answer.reasons, answer.changes_at)
        case Group(nodes, every):
            answers = [_judge(inner, scene) for inner in nodes]
            return _together(answers, [reason for answer in answers for reason in answer.reasons], every=every)
        case Binding():
            return _bind(node, scene)


def _bind(binding: Binding, scene: _Scene) -> Answer:
    """One record has to satisfy all of it; where there is no record, its fields are absent (decision 5)."""
    choices = [scene.facts.records(entity) or (ABSENT,) for entity in binding.entities]
    answers = [
        _judge(
            binding.node,
            _Scene(scene.facts, scene.now, {**scene.bound, **dict(zip(binding.entities, chosen, strict=True))}),
        )
        for chosen in product(*choices)
    ]
    telling = next((answer for answer in answers if answer.holds), answers[0])
    return _together(answers, every=False, reasons=telling.reasons)


def _together(answers: Sequence[Answer], reasons: Iterable[Reason], *, every: bool) -> Answer:
    holds, changes_at = combine([(answer.holds, answer.changes_at) for answer in answers], every=every)
    return Answer(holds, tuple(reasons), changes_at)
