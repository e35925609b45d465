"""Checks conditions against the catalogue and compiles them; finds every problem at once (decisions 4 and 18)."""

from datetime import UTC, tzinfo

from chalicelib.conditions import dependencies
from chalicelib.conditions.behaviour import Deed, Frequency, Window
from chalicelib.conditions.catalogue import Catalogue
from chalicelib.conditions.clauses import ClauseCompiler, Test
from chalicelib.conditions.nodes import Binding, Compiled, DeedNode, FieldNode, Group, Negation, Node
from chalicelib.conditions.schemas import AllOf, AnyOf, AttributeClause, BehaviourClause, Condition, Not
from chalicelib.errors import Invalid, Problem

DEEPEST = 8
MOST_CLAUSES = 100

Tests = tuple[Test, ...]


def compile_condition(condition: Condition, catalogue: Catalogue, zone: tzinfo = UTC, place: str = "") -> Compiled:
    """Return the condition compiled. Raise Invalid with all its problems, each with its place below `place`."""
    problems: list[Problem] = []
    node = TreeCompiler(catalogue, zone, problems).compile(condition, place)
    if problems or node is None:
        raise Invalid("The condition cannot be used as it stands.", problems)
    clauses = list(dependencies.clauses(condition))
    return Compiled(
        node,
        frozenset(dependency for clause in clauses for dependency in dependencies.of_clause(clause)),
        frozenset(clause.field.partition(".")[0] for clause in clauses if isinstance(clause, AttributeClause)),
        dependencies.longest_windows(
            (clause.interaction, clause.within) for clause in clauses if isinstance(clause, BehaviourClause)
        ),
    )


def problems_of(condition: Condition, catalogue: Catalogue, zone: tzinfo = UTC, place: str = "") -> tuple[Problem, ...]:
    """Return everything that keeps the condition from being published."""
    try:
        compile_condition(condition, catalogue, zone, place)
    except Invalid as refused:
        return refused.problems
    return ()


class TreeCompiler:
    """Compiles a tree of conditions; None stands for what has problems, which go on the list."""

    def __init__(self, catalogue: Catalogue, zone: tzinfo, problems: list[Problem]) -> None:
        self._catalogue = catalogue
        self._zone = zone
        self._problems = problems
        self._clauses = ClauseCompiler(zone, problems, customised=catalogue.customised)
        self._left = MOST_CLAUSES

    def compile(
        self, condition: Condition, place: str, bound: frozenset[str] = frozenset(), depth: int = 0
    ) -> Node | None:
        if depth > DEEPEST:
            self._refuse(place, f"Groups may be nested at most {DEEPEST} deep.")
            return None
        match condition:
            case AttributeClause():
                return self._field(condition, place, bound)
            case BehaviourClause():
                return self._deed(condition, place)
            case Not(condition=inner):
                node = self.compile(inner, f"{place}/not", bound, depth + 1)
                return None if node is None else Negation(node)
            case _:
                return self._group(condition, place, bound, depth)

    def where(self, interaction: str, clauses: tuple[AttributeClause, ...], place: str, key: str) -> Tests | None:
        """Compile the tests of an interaction's attributes; None where the type or one of them has problems."""
        fields = self._catalogue.interactions.get(interaction)
        if fields is None:
            self._refuse(f"{place}/{key}", f"There is no interaction {interaction}.")
            return None
        tests = [
            self._clauses.of_interaction(clause, fields, f"{place}/where/{at}") for at, clause in enumerate(clauses)
        ]
        compiled = tuple(test for test in tests if test is not None)
        return compiled if len(compiled) == len(tests) else None

    def _refuse(self, place: str, message: str) -> None:
        self._problems.append(Problem(place, message))

    def _count(self, place: str) -> None:
        self._left -= 1
        if self._left == -1:
            self._refuse(place, f"A condition has at most {MOST_CLAUSES} clauses.")

    def _field(self, clause: AttributeClause, place: str, bound: frozenset[str]) -> Node | None:
        self._count(place)
        entity, _, name = clause.field.partition(".")
        fields = self._catalogue.entities.get(entity)
        if fields is None or not name:
            self._refuse(f"{place}/field", f"There is no field {clause.field}.")
            return None
        test = self._clauses.of_record(clause, name, fields, place)
        if test is None:
            return None
        node = FieldNode(place, entity, test)
        return node if entity in bound else Binding((entity,), node)

    def _deed(self, clause: BehaviourClause, place: str) -> Node | None:
        self._count(place)
        if clause.at_least is not None and clause.exactly is not None:
            self._refuse(f"{place}/exactly", "Say either at_least or exactly.")
        tests = self.where(clause.interaction, clause.where, place, "interaction")
        if tests is None:
            return None
        deed = Deed(clause.interaction, tests, Window(clause.within, self._zone), clause.include_machine)
        return DeedNode(place, _frequency(deed, clause))

    def _group(self, group: AllOf | AnyOf, place: str, bound: frozenset[str], depth: int) -> Node | None:
        every = isinstance(group, AllOf)
        place = f"{place}/{'all' if every else 'any'}"
        if not group.conditions:
            self._refuse(place, "This group is empty: put a condition in or take the group out.")
            return None
        binds = _named(group) - bound
        parts: list[Node | None] = [
            self.compile(condition, f"{place}/{at}", bound | binds, depth + 1)
            for at, condition in enumerate(group.conditions)
        ]
        nodes = tuple(node for node in parts if node is not None)
        if len(nodes) < len(parts):
            return None
        return Binding(tuple(sorted(binds)), Group(nodes, every)) if binds else Group(nodes, every)


def _named(group: AllOf | AnyOf) -> frozenset[str]:
    """Return the entities that clauses directly in the group name: it means one record of each."""
    return frozenset(part.field.partition(".")[0] for part in group.conditions if isinstance(part, AttributeClause))


def _frequency(deed: Deed, clause: BehaviourClause) -> Frequency:
    if clause.exactly is not None:
        return Frequency(deed, clause.exactly.__eq__, f"{_said(clause)} exactly {clause.exactly} times")
    least = clause.at_least or 1
    return Frequency(deed, least.__le__, f"{_said(clause)} at least {least} times")


def _said(clause: BehaviourClause) -> str:
    where = " and ".join(f"{part.field} {part.operator.replace('_', ' ')} {list(part.values)}" for part in clause.where)
    within = f" within {clause.within}" if clause.within else ""
    return clause.interaction + (f" where {where}" if where else "") + within
