"""Checks a scoring model as a whole and compiles its rules; every problem is found at once (decision 18)."""

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.conditions import dependencies
from chalicelib.conditions.behaviour import Deed, Window
from chalicelib.conditions.catalogue import Catalogue
from chalicelib.conditions.clauses import ClauseCompiler, Test
from chalicelib.conditions.compiler import TreeCompiler
from chalicelib.conditions.dependencies import Dependency
from chalicelib.conditions.durations import Duration
from chalicelib.errors import Invalid, Problem
from chalicelib.scoring import grades
from chalicelib.scoring.model import Frequency, Grade, Rule, RuleCondition, ScoringModel

MOST_RULES = 40
"""RSC-5."""


class Occurrences(Struct, frozen=True):
    """A condition about interactions: which, how they score, and how many at least."""

    deed: Deed
    frequency: Frequency
    times: int


class RecordTests(Struct, frozen=True):
    """What one record of the entity has to satisfy, all of it (decision 5); nothing asks for a record only (SCO-12)."""

    entity: str
    tests: tuple[Test, ...]
    timed: bool
    """Whether the answer depends on the time at which one asks."""


class CompiledRule(Struct, frozen=True):
    """What has to hold for the points; and of interactions how many, how often."""

    id: str
    name: str
    points: int
    records: tuple[RecordTests, ...]
    occurrences: tuple[Occurrences, ...]


class CompiledModel(Struct, frozen=True):
    """A model that can score."""

    rules: tuple[CompiledRule, ...]
    grades: tuple[Grade, ...]
    sales_ready_score: int
    dependencies: frozenset[Dependency]
    interactions: Mapping[str, timedelta | None]
    """The interaction types it reads and how far back the score now needs them; None is without end."""


def compile_model(model: ScoringModel, catalogue: Catalogue) -> CompiledModel:
    """Return the model compiled. Raise Invalid with all its problems."""
    problems = _problems_of_whole(model)
    zone = _zone(model.time_zone)
    if zone is None:
        problems.append(Problem("/time_zone", f"There is no time zone {model.time_zone}."))
    compiler = _RuleCompiler(catalogue, zone or ZoneInfo("UTC"), problems)
    rules = [compiler.compile(rule, f"/rules/{at}") for at, rule in enumerate(model.rules)]
    if problems:
        raise Invalid("The scoring model cannot go live as it stands.", problems)
    return CompiledModel(
        rules=tuple(rules),
        grades=model.grades,
        sales_ready_score=model.sales_ready_score or 0,
        dependencies=frozenset(compiler.dependencies),
        interactions=dependencies.longest_windows(compiler.reads),
    )


def problems_of(model: ScoringModel, catalogue: Catalogue) -> tuple[Problem, ...]:
    """Return everything that keeps the model from going live."""
    try:
        compile_model(model, catalogue)
    except Invalid as refused:
        return refused.problems
    return ()


def _problems_of_whole(model: ScoringModel) -> list[Problem]:
    problems = list(grades.problems_of(model.grades))
    if model.sales_ready_score is None:
        problems.append(Problem("/sales_ready_score", "Say from which score on a lead is ready for sales."))
    if not model.rules:
        problems.append(Problem("/rules", "The model has no rule."))
    if len(model.rules) > MOST_RULES:
        problems.append(Problem("/rules", f"A model has at most {MOST_RULES} rules."))
    ids = [rule.id for rule in model.rules]
    problems += [
        Problem(f"/rules/{at}/id", f"There are two rules {id_}.") for at, id_ in enumerate(ids) if id_ in ids[:at]
    ]
    return problems


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


class _RuleCompiler:
    def __init__(self, catalogue: Catalogue, zone: ZoneInfo, problems: list[Problem]) -> None:
        self._catalogue = catalogue
        self._zone = zone
        self._problems = problems
        self._clauses = ClauseCompiler(zone, problems)
        self._tree = TreeCompiler(catalogue, zone, problems)
        self.dependencies: set[Dependency] = set()
        self.reads: list[tuple[str, Duration | None]] = []

    def compile(self, rule: Rule, place: str) -> CompiledRule:
        """Compile a rule as far as it has no problems."""
        self._check(rule, place)
        tests: dict[str, tuple[Test, ...]] = {}
        occurrences: list[Occurrences] = []
        for at, condition in enumerate(rule.conditions):
            where = f"{place}/conditions/{at}"
            if condition.entity in self._catalogue.entities:
                tests[condition.entity] = tests.get(condition.entity, ()) + self._record(condition, where)
            else:
                occurrences += self._interaction(condition, where)
        records = tuple(
            RecordTests(entity, asked, any(test.span is not None for test in asked)) for entity, asked in tests.items()
        )
        return CompiledRule(rule.id, rule.name, rule.points, records, tuple(occurrences))

    def _refuse(self, place: str, message: str) -> None:
        self._problems.append(Problem(place, message))

    def _check(self, rule: Rule, place: str) -> None:
        if not rule.conditions:
            self._refuse(f"{place}/conditions", "A rule needs at least one condition.")
        if rule.points == 0:
            self._refuse(f"{place}/points", "A rule gives points or takes some; 0 does neither.")
        if [condition.frequency for condition in rule.conditions].count(Frequency.EACH) > 1:
            self._refuse(f"{place}/conditions", "Only one condition of a rule can score each time.")

    def _record(self, condition: RuleCondition, place: str) -> tuple[Test, ...]:
        for setting in ("frequency", "times", "within"):
            if getattr(condition, setting) is not None:
                self._refuse(f"{place}/{setting}", f"{condition.entity} is a record: only interactions have this.")
        fields = self._catalogue.entities[condition.entity]
        self.dependencies |= {Dependency(f"{condition.entity}.{clause.field}") for clause in condition.where}
        tests = [
            self._clauses.of_record(clause, clause.field, fields, f"{place}/where/{at}")
            for at, clause in enumerate(condition.where)
        ]
        return tuple(replace(test, field=f"{condition.entity}.{test.field}") for test in tests if test is not None)

    def _interaction(self, condition: RuleCondition, place: str) -> list[Occurrences]:
        frequency = condition.frequency or Frequency.AT_LEAST
        if condition.times is not None and frequency is not Frequency.AT_LEAST:
            self._refuse(f"{place}/times", "Only at_least takes a number of times.")
        tests = self._tree.where(condition.entity, condition.where, place, "entity")
        if tests is None:
            return []
        self.dependencies |= set(dependencies.of_interactions(condition.entity, condition.where))
        self.reads.append((condition.entity, condition.within))
        deed = Deed(condition.entity, tests, Window(condition.within, self._zone), condition.include_machine)
        return [Occurrences(deed, frequency, condition.times or 1)]


def _timed(tests: tuple[Test, ...]) -> bool:
    return any(test.span is not None for test in tests)
