"""Compiled conditions: a tree that is asked, with a note of the records over which each group ranges (decision 5)."""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from chalicelib.conditions.behaviour import Frequency
from chalicelib.conditions.clauses import Test
from chalicelib.conditions.dependencies import Dependency


class FieldNode(Struct, frozen=True):
    place: str
    entity: str
    test: Test


class DeedNode(Struct, frozen=True):
    place: str
    frequency: Frequency


class Negation(Struct, frozen=True):
    node: "Node"


class Group(Struct, frozen=True):
    """Every one (`every`) or any one of the nodes."""

    nodes: tuple["Node", ...]
    every: bool


class Binding(Struct, frozen=True):
    """There is a record of each entity for which the node holds: one and the same for all that is nested in it."""

    entities: tuple[str, ...]
    node: "Node"


Node = FieldNode | DeedNode | Negation | Group | Binding


class Compiled(Struct, frozen=True):
    """A condition that has been checked and can be asked."""

    root: Node
    dependencies: frozenset[Dependency]
    entities: frozenset[str]
    interactions: Mapping[str, timedelta | None]
    """The interaction types it reads, and how far back; None reads all of them."""
