"""A model's rules as sentences in a person's words, to be read only (SCO-15); pure."""

import re
from collections.abc import Iterator, Sequence

from chalicelib.conditions.durations import Duration
from chalicelib.conditions.schemas import AllOf, AnyOf, AttributeClause, BehaviourClause, Condition, Not, Operator
from chalicelib.errors import Invalid
from chalicelib.scoring import grades
from chalicelib.scoring.model import Frequency, Grade, Rule, RuleCondition, ScoringModel

SAID: dict[Operator, str] = {
    Operator.EQUALS: "is",
    Operator.NOT_EQUALS: "is not",
    Operator.IN: "is one of",
    Operator.NOT_IN: "is none of",
    Operator.NOT_CONTAINS: "does not contain",
    Operator.CONTAINS_ALL: "contains all of",
    Operator.CONTAINS_ANY: "contains any of",
    Operator.CONTAINS_NONE: "contains none of",
    Operator.LESS_THAN: "is less than",
    Operator.AT_MOST: "is at most",
    Operator.MORE_THAN: "is more than",
    Operator.AT_LEAST: "is at least",
    Operator.BETWEEN: "lies between",
    Operator.BEFORE: "is before",
    Operator.AFTER: "is after",
    Operator.ON: "is on",
    Operator.ON_OR_BEFORE: "is on or before",
    Operator.ON_OR_AFTER: "is on or after",
    Operator.IN_LAST: "lies in the last",
    Operator.IN_NEXT: "lies in the next",
}
LENGTHS = {Operator.IN_LAST, Operator.IN_NEXT}


def of_model(model: ScoringModel) -> Iterator[str]:
    """Yield what holds for the model as a whole."""
    if model.minimum_consent is not None:
        yield f"Only leads whose contact has given the consent level {model.minimum_consent} or higher are scored."
    if model.sales_ready_score is not None:
        yield f"From {model.sales_ready_score} points on a lead is ready for sales."
    if model.entry is not None:
        yield f"Only leads are scored where {of_tree(model.entry)}."
    if not model.count_contact_interactions:
        yield "Of what the contact did, only what belongs to the lead itself counts."
    yield from (_of_grade(grades.plain(grade)) for grade in model.grades)


def of_rule(rule: Rule) -> str:
    """Return a rule as a sentence."""
    gives = f"Gives {rule.points}" if rule.points >= 0 else f"Takes {-rule.points}"
    each = any(condition.frequency is Frequency.EACH for condition in rule.conditions)
    conditions = " and ".join(map(of_condition, rule.conditions)) or "nothing is asked"
    return f"{gives} {'point' if abs(rule.points) == 1 else 'points'}{' each time' if each else ''} when {conditions}."


def of_condition(condition: RuleCondition) -> str:
    entity, _, who = condition.entity.partition(".")
    clauses = [_of_clause(clause) for clause in condition.where]
    asks_how_often = condition.frequency or condition.times or condition.within
    if condition.entity[:1].isupper() or asks_how_often:
        return happening(
            entity,
            condition.frequency or Frequency.AT_LEAST,
            condition.times or 1,
            condition.within,
            [f"{words(who)} {clause}" if who else clause for clause in clauses],
            machines=condition.include_machine,
        )
    named = words(condition.entity)
    return " and ".join(f"{named} {clause}" for clause in clauses) or f"there is a record: {named}"


def of_tree(condition: Condition) -> str:
    """Return a condition with its groups in words."""
    match condition:
        case AttributeClause():
            return _of_clause(condition)
        case AllOf():
            return f"({' and '.join(map(of_tree, condition.conditions))})"
        case AnyOf():
            return f"({' or '.join(map(of_tree, condition.conditions))})"
        case Not():
            return f"it is not so that {of_tree(condition.condition)}"
        case BehaviourClause():
            return words(condition.interaction)


def happening(
    interaction: str,
    frequency: Frequency,
    times: int,
    within: Duration | None,
    clauses: Sequence[str],
    *,
    machines: bool,
) -> str:
    """Return a condition about interactions in words."""
    named = f"“{words(interaction)}”"
    often = {
        Frequency.EACH: f"{named} is recorded",
        Frequency.NONE: f"no {named} is recorded",
        Frequency.AT_LEAST: f"{named} is recorded at least {'once' if times == 1 else f'{times} times'}",
    }[frequency]
    lately = f" within {of_duration(within)}" if within is not None else ""
    asked = f", where {' and '.join(clauses)}" if clauses else ""
    return f"{often}{lately}{asked}{', by people or machines' if machines else ''}"


def of_duration(length: Duration) -> str:
    """Return a duration in words, such as 30 days."""
    parts = [(getattr(length, name), name) for name in length.__struct_fields__]
    said = [f"{number} {name.removesuffix('s') if number == 1 else name}" for number, name in parts if number]
    return " and ".join(said)


def words(name: str) -> str:
    """Return a name of the catalogue as people write it: EmailClicked is email clicked, job_title is job title."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_.]", " ", name).lower()


def _of_clause(clause: AttributeClause) -> str:
    said = SAID.get(clause.operator, clause.operator.replace("_", " "))
    if clause.operator in LENGTHS and clause.values:
        return f"{words(clause.field)} {said} {_length(clause.values[0])}"
    joint = " and " if clause.operator in {Operator.BETWEEN, Operator.CONTAINS_ALL} else " or "
    values = joint.join(f"“{value}”" if isinstance(value, str) else str(value).lower() for value in clause.values)
    return f"{words(clause.field)} {said} {values}".rstrip()


def _length(given: object) -> str:
    """Return how long something is in words; as it is written where a draft has something else there."""
    try:
        return of_duration(Duration.parse(given))
    except Invalid:
        return f"“{given}”"


def _of_grade(grade: Grade) -> str:
    if grade.min is None and grade.max is None:
        return f"Every score has the grade {grade.name}."
    if grade.min is None:
        return f"Up to {grade.max} points the grade is {grade.name}."
    if grade.max is None:
        return f"From {grade.min} points on the grade is {grade.name}."
    return f"From {grade.min} to {grade.max} points the grade is {grade.name}."
