"""How many scores a second of one core computes: 10 rules, 50 interactions, contributions included."""

from datetime import UTC, datetime, timedelta
from time import process_time

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType
from chalicelib.conditions.facts import Facts, Interaction, KnownFacts
from chalicelib.scoring.compiler import CompiledModel, compile_model
from chalicelib.scoring.engine import score
from chalicelib.scoring.model import ScoringModel

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TYPES = ("EmailOpened", "EmailClicked", "WebsiteVisited", "FormSubmitted", "EventCheckIn")
LEADS = 200
PASSES = 5


def score_evaluations_per_second(rounds: int = 100) -> float:
    """Score different leads, a part of them above the threshold; the best round counts: others measure neighbours."""
    model = _model()
    leads = [_facts(lead) for lead in range(LEADS)]

    def seconds() -> float:
        began = process_time()
        for _ in range(PASSES):
            for facts in leads:
                score(model, facts, NOW)
        return process_time() - began

    return PASSES * LEADS / min(seconds() for _ in range(rounds))


def _facts(lead: int) -> Facts:
    """50 interactions of five types over about a year, a city and a country, different for each lead."""
    interactions = [
        Interaction(
            id=f"{lead}-{number}",
            type=TYPES[number * (lead + 1) % len(TYPES)],
            at=NOW - timedelta(hours=number * 170 + lead),
            attributes={"email_id": f"email-{number % 4}", "page_id": f"page-{(number + lead) % 9}"},
        )
        for number in range(50)
    ]
    contact = {"city": ("London", "Paris", "Łódź")[lead % 3], "country": ("England", "France")[lead % 2]}
    return KnownFacts.of({"contact": [contact], "lead": [{"budget": lead * 100}]}, interactions)


def _model() -> CompiledModel:
    fields = {"city": Field(FieldType.TEXT), "country": Field(FieldType.TEXT)}
    catalogue = Catalogue({"contact": fields, "lead": {"budget": Field(FieldType.NUMBER)}}).merged(
        Catalogue.of_interactions(TYPES)
    )
    return compile_model(ScoringModel.model_validate({"name": "Bench", "sales_ready_score": 150, **_RULES}), catalogue)


def _rule(number: int, points: int, *conditions: dict[str, object]) -> dict[str, object]:
    return {"id": f"rule-{number}", "name": f"Rule {number}", "points": points, "conditions": conditions}


def _where(field: str, operator: str, value: object) -> list[dict[str, object]]:
    return [{"field": field, "operator": operator, "values": [value]}]


_RULES = {
    "grades": [{"name": "Cold", "max": 39}, {"name": "Warm", "min": 40, "max": 99}, {"name": "Hot", "min": 100}],
    "rules": [
        _rule(0, 70, {"entity": "contact", "where": _where("city", "equals", "London")}),
        _rule(1, 40, {"entity": "contact", "where": _where("country", "equals", "England")}),
        _rule(2, 20, {"entity": "lead", "where": _where("budget", "at_least", 10_000)}),
        _rule(3, 2, {"entity": "EmailOpened", "frequency": "each", "within": "P90D"}),
        _rule(4, 10, {"entity": "EmailClicked", "where": _where("email_id", "equals", "email-1")}),
        _rule(5, 15, {"entity": "WebsiteVisited", "times": 3, "within": "P30D"}),
        _rule(
            6, 25, {"entity": "FormSubmitted"}, {"entity": "contact", "where": _where("country", "equals", "France")}
        ),
        _rule(7, -20, {"entity": "EmailOpened", "frequency": "none", "within": "P60D"}),
        _rule(8, 5, {"entity": "WebsiteVisited", "frequency": "each", "where": _where("page_id", "equals", "page-3")}),
        _rule(9, 30, {"entity": "EventCheckIn", "within": "P180D"}),
    ],
}


if __name__ == "__main__":
    print(f"{score_evaluations_per_second():,.0f} evaluations a second")
