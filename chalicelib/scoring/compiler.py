"""Checks a scoring model as a whole and compiles its rules; every problem is found at once (decision 18)."""

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.conditions import dependencies, paths
from chalicelib.conditions.behaviour import Deed, Window
from chalicelib.conditions.catalogue import Catalogue
from chalicelib.conditions.clauses import ClauseCompiler, Test
from chalicelib.conditions.compiler import TreeCompiler, compile_condition
from chalicelib.conditions.dependencies import Dependency
from chalicelib.conditions.durations import Duration
from chalicelib.conditions.nodes import Compiled
from chalicelib.conditions.operators import RELATIVE
from chalicelib.conditions.paths import Path
from chalicelib.conditions.schemas import Condition
from chalicelib.errors import Invalid, Problem
from chalicelib.scoring import grades, targets
from chalicelib.scoring.model import Frequency, Grade, Rule, RuleCondition, ScoringModel, Target

MOST_RULES = 40
"""RSC-5."""


class RecordTests(Struct, frozen=True):
    """What one record of the entity has to satisfy, all of it (decision 5)."""

    entity: str
    """The name of the path to it."""
    tests: tuple[Test, ...]
    timed: bool
    """Whether the answer depends on the time at which one asks."""
    there: bool = False
    """Whether there has to be a record (SCO-12); else where there is none, its values are absent."""


class Occurrences(Struct, frozen=True):
    """A condition about interactions: which, how they score, how many at least, and what is asked of who did it."""

    deed: Deed
    frequency: Frequency
    times: int
    done_by: RecordTests | None = None


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
    target: Target = Target.CONTACT
    entry: Compiled | None = None
    """What a lead has to be like to be scored at all (RSC-2)."""
    own_only: bool = False
    """Whether only interactions that belong to the lead itself count (RSC-7)."""
    paths: Mapping[str, Path] = field(default_factory=dict)
    """The records that it asks about, by the names of the paths to them."""

    @property
    def concerns(self) -> frozenset[str]:
        """Every entity on its paths."""
        passed = {entity for path in self.paths.values() for entity, _ in path.passes}
        return frozenset(passed | {path.entity for path in self.paths.values()})

    def passes(self, entity: str, relation: str) -> bool:
        """Return whether one of its paths leads from the entity along the relation."""
        return any((entity, relation) in path.passes for path in self.paths.values())


def compile_model(model: ScoringModel, catalogue: Catalogue) -> CompiledModel:
    """Return the model compiled. Raise Invalid with all its problems."""
    problems = _problems_of_whole(model)
    zone = _zone(model.time_zone)
    if zone is None:
        problems.append(Problem("/time_zone", f"There is no time zone {model.time_zone}."))
    compiler = _RuleCompiler(catalogue, zone or ZoneInfo("UTC"), problems, model.target)
    rules = [compiler.compile(rule, f"/rules/{at}") for at, rule in enumerate(model.rules)]
    entry = compiler.entry(model.entry) if model.entry is not None else None
    if problems:
        raise Invalid("The scoring model cannot go live as it stands.", problems)
    return CompiledModel(
        rules=tuple(rules),
        grades=tuple(grades.plain(grade) for grade in model.grades),
        sales_ready_score=model.sales_ready_score or 0,
        dependencies=frozenset(compiler.dependencies),
        interactions=dependencies.longest_windows(compiler.reads),
        target=model.target,
        entry=entry,
        own_only=not model.count_contact_interactions,
        paths=compiler.paths,
    )


def problems_of(model: ScoringModel, catalogue: Catalogue) -> tuple[Problem, ...]:
    """Return everything that keeps the model from going live."""
    try:
        compile_model(model, catalogue)
    except Invalid as refused:
        return refused.problems
    return ()


