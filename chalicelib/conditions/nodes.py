"""Compiled conditions: a tree that is asked, with a note of the records over which each group ranges (decision 5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.conditions.behaviour import Frequency
from chalicelib.conditions.clauses import Test
from chalicelib.conditions.dependencies import Dependency


@dataclass(frozen=True, slots=True)
class FieldNode:
    place: str
    entity: str
    test: Test


@dataclass(frozen=True, slots=True)
class DeedNode:
    place: str
    frequency: Frequency


@dataclass(frozen=True, slots=True)
class Negation:
    node: "Node"


@dataclass(frozen=True, slots=True)
class Group:
    """Every one (`every`) or any one of the nodes."""

    nodes: tuple["Node", ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Binding:
    """There is a record of each entity for which the node holds: one and the same for all that is nested in it."""

    entities: tuple[str, ...]
    node: "Node"


Node = FieldNode | DeedNode | Negation | Group | Binding


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition that has been checked and can be asked."""

    root: Node
    dependencies: frozenset[Dependency]
    entities: frozenset[str]
    interactions: Mapping[str, timedelta | None]
    """The interaction types it reads, and how far back; None reads all of them."""
