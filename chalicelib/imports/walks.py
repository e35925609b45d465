"""What the slices of a run come to, each batch of rows once, whatever is repeated or races."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from chalicelib.definitions import walks
from chalicelib.dynamodb import SHARDS, ConditionFailed, commit
from chalicelib.imports.models import Walk

KEPT = timedelta(days=90)
MOST_ERRORS = 100  # that are shown without fetching the file of them

Batch = list[int]
"""The page and the row within it that a batch begins with; a slice takes its batches in their order."""


class Told(Struct, frozen=True):
    """What a batch came to: sums by outcome, its first errors, a part of the file of errors and its rows."""

    sums: Mapping[str, int]
    errors: Sequence[Mapping[str, Any]] = ()
    part: tuple[str, int] | None = None


class Totals(Struct):
    """What all slices have come to so far."""

    sums: Counter[str] = field(default_factory=Counter)
    errors: list[Mapping[str, Any]] = field(default_factory=list)
    parts: list[tuple[str, int]] = field(default_factory=list)


def begun(of: str, number: int) -> Walk:
    return walks.begun(Walk, of, number, errors=[])


def taken(walk: Walk, batch: Batch) -> bool:
    return list(walk.last) >= batch


def take(walk: Walk, batch: Batch, told: Told, now: datetime) -> None:
    """Write down what a batch came to; if another worker was quicker with it, nothing."""
    errors = [*walk.errors, *told.errors][: MOST_ERRORS // SHARDS + 1]
    try:
        commit([walks.moved(walk, batch, told.sums, now + KEPT, told.part, errors=errors)])
    except ConditionFailed:
        if not taken(begun(walk.pk, int(walk.sk[-2:])), batch):
            raise


def totals(of: str) -> Totals:
    """Return what a run has come to so far."""
    found = Totals()
    for walk in walks.found(Walk, of):
        found.sums.update(walk.sums)
        found.errors += walk.errors
        found.parts += [(key, rows) for key, rows in walk.parts]
    found.errors.sort(key=lambda each: int(each["row"]))
    return found
