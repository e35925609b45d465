"""An oracle for scores that shares nothing with the engine: the same rules as SQL, computed by DuckDB.

Leads are made one by one from a seed, so that a hundred thousand of them need no memory: each is scored and its facts
are written to a file, which the database then reads.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import duckdb

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType
from chalicelib.conditions.facts import Interaction, KnownFacts, Verdict
from chalicelib.scoring.compiler import compile_model
from chalicelib.scoring.engine import score
from chalicelib.scoring.model import ScoringModel

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
TYPES = ("EmailOpened", "EmailClicked", "WebsiteVisited", "FormSubmitted", "EventCheckIn")
CITIES, COUNTRIES = ("London", "LONDON", "Paris", "Łódź", None), ("England", "France", "Ohio", None)
EMAILS, PAGES = ("email-0", "email-1", "email-2", None), ("page-0", "page-1", "page-2")
LENGTHS = {"P30D": "30 DAY", "P7D": "7 DAY", "PT36H": "36 HOUR", "P1M": "1 MONTH", "P1Y": "1 YEAR"}
DAY = timedelta(days=1)
MOST = 50  # interactions of a lead

CATALOGUE = Catalogue(
    {
        "contact": {"city": Field(FieldType.TEXT), "country": Field(FieldType.TEXT)},
        "lead": {"budget": Field(FieldType.NUMBER)},
    }
).merged(Catalogue.of_interactions(TYPES))
GRADES = [{"name": "Cold", "max": 0}, {"name": "Warm", "min": 1, "max": 40}, {"name": "Hot", "min": 41}]

# Models ------------------------------------------------------------------------------------------------------------


def clause(name: str, operator: str, *values: Any) -> dict[str, Any]:
    return {"field": name, "operator": operator, "values": list(values)}


def model(seed: int, rules: int = 10) -> dict[str, Any]:
    """Return a model whose rules ask for every frequency, with and without windows, and for attributes."""
    random = Random(f"model-{seed}")
    made = [
        {"id": f"r{at}", "points": random.choice((-20, -5, 5, 10, 40)), "conditions": _conditions(random, at)}
        for at in range(rules)
    ]
    return {"name": "Oracle", "sales_ready_score": 100, "rules": made, "grades": GRADES}


def _conditions(random: Random, at: int) -> list[dict[str, Any]]:
    frequency = ("each", "at_least", "none", None, "at_least")[at % 5]
    deeds = [_deed(random, frequency)] if frequency else []
    deeds += [_deed(random, random.choice(("at_least", "none")))] if frequency and random.random() < 0.2 else []
    return [*deeds, *([_record(random)] if not deeds or random.random() < 0.3 else [])]


def _deed(random: Random, frequency: str) -> dict[str, Any]:
    deed: dict[str, Any] = {"entity": random.choice(TYPES), "frequency": frequency}
    if frequency == "at_least":
        deed["times"] = random.randint(1, 5)
    if random.random() < 0.7:
        deed["within"] = random.choice(tuple(LENGTHS))
    if random.random() < 0.5:
        operator, value = random.choice(("equals", "not_equals")), random.choice(EMAILS[:-1])
        deed["where"] = [clause("email_id", operator, value)]
    deed["include_machine"] = random.random() < 0.2
    return deed


def _record(random: Random) -> dict[str, Any]:
    asked = random.choice(
        (
            ("contact", clause("city", "equals", random.choice(("london", "Łódź")))),
            ("contact", clause("city", "not_equals", "Paris")),
            ("contact", clause("country", "in", "England", "Ohio")),
            ("contact", clause("country", "is_missing")),
            ("lead", clause("budget", "at_least", random.choice((1_000, 50_000)))),
            ("lead", clause("budget", "less_than", 20_000)),
        )
    )
    return {"entity": asked[0], "where": [asked[1]]}


# Leads -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lead:
    """A random lead, its contact, and what that did."""

    number: int
    city: str | None
    country: str | None
    budget: int | None
    interactions: Sequence[Interaction]

    def facts(self) -> KnownFacts:
        contact = {"city": self.city, "country": self.country}
        return KnownFacts.of({"contact": [contact], "lead": [{"budget": self.budget}]}, self.interactions)


def lead(seed: int, number: int) -> Lead:
    random = Random(f"{seed}-{number}")
    done = [_interaction(random, f"{number}-{each}") for each in range(random.randint(0, MOST))]
    budget = random.choice((None, 500, 1_000, 19_999, 20_000, 60_000))
    return Lead(number, random.choice(CITIES), random.choice(COUNTRIES), budget, done)


def _interaction(random: Random, identity: str) -> Interaction:
    """Now and then exactly at the edge of a window, or in the future (decision 7)."""
    at = NOW - timedelta(minutes=random.randint(-4_000, 600_000))
    if random.random() < 0.1:
        at = NOW - random.choice((30 * DAY, 7 * DAY, timedelta(hours=36), 31 * DAY, 28 * DAY, 365 * DAY, 0 * DAY))
    attributes = {"email_id": random.choice(EMAILS), "page_id": random.choice(PAGES)}
    verdict = Verdict.MACHINE if random.random() < 0.1 else Verdict.HUMAN
    return Interaction(identity, random.choice(TYPES), at, attributes, verdict)


# SQL ---------------------------------------------------------------------------------------------------------------


def query(document: Mapping[str, Any]) -> str:
    """Return a query that gives every lead, in order, what each rule gives, the score, and the grade."""
    counts: list[str] = []
    rules = [f"{_points(rule, counts)} AS {rule['id']}" for rule in document["rules"]]
    total = " + ".join(rule["id"] for rule in document["rules"])
    counted = ", ".join(["lead", *(f"count(*) FILTER (WHERE {asked}) AS c{at}" for at, asked in enumerate(counts))])
    grades = " ".join(f"WHEN score >= {each.get('min', -(10**9))} THEN '{each['name']}'" for each in reversed(GRADES))
    return f"""
        WITH counted AS (SELECT {counted} FROM facts GROUP BY lead),
        given AS (SELECT leads.number, {", ".join(rules)} FROM leads LEFT JOIN counted ON counted.lead = leads.number),
        summed AS (SELECT *, {total} AS score FROM given)
        SELECT *, CASE {grades} END AS grade FROM summed ORDER BY number
    """


def _points(rule: Mapping[str, Any], counts: list[str]) -> str:
    factors = [_factor(condition, counts) for condition in rule["conditions"]]
    return " * ".join([str(rule["points"]), *factors])


def _factor(condition: Mapping[str, Any], counts: list[str]) -> str:
    if "frequency" not in condition:
        asked = " AND ".join(_said(condition["entity"], each) for each in condition["where"])
        return f"CASE WHEN {asked} THEN 1 ELSE 0 END"
    counts.append(_counting(condition))
    count = f"coalesce(c{len(counts) - 1}, 0)"
    if condition["frequency"] == "each":
        return count
    needed = "= 0" if condition["frequency"] == "none" else f">= {condition['times']}"
    return f"CASE WHEN {count} {needed} THEN 1 ELSE 0 END"


def _counting(condition: Mapping[str, Any]) -> str:
    now = f"TIMESTAMP '{NOW:%Y-%m-%d %H:%M:%S}'"
    asked = [f"type = '{condition['entity']}'", f"done_at <= {now}"]
    if "within" in condition:
        asked.append(f"done_at + INTERVAL {LENGTHS[condition['within']]} > {now}")
    if not condition["include_machine"]:
        asked.append("NOT machine")
    return " AND ".join([*asked, *(_said("facts", each) for each in condition.get("where", ()))])


def _said(entity: str, asked: Mapping[str, Any]) -> str:
    """Positive operators deny what is absent, negative ones hold for it (decision 3); case does not matter."""
    column = {"contact": "leads.", "lead": "leads."}.get(entity, "") + asked["field"]
    values = [f"lower('{each}')" if isinstance(each, str) else str(each) for each in asked["values"]]
    text = f"lower({column})" if values and values[0].startswith("lower") else column
    return {
        "equals": lambda: f"coalesce({text} = {values[0]}, false)",
        "not_equals": lambda: f"coalesce({text} <> {values[0]}, true)",
        "in": lambda: f"coalesce({text} IN ({', '.join(values)}), false)",
        "is_missing": lambda: f"{column} IS NULL",
        "at_least": lambda: f"coalesce({column} >= {values[0]}, false)",
        "less_than": lambda: f"coalesce({column} < {values[0]}, false)",
    }[asked["operator"]]()


# Both --------------------------------------------------------------------------------------------------------------


@dataclass
class Compared:
    """Where the two differ, the processor's time that each took, and how many leads and facts there were."""

    leads: int
    interactions: int = 0
    different: list[tuple[Any, ...]] = field(default_factory=list)
    grades: set[str | None] = field(default_factory=set)
    engine_seconds: float = 0.0
    sql_seconds: float = 0.0