def _problems_of_whole(model: ScoringModel) -> list[Problem]:
    problems = [*grades.problems_of(model.grades), *targets.problems_of(model)]
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
    def __init__(self, catalogue: Catalogue, zone: ZoneInfo, problems: list[Problem], target: Target) -> None:
        self._catalogue = catalogue
        self._of_accounts = target is Target.ACCOUNT
        self._zone = zone
        self._problems = problems
        self._clauses = ClauseCompiler(zone, problems, customised=catalogue.customised)
        self._tree = TreeCompiler(catalogue, zone, problems)
        self.dependencies: set[Dependency] = set()
        self.reads: list[tuple[str, Duration | None]] = []
        self.paths: dict[str, Path] = {}

    def compile(self, rule: Rule, place: str) -> CompiledRule:
        """Compile a rule as far as it has no problems."""
        self._check(rule, place)
        tests: dict[str, tuple[Test, ...]] = {}
        there: set[str] = set()
        occurrences: list[Occurrences] = []
        for at, condition in enumerate(rule.conditions):
            where = f"{place}/conditions/{at}"
            if condition.entity.partition(".")[0] in self._catalogue.interactions:
                occurrences += self._interaction(condition, where)
            elif path := self._path(condition, where):
                tests[path.name] = tests.get(path.name, ()) + self._record(condition, path, where)
                there |= set() if condition.where else {path.name}
        records = tuple(RecordTests(name, asked, _timed(asked), name in there) for name, asked in tests.items())
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

    def entry(self, condition: Condition) -> Compiled | None:
        """Compile what a lead has to be like; nothing but its own fields can be asked."""
        own = {paths.LEAD: self._catalogue.entities.get(paths.LEAD, {})}
        of_lead = Catalogue(own, customised=self._catalogue.customised)
        try:
            compiled = compile_condition(condition, of_lead, self._zone, "/entry")
        except Invalid as refused:
            self._problems += refused.problems
            return None
        self.dependencies |= compiled.dependencies
        return compiled

    def _path(self, condition: RuleCondition, place: str) -> Path | None:
        """Return the path to the records that are asked, or None where it has problems; noted either way."""
        try:
            if condition.entity.partition(".")[0] in self._catalogue.interactions:
                path = paths.of_interaction(condition.entity, self._catalogue)
            else:
                path = paths.resolve(condition.entity, self._catalogue)
            if self._of_accounts:
                targets.require_path(path)
        except Invalid as refused:
            self._refuse(f"{place}/entity", str(refused))
            return None
        self.paths[path.name] = path
        for entity, relation in path.passes:
            by = self._catalogue.relations.get(entity, {}).get(relation)
            self.dependencies |= {Dependency(f"{entity}.{by.by}")} if by and by.by else set()
        return path

    def _record(self, condition: RuleCondition, path: Path, place: str) -> tuple[Test, ...]:
        for setting in ("frequency", "times", "within"):
            if getattr(condition, setting) is not None:
                self._refuse(f"{place}/{setting}", f"{condition.entity} is a record: only interactions have this.")
        return self._tests(condition, path, place)

    def _tests(self, condition: RuleCondition, path: Path, place: str) -> tuple[Test, ...]:
        fields = self._catalogue.entities[path.entity]
        self.dependencies |= {Dependency(f"{path.entity}.{clause.field}") for clause in condition.where}
        tests = [
            self._clauses.of_record(clause, clause.field, fields, f"{place}/where/{at}")
            for at, clause in enumerate(condition.where)
        ]
        return tuple(replace(test, field=f"{path.name}.{test.field}") for test in tests if test is not None)

    def _interaction(self, condition: RuleCondition, place: str) -> list[Occurrences]:
        frequency = condition.frequency or Frequency.AT_LEAST
        if condition.times is not None and frequency is not Frequency.AT_LEAST:
            self._refuse(f"{place}/times", "Only at_least takes a number of times.")
        type_, _, further = condition.entity.partition(".")
        if self._of_accounts:
            self._problems += targets.problems_of_interaction(type_, condition, place)
        done_by = self._done_by(condition, place) if further else None
        tests = () if further else self._tree.where(type_, condition.where, place, "entity")
        if tests is None:
            return []
        self.dependencies |= set(dependencies.of_interactions(type_, () if further else condition.where))
        self.reads.append((type_, condition.within))
        deed = Deed(type_, tests, Window(condition.within, self._zone), condition.include_machine)
        return [Occurrences(deed, frequency, condition.times or 1, done_by)]

    def _done_by(self, condition: RuleCondition, place: str) -> RecordTests | None:
        """Compile what a path behind an interaction asks of who did it, as it is now (SCO-20)."""
        for at, clause in enumerate(condition.where):
            if clause.operator in RELATIVE:
                where = f"{place}/where/{at}/operator"
                self._refuse(where, "Ask this of the record in a condition of its own: it changes with the time.")
        path = self._path(condition, place)
        return RecordTests(path.name, self._tests(condition, path, place), timed=False) if path else None


def _timed(tests: tuple[Test, ...]) -> bool:
    return any(test.span is not None for test in tests)