def compare(seed: int, leads: int, home: Path) -> Compared:
    """Score random leads by the engine and by SQL."""
    document = model(seed)
    compared = Compared(leads)
    ours = list(_by_engine(document, seed, compared, home))
    theirs = _by_sql(document, compared, home)
    compared.different = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    compared.grades = {row[-1] for row in theirs}
    return compared


def _by_engine(document: Mapping[str, Any], seed: int, compared: Compared, home: Path) -> Iterator[tuple[Any, ...]]:
    compiled = compile_model(ScoringModel.model_validate(document), CATALOGUE)
    with (home / "leads.csv").open("w", newline="") as leads, (home / "facts.csv").open("w", newline="") as facts:
        rows, events = csv.writer(leads), csv.writer(facts)
        for number in range(compared.leads):
            made = lead(seed, number)
            rows.writerow((number, made.city, made.country, made.budget))
            events.writerows(_written(number, each) for each in made.interactions)
            compared.interactions += len(made.interactions)
            known = made.facts()
            began = process_time()
            found = score(compiled, known, NOW)
            compared.engine_seconds += process_time() - began
            given = {each.rule_id: each.points for each in found.contributions}
            yield (number, *(given.get(rule.id, 0) for rule in compiled.rules), found.score, found.grade)


def _written(number: int, fact: Interaction) -> tuple[Any, ...]:
    return (
        number,
        fact.type,
        fact.attributes["email_id"],
        fact.verdict is Verdict.MACHINE,
        fact.at.replace(tzinfo=None),
    )


def _by_sql(document: Mapping[str, Any], compared: Compared, home: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        database.execute("SET threads = 1")
        database.execute(
            "CREATE TABLE leads AS SELECT * FROM read_csv(?, header = false, nullstr = '', columns = "
            "{'number': 'INTEGER', 'city': 'VARCHAR', 'country': 'VARCHAR', 'budget': 'INTEGER'})",
            [str(home / "leads.csv")],
        )
        database.execute(
            "CREATE TABLE facts AS SELECT * FROM read_csv(?, header = false, nullstr = '', columns = "
            "{'lead': 'INTEGER', 'type': 'VARCHAR', 'email_id': 'VARCHAR', 'machine': 'BOOLEAN',"
            " 'done_at': 'TIMESTAMP'})",
            [str(home / "facts.csv")],
        )
        began = process_time()
        found = database.execute(query(document)).fetchall()
        compared.sql_seconds = process_time() - began
    return found
